/* The commands of CCID, chapter 6.1: which there are, when they may be given,
 * and what each begins. */
#include "device_impl.h"

enum { INS_GET_RESPONSE = 0xc0 };

typedef void command_fn(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms);

static void on_power_on(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	struct trm_slot *s = &d->slots[slot];

	trm_forget_card(s);
	trm_begin(d, slot, m, now_ms);
	/* A card may still work for a host that is gone. This one is asked for
	 * more time: pcscd does not try a card twice that has no power. */
	s->power_next = s->working;
	if (!s->power_next)
		trm_power(d, slot);
}

static void on_power_off(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	(void)now_ms;
	trm_forget_card(&d->slots[slot]);
	d->slots[slot].powered = false;
	d->ops->power_off(d->arg, slot);
	trm_answer(d, slot, UK_CCID_SLOT_STATUS, m->seq, UK_NONE);
}

static void on_status(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	(void)now_ms;
	trm_answer(d, slot, UK_CCID_SLOT_STATUS, m->seq, UK_NONE);
}

/* Parameters of T=1 as they are by themselves, 6.2.3: the terminal chooses
 * protocol and speed with the card alone, and these say nothing. */
static void on_parameters(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	static const uint8_t t1[] = { 0x11, 0x10, 0x00, 0x4d, 0x00, 0xfe,
		0x00 };

	(void)now_ms;
	trm_send(
	    d, &(struct uk_ccid){ UK_CCID_PARAMETERS, (uint8_t)slot, m->seq,
		   { trm_card_bits(d, slot), 0, 1 }, UK_ARRAY(t1) });
}

/* 69 85: conditions of use not satisfied; the card has not been asked. */
static void refuse(struct trm_device *d, unsigned slot, uint8_t seq)
{
	static const uint8_t sw[] = { 0x69, 0x85 };

	trm_answer(d, slot, UK_CCID_DATA_BLOCK, seq, UK_ARRAY(sw));
}

/* A GET RESPONSE goes on with the signature that was begun. */
static void follow(struct trm_slot *s, uk_bytes apdu, enum trm_verdict v)
{
	bool more = apdu.n > 1 && apdu.p[1] == INS_GET_RESPONSE;

	if (v == TRM_SIGNS) {
		s->signing = true;
		s->signature_n = 0;
		s->statement_n = 0;
	} else if (!more) {
		s->signing = false;
	}
}

static void on_transfer(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	struct trm_slot *s = &d->slots[slot];
	enum trm_verdict v;

	if (m->data.n < 4) {
		trm_fail(d, slot, UK_CCID_DATA_BLOCK, m->seq, 1);
		return;
	}
	v = trm_gate_check(
	    &s->gate, m->data, d->settings.strict, d->ops->hash, d->arg);
	if (v == TRM_REFUSED) {
		refuse(d, slot, m->seq);
		return;
	}
	follow(s, m->data, v);
	trm_begin(d, slot, m, now_ms);
	s->working = true;
	d->ops->transmit(d->arg, slot, m->data, false);
}

static void on_secure(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	struct trm_slot *s = &d->slots[slot];
	uk_err err = trm_pin_read(m->data, &s->wish);

	if (!d->settings.keypad || !uk_is_ok(err)) {
		trm_fail(d, slot, UK_CCID_DATA_BLOCK, m->seq,
		    uk_is(err, UK_ERR_FORMAT) ? 1 : UK_CCID_E_NOT_SUPPORTED);
		return;
	}
	trm_begin(d, slot, m, now_ms);
	trm_ask(d, slot,
	    s->wish.timeout_s == 0 ? TRM_PIN_SECONDS : s->wish.timeout_s,
	    now_ms);
	d->ops->ask_pin(d->arg, slot, &s->wish);
}

static const struct command {
	uint8_t type, answer;
	bool powered; /* needs a card that has power */
	bool card;    /* needs a card */
	bool idle;    /* that is not working on anything */
	command_fn *run;
} commands[] = {
	{ UK_CCID_POWER_ON, UK_CCID_DATA_BLOCK, false, true, false,
	    on_power_on },
	{ UK_CCID_POWER_OFF, UK_CCID_SLOT_STATUS, false, false, false,
	    on_power_off },
	{ UK_CCID_GET_STATUS, UK_CCID_SLOT_STATUS, false, false, false,
	    on_status },
	{ UK_CCID_XFR_BLOCK, UK_CCID_DATA_BLOCK, true, true, true,
	    on_transfer },
	{ UK_CCID_SECURE, UK_CCID_DATA_BLOCK, true, true, true, on_secure },
	{ UK_CCID_ESCAPE, UK_CCID_ESCAPED, false, false, false, trm_on_escape },
	{ UK_CCID_GET_PARAMETERS, UK_CCID_PARAMETERS, false, true, true,
	    on_parameters },
	{ UK_CCID_SET_PARAMETERS, UK_CCID_PARAMETERS, false, true, true,
	    on_parameters },
	{ UK_CCID_RESET_PARAMETERS, UK_CCID_PARAMETERS, false, true, true,
	    on_parameters },
};

static const struct command *find(uint8_t type)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].type == type)
			return &commands[i];
	}
	return NULL;
}

/* 6.1.13: whatever the slot was doing is given up; a card that works on a
 * command cannot be stopped, and its answer is thrown away. */
static void on_abort(
    struct trm_device *d, unsigned slot, const struct uk_ccid *m)
{
	if (d->slots[slot].asking)
		trm_give_up(d, slot, UK_CCID_E_ABORTED);
	trm_answer(d, slot, UK_CCID_SLOT_STATUS, m->seq, UK_NONE);
}

static void run(struct trm_device *d, const struct command *c,
    const struct uk_ccid *m, int64_t now_ms)
{
	const struct trm_slot *s = &d->slots[m->slot];
	uint8_t error = UK_CCID_E_MUTE;

	if (s->busy != 0 || (c->idle && s->working))
		error = UK_CCID_E_BUSY_SLOT;
	else if ((!c->card || s->present) && (!c->powered || s->powered))
		error = 0;
	if (error != 0)
		trm_fail(d, m->slot, c->answer, m->seq, error);
	else
		c->run(d, m->slot, m, now_ms);
}

void trm_device_message(struct trm_device *d, uk_bytes message, int64_t now_ms)
{
	const struct command *c;
	struct uk_ccid m;

	if (!uk_is_ok(uk_ccid_parse(message, &m)))
		return; /* nothing that could be answered */
	c = find(m.type);
	if (m.slot >= TRM_SLOTS) /* 5: the offset of bSlot */
		trm_fail(d, m.slot, c == NULL ? UK_CCID_SLOT_STATUS : c->answer,
		    m.seq, 5);
	else if (m.type == UK_CCID_ABORT)
		on_abort(d, m.slot, &m);
	else if (c == NULL)
		trm_fail(d, m.slot, UK_CCID_SLOT_STATUS, m.seq,
		    UK_CCID_E_NOT_SUPPORTED);
	else
		run(d, c, &m, now_ms);
}
