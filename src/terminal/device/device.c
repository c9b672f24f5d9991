/* A reader with two slots: its answers, what each slot is busy with, and what
 * happens without a command: cards, hosts and time. */
#include "device_impl.h"

#include "mem.h"

/* --- answers ------------------------------------------------------------- */

uint8_t trm_card_bits(const struct trm_device *d, unsigned slot)
{
	if (slot >= TRM_SLOTS || !d->slots[slot].present)
		return UK_CCID_NO_CARD;
	return d->slots[slot].powered ? UK_CCID_ACTIVE : UK_CCID_INACTIVE;
}

void trm_send(struct trm_device *d, const struct uk_ccid *m)
{
	uk_buf out = UK_BUF(d->out);

	uk_ccid_put(&out, m);
	if (!out.bad)
		d->ops->send(d->arg, uk_buf_view(&out));
	uk_wipe(d->out, out.len);
}

void trm_answer(struct trm_device *d, unsigned slot, uint8_t type, uint8_t seq,
    uk_bytes data)
{
	trm_send(d, &(struct uk_ccid){ type, (uint8_t)slot, seq,
			{ trm_card_bits(d, slot), 0, 0 }, data });
}

void trm_fail(struct trm_device *d, unsigned slot, uint8_t type, uint8_t seq,
    uint8_t error)
{
	trm_send(d, &(struct uk_ccid){ type, (uint8_t)slot, seq,
			{ (uint8_t)(trm_card_bits(d, slot) | UK_CCID_FAILED),
			    error, 0 },
			UK_NONE });
}

/* --- what a slot is busy with -------------------------------------------- */

void trm_begin(struct trm_device *d, unsigned slot, const struct uk_ccid *m,
    int64_t now_ms)
{
	struct trm_slot *s = &d->slots[slot];

	s->busy = m->type;
	s->seq = m->seq;
	s->more_time = now_ms + TRM_MORE_TIME_MS;
}

void trm_power(struct trm_device *d, unsigned slot)
{
	d->slots[slot].power_next = false;
	d->slots[slot].working = true;
	d->ops->power(d->arg, slot);
}

uint8_t trm_end(struct trm_device *d, unsigned slot)
{
	uint8_t was = d->slots[slot].busy;

	d->slots[slot].busy = 0;
	d->slots[slot].power_next = false;
	d->slots[slot].asking = false;
	return was;
}

void trm_ask(
    struct trm_device *d, unsigned slot, unsigned seconds, int64_t now_ms)
{
	d->slots[slot].asking = true;
	d->slots[slot].give_up = now_ms + (int64_t)seconds * 1000;
}

static uint8_t answer_type(uint8_t busy)
{
	return busy == UK_CCID_ESCAPE ? UK_CCID_ESCAPED : UK_CCID_DATA_BLOCK;
}

/* Ends a command of the host's from our side. */
void trm_give_up(struct trm_device *d, unsigned slot, uint8_t error)
{
	struct trm_slot *s = &d->slots[slot];
	uint8_t seq = s->seq, was;

	if (s->asking)
		d->ops->dismiss(d->arg, slot);
	was = trm_end(d, slot);
	if (was != 0)
		trm_fail(d, slot, answer_type(was), seq, error);
}

void trm_forget_card(struct trm_slot *s)
{
	trm_gate_forget(&s->gate);
	s->gate.algorithm = 0;
	s->signing = false;
	s->statement_n = 0;
}

/* --- cards, hosts and time ----------------------------------------------- */

void trm_device_card(struct trm_device *d, unsigned slot, bool present)
{
	struct trm_slot *s = &d->slots[slot];
	struct uk_ccid_slots change = { 0, (uint8_t)(1u << slot) };
	uint8_t storage[2];
	uk_buf out = UK_BUF(storage);

	if (s->present == present)
		return;
	s->present = present;
	s->powered = false;
	trm_forget_card(s);
	if (!present)
		trm_give_up(d, slot, UK_CCID_E_MUTE);
	for (unsigned i = 0; i < TRM_SLOTS; i++)
		change.present |= (uint8_t)(d->slots[i].present << i);
	uk_ccid_put_slots(&out, &change);
	d->ops->send(d->arg, uk_buf_view(&out));
}

void trm_device_host_gone(struct trm_device *d)
{
	for (unsigned slot = 0; slot < TRM_SLOTS; slot++) {
		struct trm_slot *s = &d->slots[slot];

		if (s->asking)
			d->ops->dismiss(d->arg, slot);
		(void)trm_end(d, slot);
		trm_forget_card(s);
		if (s->powered)
			d->ops->power_off(d->arg, slot);
		s->powered = false;
	}
}

void trm_device_init(struct trm_device *d,
    const struct trm_device_settings *settings,
    const struct trm_device_ops *ops, void *arg)
{
	*d = (struct trm_device){ .ops = ops, .arg = arg };
	d->settings = *settings;
}

int64_t trm_device_deadline(const struct trm_device *d)
{
	int64_t first = -1;

	for (unsigned slot = 0; slot < TRM_SLOTS; slot++) {
		const struct trm_slot *s = &d->slots[slot];

		if (s->busy == 0)
			continue;
		if (first < 0 || s->more_time < first)
			first = s->more_time;
		if (s->asking && s->give_up < first)
			first = s->give_up;
	}
	return first;
}

static void more_time(struct trm_device *d, unsigned slot, int64_t now_ms)
{
	struct trm_slot *s = &d->slots[slot];

	s->more_time = now_ms + TRM_MORE_TIME_MS;
	trm_send(d,
	    &(struct uk_ccid){ answer_type(s->busy), (uint8_t)slot, s->seq,
		{ (uint8_t)(trm_card_bits(d, slot) | UK_CCID_MORE_TIME), 1, 0 },
		UK_NONE });
}

void trm_device_tick(struct trm_device *d, int64_t now_ms)
{
	for (unsigned slot = 0; slot < TRM_SLOTS; slot++) {
		struct trm_slot *s = &d->slots[slot];

		if (s->busy != 0 && s->asking && now_ms >= s->give_up)
			trm_give_up(d, slot, UK_CCID_E_PIN_TIMEOUT);
		else if (s->busy != 0 && now_ms >= s->more_time)
			more_time(d, slot, now_ms);
	}
}
