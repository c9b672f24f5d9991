/* In and out, and one command at a time. */
#include "vc_plug.h"

#include "mem.h"
#include "secret.h"
#include "vc_apps.h"
#include "vc_replay.h"

#include <time.h>

int64_t vc_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- a card as a source ----------------------------------------------------
 */

static uk_bytes card_transmit(void *card, uk_bytes command)
{
	return vc_card_transmit(card, command);
}

static void card_reset(void *card)
{
	vc_card_reset(card);
}

static uk_bytes card_atr(const void *card)
{
	(void)card;
	return vc_card_atr();
}

static void card_close(void *arg)
{
	struct vc_card *card = arg;

	vc_card_close(&card);
}

static const struct vc_source_ops card_ops = {
	.transmit = card_transmit,
	.reset = card_reset,
	.atr = card_atr,
	.close = card_close,
};

/* --- opening ---------------------------------------------------------------
 */

static void close_source(struct vc_plug *plug)
{
	if (plug->source.ops != NULL)
		plug->source.ops->close(plug->source.arg);
	plug->source = (struct vc_source){ NULL, NULL };
}

/* Takes over the source, also on failure. */
static uk_err open_plug(const struct vc_slot_option *slot,
    struct vc_source source, struct vc_plug **out)
{
	struct vc_plug *plug = uk_new(sizeof(*plug));
	uk_err err = uk_ok();

	*out = NULL;
	if (plug == NULL) {
		source.ops->close(source.arg);
		return uk_fail(UK_ERR_MEMORY);
	}
	plug->source = source;
	plug->inserted = true;
	plug->answer = UK_BUF(plug->answer_bytes);
	/* Another program that serves the same slot later is another card. */
	plug->events = (uint32_t)(vc_now_ns() >> 10);
	vc_front_init(&plug->front, &slot->look);
	plug->faults = slot->faults;
	if (slot->transcript != NULL)
		err = vc_transcript_open(&plug->transcript, slot->transcript,
		    slot->redact, vc_plug_atr(plug));
	if (uk_is_ok(err))
		*out = plug;
	else
		vc_plug_close(&plug);
	return err;
}

uk_err vc_plug_hold(const struct vc_slot_option *slot, struct vc_card **card,
    struct vc_plug **out)
{
	struct vc_source source = { &card_ops, *card };

	*card = NULL;
	return open_plug(slot, source, out);
}

uk_err vc_plug_open(const struct vc_slot_option *slot, struct vc_plug **out)
{
	struct vc_card *card = NULL;

	*out = NULL;
	UK_TRY(vc_apps_open(slot->card, VC_STORE_WRITE, &card));
	return vc_plug_hold(slot, &card, out);
}

uk_err vc_plug_replay(const struct vc_slot_option *slot, struct vc_plug **out)
{
	struct vc_source source;

	*out = NULL;
	UK_TRY(vc_replay_open(slot->card, &source));
	return open_plug(slot, source, out);
}

void vc_plug_close(struct vc_plug **plug)
{
	struct vc_plug *p = *plug;

	*plug = NULL;
	if (p == NULL)
		return;
	vc_transcript_close(&p->transcript);
	close_source(p);
	vc_front_reset(&p->front);
	uk_wipe(p->answer_bytes, p->answer.len);
	uk_free(p);
}

/* --- the contacts ----------------------------------------------------------
 */

uk_bytes vc_plug_atr(struct vc_plug *plug)
{
	const struct vc_source *s = &plug->source;

	return vc_front_atr(
	    &plug->front, s->ops == NULL ? vc_card_atr() : s->ops->atr(s->arg));
}

const char *vc_plug_why(const struct vc_plug *plug)
{
	const struct vc_source *s = &plug->source;

	return s->ops == NULL || s->ops->why == NULL ? NULL
						     : s->ops->why(s->arg);
}

static void finish(struct vc_plug *plug, enum vc_outcome outcome)
{
	vc_deliver_fn *deliver = plug->deliver;

	plug->deliver = NULL;
	if (deliver != NULL)
		deliver(plug->to, outcome,
		    outcome == VC_ANSWERED ? uk_buf_view(&plug->answer)
					   : UK_NONE);
	uk_wipe(plug->answer_bytes, plug->answer.len);
	plug->answer = UK_BUF(plug->answer_bytes);
}

void vc_plug_reset(struct vc_plug *plug)
{
	vc_front_reset(&plug->front);
	if (plug->source.ops != NULL)
		plug->source.ops->reset(plug->source.arg);
	plug->resets++;
}

