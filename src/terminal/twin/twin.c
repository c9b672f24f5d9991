/* Commands of a plain reader at the level of TPDUs. */
#include "twin.h"

#include "secret.h"

enum {
	T0_HEADER = 5,
	PPSS = 0xff,
	NOTIFY = 0x01,
	FIRMWARE = 0x02,
	PROTOCOL_AT = 0, /* of p, in SetParameters: bProtocolNum */
	T0_PARAMETERS = 5,
	T1_PARAMETERS = 7
};

/* What comes back besides bStatus. */
struct result {
	uint8_t error; /* 0: none; NOT_SUPPORTED is `unsupported` */
	bool unsupported;
	uint8_t last; /* byte 9 */
	uk_buf data;
};

/* Foreign error language: CCID's, table 6.2-2. */
static void put_error(struct result *r, uk_err err)
{
	if (uk_is_ok(err))
		return;
	r->data.len = 0;
	if (uk_is(err, UK_ERR_UNSUPPORTED))
		r->error = UK_CCID_E_PROTOCOL;
	else if (uk_is(err, UK_ERR_FORMAT) || uk_is(err, UK_ERR_TOO_SMALL))
		r->error = UK_CCID_E_OVERRUN;
	else
		r->error = UK_CCID_E_MUTE;
}

/* --- the commands --------------------------------------------------------- */

static void power_on(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	(void)m;
	put_error(r, trm_contact_reset(t->contact, &r->data));
	t->untouched = true;
	t->parameters_n = 0;
}

static void power_off(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	(void)m, (void)r;
	trm_contact_off(t->contact);
}

static void nothing(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	(void)t, (void)m, (void)r;
}

/* 12.2: case 1 has no P3 in its APDU, case 4 has an Le that a TPDU has not. */
static uk_err tpdu(struct trm_twin *t, uk_bytes command, uk_buf *answer)
{
	uint8_t bytes[T0_HEADER + UK_LC_SHORT_MAX + 1];
	uk_buf b = UK_BUF(bytes);
	uk_err err;

	uk_put(&b, command);
	if (command.n == T0_HEADER - 1)
		uk_put_u8(&b, 0);
	if (command.n > T0_HEADER && !b.bad &&
	    command.n == T0_HEADER + (size_t)command.p[T0_HEADER - 1] + 1)
		uk_buf_cut(&b, command.n - 1);
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = trm_contact_tpdu(t->contact, uk_buf_view(&b), answer);
	uk_wipe(bytes, sizeof(bytes));
	return err;
}

static void transfer(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	bool pps = t->untouched && m->data.n > 0 && m->data.p[0] == PPSS;

	t->untouched = false;
	if (!t->contact->active)
		put_error(r, uk_fail(UK_ERR_CARD_MUTE));
	else if (pps)
		put_error(r, trm_contact_pps(t->contact, m->data, &r->data));
	else if (t->contact->speed.protocol == 1)
		put_error(r,
		    trm_contact_block(t->contact, m->data, m->p[0], &r->data));
	else
		put_error(r, tpdu(t, m->data, &r->data));
}

/* 6.2.3: abProtocolDataStructure for T=0 and T=1 */
static void put_t0(const struct trm_contact *c, uk_buf *out)
{
	uk_put_u8(out, c->speed.fi_di);
	uk_put_u8(out, 0);
	uk_put_u8(out, c->interface.guard);
	uk_put_u8(out, c->interface.wi);
	uk_put_u8(out, 0); /* bClockStop */
}

static void put_t1(const struct trm_contact *c, uk_buf *out)
{
	const struct uk_atr_interface *i = &c->interface;

	uk_put_u8(out, c->speed.fi_di);
	uk_put_u8(out, i->crc ? 0x11 : 0x10);
	uk_put_u8(out, i->guard);
	uk_put_u8(out, (uint8_t)(i->bwi << 4 | i->cwi));
	uk_put_u8(out, 0); /* bClockStop */
	uk_put_u8(out, i->ifsc);
	uk_put_u8(out, 0); /* NAD */
}

/* What is not set is as the card says. */
static void get_parameters(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	(void)m;
	r->last = t->contact->speed.protocol;
	if (t->parameters_n > 0)
		uk_put(&r->data, uk_view(t->parameters, t->parameters_n));
	else if (r->last == 1)
		put_t1(t->contact, &r->data);
	else
		put_t0(t->contact, &r->data);
}

static void set_parameters(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	size_t n = m->p[PROTOCOL_AT] == 1 ? T1_PARAMETERS : T0_PARAMETERS;
	uk_buf kept = UK_BUF(t->parameters);
	uk_err err = uk_fail(UK_ERR_CARD_MUTE);

	if (m->data.n != n)
		err = uk_fail(UK_ERR_FORMAT);
	else if (t->contact->active)
		err = trm_contact_use(
		    t->contact, m->p[PROTOCOL_AT], m->data.p[0]);
	put_error(r, err);
	if (!uk_is_ok(err))
		return;
	uk_put(&kept, m->data);
	t->parameters_n = n;
	get_parameters(t, m, r);
}

