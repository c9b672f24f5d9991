/*
 * A reader, the card in it, and the way there.
 *
 * A reader has one slot from the beginning. The first card with several
 * applications gives it more, one for each, in the order of src/card's
 * registry. They stay, like every slot, and are empty while a card with fewer
 * applications is in.
 *
 * All slots of a reader share what is here, and its lock guards them all. One
 * application is selected at a time: selecting another one ends the login of
 * the one before.
 */
#ifndef P11_READER_H
#define P11_READER_H

#include "p11lock.h"
#include "slot.h"

struct p11_reader {
	struct p11_lock lock;
	char name[UK_READER_NAME_MAX];
	struct p11_slot *slots[UK_CARDS_MAX]; /* in order; never taken away */
	size_t slot_count;

	/* the scan's own (scan.c): what it saw last */
	bool attached, present;
	uint32_t events;

	/* p11_reader_recognise_now: which insertion has answered, if that is
	 * certain; the scan may hear of it later */
	bool answered;
	uint32_t answered_events;

	uk_readers *source; /* own connection to readers, or NULL */
	uk_link *trace;     /* borrowed from ch: counts commands, or NULL */
	uk_channel *ch;     /* or NULL: no card that we know */
	const struct p11_slot *selected; /* whose application is; NULL: who
					  * knows */

	/* the transaction; see p11_reader_begin */
	int queue; /* p11_others_open, or -1 */
	bool open;
	unsigned uses;         /* begun and not ended; 0 while it is held */
	uint64_t opened_at;    /* p11_now_ms */
	uint64_t others_until; /* it is the others' turn until then */
	_Atomic uint64_t release_at; /* while it is held: until then; else 0 */
	struct p11_slot *consent; /* whose card holds a consent that is not used
				   * yet, or NULL */

	bool entering; /* a person types a PIN on the reader: the lock is free,
			* but only what is in memory may be looked at */
	bool lost; /* the card went away during this call: drop it at its end */
};

/* locking: the application's arguments if its callbacks are to be used. */
CK_RV p11_reader_new(const char *name, const CK_C_INITIALIZE_ARGS *locking,
    struct p11_reader **out);
/* At the end of the host: what C_Finalize would do, if nobody is inside. */
void p11_reader_leave(struct p11_reader *r);
/* With its slots. Takes no lock: nobody may use it any more. Accepts NULL. */
void p11_reader_free(struct p11_reader **r);

/* There is a card, but it could not be asked yet. */
static inline bool p11_reader_unread(const struct p11_reader *r)
{
	return atomic_load(&r->slots[0]->verdict) == P11_UNREAD;
}

/* Asks the card what it is, with at most three commands and what its
 * applications need. Sets the verdicts; may make slots. */
void p11_reader_recognise(struct p11_reader *r);
/* The same for whoever cannot wait for the scan. */
void p11_reader_recognise_now(struct p11_reader *r);
/* Forgets the card with all its objects, sessions and logins; the verdict of
 * the first slot becomes v, that of the others P11_EMPTY. */
void p11_reader_drop(struct p11_reader *r, enum p11_verdict v);

/*
 * Nobody else talks to the card between begin and end, which nest. All slots
 * are told when somebody had reset it.
 *
 * The end of the last one does not let others in at once: the transaction is
 * held for a moment (p11config.h), in case more is to come, and for some
 * seconds if a consent waits for its signature. A burst is interrupted after a
 * while, for long enough that others get their turn.
 */
UK_RESULT p11_reader_begin(struct p11_reader *r);
void p11_reader_end(struct p11_reader *r);
/* Somebody has reset the card: no application is selected, nobody is logged in,
 * and a transaction that is only held is not worth holding: the way to the card
 * is good again after the next begin. */
void p11_reader_was_reset(struct p11_reader *r);
/* Ends it with a reset: whatever was open on the card is not. */
void p11_reader_end_reset(struct p11_reader *r);
/* Lets others in now, unless it is in use. A consent is taken back first. */
void p11_reader_release(struct p11_reader *r);

#endif
