/*
 * Links without a card: one follows a script, one breaks another.
 *
 * They are not allocated through uk_new, so that fail_every_allocation counts
 * the product's allocations only.
 */
#ifndef SCRIPT_LINK_H
#define SCRIPT_LINK_H

#include "transport.h"

/* One exchange: hex text, blanks are skipped. */
struct script_step {
	const char *command; /* exactly these bytes must come; NULL takes any */
	const char *answer; /* data and status word; NULL: the exchange fails */
	enum uk_code failure;
};

/* Fails the running test when another command comes, or one too many. The steps
 * are borrowed and must outlive the link. */
uk_link *script_link(const struct script_step *steps, size_t count);
#define SCRIPT(steps) script_link(steps, sizeof(steps) / sizeof((steps)[0]))

/* The same in a reader that can be asked itself: such a step's command is the
 * control code in four bytes, then the data. An exchange that fails with
 * UK_ERR_UNSUPPORTED is a code the reader does not know. */
uk_link *script_reader(const struct script_step *steps, size_t count);

/* What all scripted links were sent since script_reset, also after closing. */
struct script_log {
	size_t commands;
	size_t controls; /* not among the commands */
	size_t secrets;  /* ... of which were said to be secret */
	size_t begun, ended, closed;
	enum uk_card_fate fate; /* of the last end or close */
};
extern struct script_log script_log;
void script_reset(void);

/* From now on, until script_reset, cards have this answer to reset (borrowed).
 */
void script_atr(const char *hex);

/* The next begin says this, once. */
void script_begin_fails(enum uk_code failure);

/* Takes over *inner. Exchange number nth (1 = the first) and all after it fail:
 * a card that is gone stays gone. 0: never. */
uk_link *broken_link(uk_link **inner, unsigned nth, enum uk_code failure);

/*
 * Runs step(arg, nth) with nth = 1, 2, 3 ... until a run passes untouched; the
 * step puts broken_link(..., nth, failure) in its way. Every run that was
 * touched must answer `failure` and leave no allocation behind. Returns how
 * many exchanges the untouched run made.
 */
unsigned fail_every_exchange(
    uk_err (*step)(void *arg, unsigned nth), void *arg, enum uk_code failure);

#endif