static void reset_parameters(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	t->parameters_n = 0;
	get_parameters(t, m, r);
}

static void escape(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	if (m->data.n == 1 && m->data.p[0] == FIRMWARE)
		uk_put_str(&r->data, "GemTwin-ukey-1.00");
	else if (m->data.n == 3 && m->data.p[0] == NOTIFY)
		t->tells = m->data.p[2] != 0;
	else
		r->unsupported = true;
}

static void unsupported(
    struct trm_twin *t, const struct uk_ccid *m, struct result *r)
{
	(void)t, (void)m;
	r->unsupported = true;
}

/* --- answers -------------------------------------------------------------- */

static const struct command {
	uint8_t type, answer;
	void (*run)(struct trm_twin *, const struct uk_ccid *, struct result *);
} commands[] = {
	{ UK_CCID_POWER_ON, UK_CCID_DATA_BLOCK, power_on },
	{ UK_CCID_POWER_OFF, UK_CCID_SLOT_STATUS, power_off },
	{ UK_CCID_GET_STATUS, UK_CCID_SLOT_STATUS, nothing },
	{ UK_CCID_XFR_BLOCK, UK_CCID_DATA_BLOCK, transfer },
	{ UK_CCID_GET_PARAMETERS, UK_CCID_PARAMETERS, get_parameters },
	{ UK_CCID_SET_PARAMETERS, UK_CCID_PARAMETERS, set_parameters },
	{ UK_CCID_RESET_PARAMETERS, UK_CCID_PARAMETERS, reset_parameters },
	{ UK_CCID_ESCAPE, UK_CCID_ESCAPED, escape },
	{ UK_CCID_ABORT, UK_CCID_SLOT_STATUS, nothing },
	{ UK_CCID_SECURE, UK_CCID_DATA_BLOCK, unsupported },
};
static const struct command unknown = { 0, UK_CCID_SLOT_STATUS, unsupported };

static const struct command *find(uint8_t type)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].type == type)
			return &commands[i];
	}
	return &unknown;
}

static uint8_t card_bits(const struct trm_twin *t)
{
	if (!t->contact->hw->present(t->contact->arg))
		return UK_CCID_NO_CARD;
	return t->contact->active ? UK_CCID_ACTIVE : UK_CCID_INACTIVE;
}

static void send(struct trm_twin *t, const struct uk_ccid *m)
{
	uint8_t message[TRM_TWIN_MESSAGE], frame[TRM_TWIN_FRAME];
	uk_buf b = UK_BUF(message), f = UK_BUF(frame);

	uk_ccid_put(&b, m);
	trm_twin_put(&f, uk_buf_view(&b));
	t->send(t->arg, uk_buf_view(&f));
	uk_wipe(message, b.len);
	uk_wipe(frame, f.len);
}

static void on_message(struct trm_twin *t, uk_bytes message)
{
	uint8_t storage[TRM_TWIN_DATA];
	struct result r = { .data = UK_BUF(storage) };
	struct uk_ccid m, echo, answer;
	const struct command *c;

	if (!uk_is_ok(uk_ccid_parse(message, &m)))
		return;
	echo = m;
	echo.data = UK_NONE;
	send(t, &echo);
	c = find(m.type);
	if (m.slot != 0)
		r.error = 5; /* the place of bSlot */
	else
		c->run(t, &m, &r);
	answer = (struct uk_ccid){ c->answer, m.slot, m.seq,
		{ card_bits(t), r.error, r.last }, uk_buf_view(&r.data) };
	if (r.error != 0 || r.unsupported)
		answer.p[0] |= UK_CCID_FAILED;
	send(t, &answer);
	uk_wipe(storage, sizeof(storage));
}

void trm_twin_feed(struct trm_twin *t, uk_bytes bytes)
{
	uint8_t nak[3];
	uk_buf b = UK_BUF(nak);
	uk_bytes message;

	trm_twin_put_nak(&b);
	for (size_t i = 0; i < bytes.n; i++) {
		switch (trm_twin_hear(&t->reader, bytes.p[i], &message)) {
		case TRM_TWIN_MESSAGE_COME:
			on_message(t, message);
			break;
		case TRM_TWIN_BAD:
			t->send(t->arg, uk_buf_view(&b));
			break;
		case TRM_TWIN_NOTHING:
		default:
			break;
		}
	}
}

void trm_twin_card(struct trm_twin *t, bool present)
{
	const uint8_t change[] = { UK_CCID_SLOT_CHANGE, present ? 0x03 : 0x02 };

	if (!present)
		trm_contact_off(t->contact);
	if (t->tells)
		t->send(t->arg, UK_ARRAY(change));
}

void trm_twin_init(struct trm_twin *t, struct trm_contact *contact,
    void (*send_fn)(void *arg, uk_bytes frame), void *arg)
{
	*t = (struct trm_twin){
		.contact = contact, .send = send_fn, .arg = arg
	};
}
