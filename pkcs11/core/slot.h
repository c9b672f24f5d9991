/*
 * A slot is a reader we have seen, and what is in it.
 *
 * Slots are never taken away while the module is initialised: their numbers
 * only grow and belong to a reader's name, so that a program which remembers a
 * number keeps its meaning. What is in a slot comes and goes: at most one card,
 * its objects, the sessions with it and one login.
 *
 * Everything below `lock` is guarded by it, except what is said to be atomic or
 * to belong to the scan. A function that takes a struct p11_slot expects the
 * lock to be held unless it says otherwise.
 */
#ifndef P11_SLOT_H
#define P11_SLOT_H

#include "object.h"
#include "p11lock.h"
#include "session.h"
#include "source.h"

#include "crypto.h"

#include <stdatomic.h>

enum p11_verdict {
	P11_EMPTY,   /* no card, or no reader any more */
	P11_UNREAD,  /* a card, but it could not be asked yet: ask again */
	P11_FOREIGN, /* a card that is not ours; not asked again */
	P11_OURS
};

enum p11_login { P11_PUBLIC, P11_USER, P11_SO };

struct p11_slot {
	struct p11_lock lock;
	CK_SLOT_ID id;
	char reader[UK_READER_NAME_MAX];
	_Atomic int verdict; /* enum p11_verdict; read without the lock */

	/* the scan's own (scan.c): what it saw last */
	bool attached, present;
	uint32_t events;
	/* of the module lock: C_WaitForSlotEvent has not told this yet */
	bool event;

	uk_pcsc *pcsc;  /* own connection to the service, or NULL */
	uk_link *trace; /* borrowed from ch: counts commands, or NULL */
	uk_channel *ch;
	uk_card *card; /* not NULL when the verdict is P11_OURS */
	bool entering; /* a person types a PIN on the reader: the lock is free,
			* but only what is in memory may be looked at */
	bool lost; /* the card went away during this call: drop it at its end */
	bool reselect; /* another program reset the card or left our application
			*/

	bool challenged; /* the bank's proof for a challenge is awaited */

	uint32_t serials; /* handles given out so far; never reused */
	struct p11_objects objects;
	struct p11_sessions sessions;
	enum p11_login login;
	uk_crypto *crypto; /* opened when the first hash is wanted, or NULL */
};

/* locking: the application's arguments if its callbacks are to be used. */
CK_RV p11_slot_new(const char *reader, CK_SLOT_ID id,
    const CK_C_INITIALIZE_ARGS *locking, struct p11_slot **out);
/* Takes no lock: nobody may use it any more. Accepts NULL. */
void p11_slot_free(struct p11_slot **s);

/* Asks the card what it is: one SELECT per kind we know. Sets the verdict. */
void p11_slot_recognise(struct p11_slot *s);
/* Forgets the card with its objects, sessions and login; verdict becomes v. */
void p11_slot_drop(struct p11_slot *s, enum p11_verdict v);

/* At the end of a call, when nobody looks at an object or session any more:
 * drops a card that was lost, notes that its directory has changed, frees
 * objects that are gone. */
void p11_slot_tidy(struct p11_slot *s);

/* A token that can be used: CKR_OK, CKR_TOKEN_NOT_PRESENT or
 * CKR_TOKEN_NOT_RECOGNIZED. From memory. */
CK_RV p11_slot_token(const struct p11_slot *s);

/* The next handle: grows, is never 0, and names its slot in the low byte. */
CK_ULONG p11_slot_handle(struct p11_slot *s);
enum { P11_SLOTS_MAX = 255 };
static inline CK_SLOT_ID p11_handle_slot(CK_ULONG handle)
{
	return handle & 0xff;
}

/*
 * A card transaction: nobody else talks to the card between begin and end.
 * begin selects the application again if somebody reset the card (the login is
 * gone then). Not CKR_OK: no transaction is open.
 */
CK_RV p11_slot_begin(struct p11_slot *s);
void p11_slot_end(struct p11_slot *s);
/* What an error inside a transaction means for the slot, and its CK_RV: a card
 * that is gone is marked lost, a reset one has lost its login. */
CK_RV p11_slot_failed(struct p11_slot *s, uk_err err);

/* The crypto library, opened on first use. */
CK_RV p11_slot_crypto(struct p11_slot *s, uk_crypto **out);

#endif
