/* CCID commands of a reader with two slots. */
#include "device_impl.h"

#include "mem.h"

enum { SW_MORE = 0x61, INS_GET_RESPONSE = 0xc0 };

/* --- answers ------------------------------------------------------------- */

static uint8_t card_bits(const struct trm_device *d, unsigned slot)
{
	if (slot >= TRM_SLOTS || !d->slots[slot].present)
		return UK_CCID_NO_CARD;
	return d->slots[slot].powered ? UK_CCID_ACTIVE : UK_CCID_INACTIVE;
}

static void send(struct trm_device *d, const struct uk_ccid *m)
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
	send(d, &(struct uk_ccid){ type, (uint8_t)slot, seq,
		    { card_bits(d, slot), 0, 0 }, data });
}

void trm_fail(struct trm_device *d, unsigned slot, uint8_t type, uint8_t seq,
    uint8_t error)
{
	send(
	    d, &(struct uk_ccid){ type, (uint8_t)slot, seq,
		   { (uint8_t)(card_bits(d, slot) | UK_CCID_FAILED), error, 0 },
		   UK_NONE });
}

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

/* --- what a slot is busy with -------------------------------------------- */

void trm_begin(struct trm_device *d, unsigned slot, const struct uk_ccid *m,
    int64_t now_ms)
{
	struct trm_slot *s = &d->slots[slot];

	s->busy = m->type;
	s->seq = m->seq;
	s->more_time = now_ms + TRM_MORE_TIME_MS;
}

uint8_t trm_end(struct trm_device *d, unsigned slot)
{
	uint8_t was = d->slots[slot].busy;

	d->slots[slot].busy = 0;
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
static void give_up(struct trm_device *d, unsigned slot, uint8_t error)
{
	struct trm_slot *s = &d->slots[slot];
	uint8_t seq = s->seq, was;

	if (s->asking)
		d->ops->dismiss(d->arg, slot);
	was = trm_end(d, slot);
	if (was != 0)
		trm_fail(d, slot, answer_type(was), seq, error);
}

static void forget_card(struct trm_slot *s)
{
	trm_gate_forget(&s->gate);
	s->gate.algorithm = 0;
	s->signing = false;
	s->statement_n = 0;
}

/* --- commands ------------------------------------------------------------ */

typedef void command_fn(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms);

static void on_power_on(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	forget_card(&d->slots[slot]);
	trm_begin(d, slot, m, now_ms);
	d->slots[slot].working = true;
	d->ops->power(d->arg, slot);
}

static void on_power_off(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, int64_t now_ms)
{
	(void)now_ms;
	forget_card(&d->slots[slot]);
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
	send(d, &(struct uk_ccid){ UK_CCID_PARAMETERS, (uint8_t)slot, m->seq,
		    { card_bits(d, slot), 0, 1 }, UK_ARRAY(t1) });
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
	command_fn *run;
} commands[] = {
	{ UK_CCID_POWER_ON, UK_CCID_DATA_BLOCK, false, true, on_power_on },
	{ UK_CCID_POWER_OFF, UK_CCID_SLOT_STATUS, false, false, on_power_off },
	{ UK_CCID_GET_STATUS, UK_CCID_SLOT_STATUS, false, false, on_status },
	{ UK_CCID_XFR_BLOCK, UK_CCID_DATA_BLOCK, true, true, on_transfer },
	{ UK_CCID_SECURE, UK_CCID_DATA_BLOCK, true, true, on_secure },
	{ UK_CCID_ESCAPE, UK_CCID_ESCAPED, false, false, trm_on_escape },
	{ UK_CCID_GET_PARAMETERS, UK_CCID_PARAMETERS, false, true,
	    on_parameters },
	{ UK_CCID_SET_PARAMETERS, UK_CCID_PARAMETERS, false, true,
	    on_parameters },
	{ UK_CCID_RESET_PARAMETERS, UK_CCID_PARAMETERS, false, true,
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
		give_up(d, slot, UK_CCID_E_ABORTED);
	trm_answer(d, slot, UK_CCID_SLOT_STATUS, m->seq, UK_NONE);
}

static void run(struct trm_device *d, const struct command *c,
    const struct uk_ccid *m, int64_t now_ms)
{
	const struct trm_slot *s = &d->slots[m->slot];
	uint8_t error = UK_CCID_E_MUTE;

	/* A card may still work for a host that is gone. */
	if (s->busy != 0 || (c->card && s->working))
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

/* --- results ------------------------------------------------------------- */

void trm_device_powered(
    struct trm_device *d, unsigned slot, uk_err err, uk_bytes atr)
{
	struct trm_slot *s = &d->slots[slot];

	s->working = false;
	if (s->busy != UK_CCID_POWER_ON)
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

	s->working = false;
	if (s->busy != UK_CCID_XFR_BLOCK && s->busy != UK_CCID_SECURE)
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
		give_up(d, slot, 1);
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
	give_up(d, slot, refusals[a]);
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
		give_up(d, slot, refusals[a]);
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
	forget_card(s);
	if (!present)
		give_up(d, slot, UK_CCID_E_MUTE);
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
		forget_card(s);
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
	send(d, &(struct uk_ccid){ answer_type(s->busy), (uint8_t)slot, s->seq,
		    { (uint8_t)(card_bits(d, slot) | UK_CCID_MORE_TIME), 1, 0 },
		    UK_NONE });
}

void trm_device_tick(struct trm_device *d, int64_t now_ms)
{
	for (unsigned slot = 0; slot < TRM_SLOTS; slot++) {
		struct trm_slot *s = &d->slots[slot];

		if (s->busy != 0 && s->asking && now_ms >= s->give_up)
			give_up(d, slot, UK_CCID_E_PIN_TIMEOUT);
		else if (s->busy != 0 && now_ms >= s->more_time)
			more_time(d, slot, now_ms);
	}
}