void vc_plug_insert(struct vc_plug *plug)
{
	if (plug->inserted || plug->source.ops == NULL)
		return;
	plug->inserted = true;
	plug->events++;
}

void vc_plug_pull(struct vc_plug *plug)
{
	if (!plug->inserted)
		return;
	plug->inserted = false;
	plug->events++;
	vc_faults_drop(&plug->faults, VC_FAULT_REMOVE);
	finish(plug, VC_PULLED);
	vc_plug_reset(plug);
}

uk_err vc_plug_swap(struct vc_plug *plug, const char *path)
{
	struct vc_card *card = NULL;

	vc_plug_pull(plug);
	close_source(plug); /* it may be the same file */
	UK_TRY(vc_apps_open(path, VC_STORE_WRITE, &card));
	plug->source = (struct vc_source){ &card_ops, card };
	vc_plug_insert(plug);
	return uk_ok();
}

void vc_plug_forget(struct vc_plug *plug, const void *to)
{
	if (plug->deliver == NULL || plug->to != to)
		return;
	plug->deliver = NULL;
	finish(plug, VC_SILENT);
}

void vc_plug_tick(struct vc_plug *plug, int64_t now_ns)
{
	if (plug->deliver != NULL && plug->due_ns <= now_ns)
		finish(plug, plug->outcome);
}

/* --- commands --------------------------------------------------------------
 */

/* The card at work, in what may be a fault's way: that of its memory. */
static void answer_it(
    struct vc_plug *plug, uk_bytes command, const struct vc_fault *fault)
{
	enum vc_fault_kind kind = fault == NULL ? VC_FAULT_NONE : fault->kind;

	plug->outcome = VC_ANSWERED;
	if (kind == VC_FAULT_STATUS) {
		uk_put_u16(&plug->answer, (uint16_t)fault->number);
		return;
	}
	if (kind == VC_FAULT_TEAR)
		vc_store_cut_power(fault->number);
	uk_put(
	    &plug->answer, vc_front_transmit(&plug->front, command,
			       plug->source.ops->transmit, plug->source.arg));
	if (kind == VC_FAULT_TEAR)
		vc_store_cut_power(0);
	if (fault != NULL)
		vc_fault_spoil(&plug->faults, fault, &plug->answer);
	if (plug->answer.len == 0)
		plug->outcome = VC_SILENT;
}

/* The card is taken away instead of answering. */
static void swallow(
    struct vc_plug *plug, uk_bytes command, const struct vc_fault *fault)
{
	const char *other = fault->kind == VC_FAULT_SWAP ? fault->file : NULL;

	vc_transcript_command(&plug->transcript, '!', command);
	if (other == NULL)
		vc_plug_pull(plug);
	else /* if it cannot be had, the slot stays empty: that is seen */
		UK_IGNORE(vc_plug_swap(plug, other));
}

static void set_due(
    struct vc_plug *plug, uk_bytes command, const struct vc_fault *fault)
{
	int64_t cost = vc_front_cost_ns(
	    &plug->front.look, command, plug->answer.len);

	if (fault != NULL && fault->kind == VC_FAULT_DELAY)
		cost += fault->ns;
	plug->due_ns = cost == 0 ? 0 : vc_now_ns() + cost;
}

static void note(struct vc_plug *plug, uk_bytes command)
{
	bool silent = plug->outcome == VC_SILENT;

	vc_transcript_command(&plug->transcript, silent ? '?' : '>', command);
	if (!silent)
		vc_transcript_answer(
		    &plug->transcript, command, uk_buf_view(&plug->answer));
}

void vc_plug_command(
    struct vc_plug *plug, uk_bytes command, vc_deliver_fn *deliver, void *to)
{
	const struct vc_fault *fault = vc_faults_next(
	    &plug->faults, ++plug->commands, command);
	enum vc_fault_kind kind = fault == NULL ? VC_FAULT_NONE : fault->kind;

	plug->deliver = deliver;
	plug->to = to;
	if (kind == VC_FAULT_REMOVE || kind == VC_FAULT_SWAP) {
		swallow(plug, command, fault);
		return;
	}
	if (kind == VC_FAULT_RESET)
		vc_plug_reset(plug);
	if (kind == VC_FAULT_RESET && plug->tells_resets) {
		finish(plug, VC_WAS_RESET);
		return;
	}
	if (kind != VC_FAULT_MUTE)
		answer_it(plug, command, fault);
	else
		plug->outcome = VC_SILENT;
	if (kind == VC_FAULT_TEAR) {
		swallow(plug, command, fault);
		return;
	}
	set_due(plug, command, fault);
	note(plug, command);
	vc_plug_tick(plug, 0);
}
