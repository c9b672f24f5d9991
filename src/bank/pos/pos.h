/*
 * Payment cards at terminals, the issuer's and the platform's side (system D).
 *
 * A terminal's owner registers with an e-mail address, a password and the
 * account that gets the money (users.h), asks for a reader, which the bank
 * prepares with keys of its own (readers.h), and finds the orders that wait to
 * be paid (pos_orders.h). A card's cryptogram over amount and order is checked
 * with the issuer's keys (cards.h, issuer.h) and money is set aside in the
 * card's account (authorise.c); when the card has agreed to the issuer's
 * answer it moves to the owner, and else it is free again (complete.c).
 * Every step is one transaction of the database, and repeated it answers the
 * same. No HTTP, no clock: `now` is the caller's.
 */
#ifndef BANK_POS_H
#define BANK_POS_H

#include "password.h"
#include "proto.h"
#include "store.h"
#include "vault.h"

struct bank_pos_rules {
	struct bank_password_cost password;
	int64_t complete_seconds; /* a card's last word must come by then */
	int64_t order_attempts;   /* refused cards until an order is closed */
	int64_t no_pin_amount;    /* up to this, cards with a PIN need none */
};

struct bank_pos { /* all borrowed */
	uk_crypto *crypto;
	struct bank_store *store;
	struct bank_vault *vault;
	struct bank_pos_rules rules;
};

/* The translation of failures of the machine. */
static inline enum bank_code bank_pos_code(uk_err err)
{
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

#endif
