/*
 * A card at the contacts of a reader, whichever reader that is: it is put in
 * and pulled out, powered, reset, and answers one command at a time, through
 * what makes it look and fail as it is wished to (vc_front.h, vc_fault.h).
 *
 * An answer may come later than the command (a slow card), so it is delivered:
 * at once, or by vc_plug_tick when it is due.
 */
#ifndef VC_PLUG_H
#define VC_PLUG_H

#include "vc_card.h"
#include "vc_options.h"
#include "vc_source.h"
#include "vc_transcript.h"

enum vc_outcome {
	VC_ANSWERED,
	VC_PULLED,   /* the card went away instead of answering */
	VC_SILENT,   /* it stays in its slot and says nothing */
	VC_WAS_RESET /* by somebody else; the command was not run. Only for
		      * readers that can tell that (tells_resets) */
};

/* answer: a view, good until this returns; empty unless VC_ANSWERED. */
typedef void vc_deliver_fn(void *to, enum vc_outcome outcome, uk_bytes answer);

struct vc_plug {
	struct vc_source source;
	struct vc_front front;
	struct vc_faults faults;
	struct vc_transcript transcript;
	bool tells_resets;      /* its reader does */
	bool inserted;          /* by whoever has it in hand */
	uint32_t events;        /* insertions and removals, from any number */
	uint32_t resets;        /* and power cycles */
	unsigned long commands; /* answered or swallowed since the start */
	/* the answer that is not yet due; deliver NULL: none */
	vc_deliver_fn *deliver;
	void *to;
	enum vc_outcome outcome;
	uk_buf answer;
	int64_t due_ns; /* CLOCK_MONOTONIC */
	uint8_t answer_bytes[UK_RESPONSE_MAX];
};

/* Opens the card's file, in the slot. */
UK_RESULT vc_plug_open(const struct vc_slot_option *slot, struct vc_plug **out);
/* The same with a card that is open: takes it over (left NULL on success). */
UK_RESULT vc_plug_hold(const struct vc_slot_option *slot, struct vc_card **card,
    struct vc_plug **out);
/* The same with a transcript instead of a card (vc_replay.h). */
UK_RESULT vc_plug_replay(
    const struct vc_slot_option *slot, struct vc_plug **out);
void vc_plug_close(struct vc_plug **plug);

void vc_plug_insert(struct vc_plug *plug);
/* Off the contacts: the card forgets everything that power held, and a command
 * that is at work ends with VC_PULLED. */
void vc_plug_pull(struct vc_plug *plug);
/* Power off and on, by its reader or by somebody else. */
void vc_plug_reset(struct vc_plug *plug);
/* Pulls it and puts this card in its place. On failure the slot is empty. */
UK_RESULT vc_plug_swap(struct vc_plug *plug, const char *card);
/* Why it is good for nothing more; NULL: it is not. */
const char *vc_plug_why(const struct vc_plug *plug);

uk_bytes vc_plug_atr(struct vc_plug *plug);
/* Not while one is at work (vc_plug_busy). */
void vc_plug_command(
    struct vc_plug *plug, uk_bytes command, vc_deliver_fn *deliver, void *to);
static inline bool vc_plug_busy(const struct vc_plug *plug)
{
	return plug->deliver != NULL;
}
/* Nobody waits for the answer any more. */
void vc_plug_forget(struct vc_plug *plug, const void *to);
/* Delivers what is due. */
void vc_plug_tick(struct vc_plug *plug, int64_t now_ns);

int64_t vc_now_ns(void); /* CLOCK_MONOTONIC */

#endif
