/*
 * A slot is a reader we have seen, and an application of the card in it.
 *
 * Slots are never taken away while the module is initialised: their numbers
 * only grow and belong to a reader's name, so that a program which remembers a
 * number keeps its meaning. What is in a slot comes and goes: at most one
 * application, its objects, the sessions with it and one login. A reader has
 * more than one slot once it has seen a card with several applications.
 *
 * Everything in a slot is guarded by its reader's lock, except what is said to
 * be atomic or to belong to the module. A function that takes a struct p11_slot
 * expects that lock to be held unless it says otherwise.
 */
#ifndef P11_SLOT_H
#define P11_SLOT_H

#include "object.h"
#include "session.h"
#include "source.h"

#include "crypto.h"

#include <stdatomic.h>

enum p11_verdict {
	P11_EMPTY,   /* no card, no such application, or no reader any more */
	P11_UNREAD,  /* a card, but it could not be asked yet: ask again */
	P11_FOREIGN, /* a card that is not ours; not asked again */
	P11_OURS
};

enum p11_login { P11_PUBLIC, P11_USER, P11_SO };

struct p11_reader;

struct p11_slot {
	struct p11_reader *reader; /* borrowed; never changes */
	CK_SLOT_ID id;
	_Atomic int verdict; /* enum p11_verdict; read without the lock */
	/* of the module lock: C_WaitForSlotEvent has not told this yet */
	bool event;

	uk_card *card; /* not NULL when the verdict is P11_OURS */
	bool reselect; /* another program reset the card or left our application
			*/

	uint32_t proved; /* uk_channel_turn in which the card was last known to
			  * be as we know it; 0 = never */

	uint32_t cards; /* grows when one is forgotten */

	bool challenged; /* the bank's proof for a challenge is awaited */

	uint32_t serials; /* handles given out so far; never reused */
	struct p11_objects objects;
	struct p11_sessions sessions;
	enum p11_login login;
	int others; /* p11_others_open of this card while a user is logged in,
		     * or -1 */
	uk_crypto *crypto; /* opened when the first hash is wanted, or NULL */
};

/* NULL without memory. Not yet among its reader's. */
struct p11_slot *p11_slot_new(struct p11_reader *reader);
/* Takes no lock: nobody may use it any more. Accepts NULL. */
void p11_slot_free(struct p11_slot **s);
/* Forgets objects, sessions and login, without a word to the card. */
void p11_slot_clear(struct p11_slot *s);

/* At the end of a call, when nobody looks at an object or session any more:
 * drops a card that was lost, notes that its directory has changed, frees
 * objects that are gone. */
void p11_slot_tidy(struct p11_slot *s);

/* A token that can be used: CKR_OK, CKR_TOKEN_NOT_PRESENT or
 * CKR_TOKEN_NOT_RECOGNIZED. From memory. */
CK_RV p11_slot_token(const struct p11_slot *s);

/* Whoever may use and change the objects is logged in: the user, and on some
 * kinds of card the SO. */
static inline bool p11_slot_owner_in(const struct p11_slot *s)
{
	return s->login == P11_USER ||
	       (s->login == P11_SO && s->card->info.so_changes);
}

/* The next handle: grows, is never 0, and names its slot in the low byte. */
CK_ULONG p11_slot_handle(struct p11_slot *s);
enum { P11_SLOTS_MAX = 255 };
static inline CK_SLOT_ID p11_handle_slot(CK_ULONG handle)
{
	return handle & 0xff;
}

/*
 * A card transaction: nobody else talks to the card between begin and end.
 * begin selects the application again if somebody reset the card or another
 * slot's was selected (that slot's login is gone then, and in the first case
 * this one's). Not CKR_OK: no transaction is open.
 */
CK_RV p11_slot_begin(struct p11_slot *s);
void p11_slot_end(struct p11_slot *s);
/* Within one: makes sure that the application is selected and learns what other
 * programs have done to it since our last transaction; at most one command, and
 * none if nobody can have. The logins are as the card keeps them. Not CKR_OK:
 * the transaction has ended. */
CK_RV p11_slot_prove(struct p11_slot *s);
/* What an error inside a transaction means for the slot, and its CK_RV: a card
 * that is gone is marked lost, a reset one has lost its login. */
CK_RV p11_slot_failed(struct p11_slot *s, uk_err err);

/* Is rv what p11_slot_failed made of a reset, of an answer that did not come,
 * or of another application's? Where no login was lost with it, everything may
 * be asked once more. */
bool p11_slot_may_ask_again(const struct p11_slot *s, CK_RV rv);

/* The crypto library, opened on first use. */
CK_RV p11_slot_crypto(struct p11_slot *s, uk_crypto **out);

#endif
