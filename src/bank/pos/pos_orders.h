/*
 * Orders that wait to be paid at a terminal, and what became of them.
 *
 * pending: to be paid. authorised: a card's cryptogram was good and its money
 * is set aside until the card's last word. completed: the money is the
 * owner's. reversed: it is the card's again, since the card declined or did not
 * answer in time. refused: too many cards were declined, or the merchant's
 * order (bank/shop) that it pays has come to its end otherwise. An order is
 * bound to a card's cryptogram by its unpredictable number, which is made of
 * the order (bank_pos_number).
 */
#ifndef BANK_POS_ORDERS_H
#define BANK_POS_ORDERS_H

#include "customers.h"
#include "emv.h"
#include "pos.h"

enum {
	BANK_POS_MERCHANT_MAX = 64,
	BANK_POS_GOODS_MAX = 512,
	BANK_POS_TERMS_MAX = 512,
	BANK_POS_CHALLENGE = 16,
	BANK_POS_LIST_MAX = 100
};
#define BANK_POS_AMOUNT_MAX INT64_C(999999999999) /* n12 */

/* As stored; names in bank_pos_state_name. */
enum bank_pos_state {
	BANK_POS_PENDING = 1,
	BANK_POS_AUTHORISED = 2,
	BANK_POS_COMPLETED = 3,
	BANK_POS_REVERSED = 4,
	BANK_POS_REFUSED = 5,
	BANK_POS_DECLINED = 6 /* of a payment, not of an order */
};
const char *bank_pos_state_name(enum bank_pos_state s);

struct bank_pos_order {
	int64_t id, owner, account; /* account: settlement */
	char number[BANK_ORDER_NUMBER_MAX + 1];
	char merchant[BANK_POS_MERCHANT_MAX + 1];
	char goods[BANK_POS_GOODS_MAX + 1], terms[BANK_POS_TERMS_MAX + 1];
	char currency[BANK_CURRENCY_LEN + 1];
	int64_t amount, created, expires, attempts;
	int64_t bill; /* the merchant's order that it pays; 0: none */
	char merchant_order[BANK_ORDER_NUMBER_MAX + 1]; /* "": none */
	enum bank_pos_state state;
	uint8_t challenge[BANK_POS_CHALLENGE];
};

struct bank_pos_new_order {
	int64_t owner;
	uk_bytes number, merchant, goods, terms, currency;
	int64_t amount, expires;
	int64_t bill; /* 0: none */
};
/* Again with the same content it is the same order. BANK_ORDER_CONFLICT: the
 * number names another one; BANK_MALFORMED; BANK_AMOUNT; BANK_ACCOUNT: the
 * owner's account has another currency. */
enum bank_code bank_pos_order_make(
    struct bank_pos *p, const struct bank_pos_new_order *n, int64_t now);

/* The same inside a transaction of the caller's, for a bill that is new. */
enum bank_code bank_pos_order_add(
    struct bank_pos *p, const struct bank_pos_new_order *n, int64_t now);
/* Whose terminal settles to this account: the one with this e-mail address, or
 * with none ("") the only one. UK_ERR_NOT_FOUND; UK_ERR_CONDITIONS: which? */
UK_RESULT bank_pos_owner_of(
    struct bank_pos *p, int64_t account, uk_bytes email, int64_t *owner);

/* BANK_NOT_FOUND, also for somebody else's. */
enum bank_code bank_pos_order_find(struct bank_pos *p, int64_t owner,
    uk_bytes number, struct bank_pos_order *out);
typedef void bank_pos_order_fn(void *arg, const struct bank_pos_order *o);
/* What can be paid now, oldest first, at most BANK_POS_LIST_MAX. */
UK_RESULT bank_pos_orders_each(struct bank_pos *p, int64_t owner, int64_t now,
    bank_pos_order_fn *fn, void *arg);

/* 9F37 for this order: the first four bytes of SHA-256 of the context "ukey pos
 * order 1", challenge, amount (8 bytes), currency and number. The challenge is
 * random, so nobody knows it before the order is there. */
UK_RESULT bank_pos_number(
    uk_crypto *c, const struct bank_pos_order *o, uint8_t un[4]);
/* ISO 4217 number: 156 for CNY; 0 if we do not know it. */
unsigned bank_pos_currency(const char *code);

#endif
