/* What cards and persons have answered goes to the host. */
#include "device_impl.h"

#include "mem.h"

enum { SW_MORE = 0x61 };

/* Foreign error language: CCID's, table 6.2-2. */
static uint8_t error_of(uk_err err)
{
	switch (err.code) {
	case UK_ERR_NO_CARD:
	case UK_ERR_CARD_REMOVED:
	case UK_ERR_CARD_MUTE:
	case UK_ERR_TIMEOUT:
		return UK_CCID_E_MUTE;
	case UK_ERR_FORMAT:
		return UK_CCID_E_PROTOCOL;
	default:
		return UK_CCID_E_HARDWARE;
	}
}

/* False: that was for another host, and this one's wish is next. */
static bool done_working(struct trm_device *d, unsigned slot)
{
	struct trm_slot *s = &d->slots[slot];

	s->working = false;
	if (s->power_next)
		trm_power(d, slot);
	return !s->working;
}

void trm_device_powered(
    struct trm_device *d, unsigned slot, uk_err err, uk_bytes atr)
{
	struct trm_slot *s = &d->slots[slot];

	if (!done_working(d, slot) || s->busy != UK_CCID_POWER_ON)
		return;
	(void)trm_end(d, slot);
	s->powered = uk_is_ok(err) && s->present;
	if (s->powered)
		trm_answer(d, slot, UK_CCID_DATA_BLOCK, s->seq,
		    uk_bytes_first(atr, TRM_ATR_MAX));
	else
		trm_fail(d, slot, UK_CCID_DATA_BLOCK, s->seq, error_of(err));
}

/* The signature over the approved text, which may come in parts. */
static void collect(struct trm_device *d, unsigned slot, uk_bytes answer)
{
	struct trm_slot *s = &d->slots[slot];
	uk_buf all = { s->signature, s->signature_n, sizeof(s->signature),
		false };
	uk_bytes sw = uk_bytes_last(answer, 2);

	if (!s->signing || sw.n != 2)
		return;
	uk_put(&all, uk_bytes_first(answer, answer.n - 2));
	s->signature_n = all.len;
	if (!all.bad && sw.p[0] == SW_MORE)
		return;
	s->signing = false;
	if (!all.bad && sw.p[0] == 0x90 && sw.p[1] == 0)
		trm_make_statement(d, slot);
}

void trm_device_transmitted(
    struct trm_device *d, unsigned slot, uk_err err, uk_bytes answer)
{
	struct trm_slot *s = &d->slots[slot];

	if (!done_working(d, slot) ||
	    (s->busy != UK_CCID_XFR_BLOCK && s->busy != UK_CCID_SECURE))
		return;
	(void)trm_end(d, slot);
	if (!uk_is_ok(err)) {
		s->signing = false;
		trm_fail(d, slot, UK_CCID_DATA_BLOCK, s->seq, error_of(err));
		return;
	}
	collect(d, slot, answer);
	trm_answer(d, slot, UK_CCID_DATA_BLOCK, s->seq, answer);
}

static const uint8_t refusals[] = {
	[TRM_NO] = UK_CCID_E_PIN_CANCELLED, [TRM_SILENT] = UK_CCID_E_PIN_TIMEOUT
};

static void use_pin(
    struct trm_device *d, unsigned slot, const uk_pin *old, const uk_pin *fresh)
{
	struct trm_slot *s = &d->slots[slot];
	uint8_t storage[TRM_PIN_COMMAND_MAX];
	uk_buf command = UK_BUF(storage);

	s->asking = false;
	s->working = uk_is_ok(trm_pin_command(&s->wish, old, fresh, &command));
	if (s->working)
		d->ops->transmit(d->arg, slot, uk_buf_view(&command), true);
	else
		trm_give_up(d, slot, 1);
	uk_wipe(storage, sizeof(storage));
}

void trm_device_pin(struct trm_device *d, unsigned slot, enum trm_answer a,
    const uk_pin *old, const uk_pin *fresh)
{
	struct trm_slot *s = &d->slots[slot];

	if (s->busy != UK_CCID_SECURE || !s->asking || a == TRM_GONE)
		return;
	if (a == TRM_YES) {
		use_pin(d, slot, old, fresh);
		return;
	}
	s->asking = false; /* the screen knows */
	trm_give_up(d, slot, refusals[a]);
}

void trm_device_shown(struct trm_device *d, unsigned slot, enum trm_answer a)
{
	struct trm_slot *s = &d->slots[slot];

	if (s->busy != UK_CCID_ESCAPE || !s->asking || a == TRM_GONE)
		return;
	s->asking = false;
	if (a == TRM_YES)
		trm_escape_judged(d, slot, a);
	else
		trm_give_up(d, slot, refusals[a]);
}
