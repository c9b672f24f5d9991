/* What CCID has no message for: who we are, the display, statements. */
#include "device_impl.h"

#include "mem.h"

enum {
	HELLO = 0x01,
	DISPLAY = 0x02,
	STATEMENT = 0x03,
	KEY = 0x04,
	VERSION = 1,
	HAS_KEYPAD = 1,
	HAS_DISPLAY = 2,
	IS_STRICT = 4,
	BAD_DATA = 10 /* the offset of the first data byte */
};

static void fail(
    struct trm_device *d, unsigned slot, const struct uk_ccid *m, uint8_t error)
{
	trm_fail(d, slot, UK_CCID_ESCAPED, m->seq, error);
}

static void on_hello(
    struct trm_device *d, unsigned slot, const struct uk_ccid *m, uk_bytes rest)
{
	const struct trm_device_settings *s = &d->settings;
	uk_bytes name = uk_view_str(s->name);
	uint8_t storage[16 + TRM_NAME_MAX];
	uk_buf out = UK_BUF(storage);

	if (rest.n != 1 || rest.p[0] < VERSION) {
		fail(d, slot, m, BAD_DATA);
		return;
	}
	uk_put_u8(&out, HELLO);
	uk_put_u8(&out, VERSION);
	uk_put_u8(&out, TRM_SLOTS);
	uk_put_u8(&out, (uint8_t)((s->keypad ? HAS_KEYPAD : 0) |
				  (s->lines > 0 ? HAS_DISPLAY : 0) |
				  (s->strict ? IS_STRICT : 0)));
	uk_put_u8(&out, s->columns);
	uk_put_u8(&out, s->lines);
	uk_put_u8(&out, (uint8_t)name.n);
	uk_put(&out, name);
	trm_answer(d, slot, UK_CCID_ESCAPED, m->seq, uk_buf_view(&out));
}

/* --- the display --------------------------------------------------------- */

/* The text is copied first: what is shown and what may be signed are one. */
static void on_display(struct trm_device *d, unsigned slot,
    const struct uk_ccid *m, uk_bytes text, int64_t now_ms)
{
	struct trm_slot *s = &d->slots[slot];
	uk_buf copy = UK_BUF(s->text);
	uk_tx tx;

	trm_gate_forget(&s->gate);
	s->signing = false; /* what is to come is over another text */
	s->statement_n = 0;
	if (d->settings.lines == 0) {
		fail(d, slot, m, UK_CCID_E_NOT_SUPPORTED);
		return;
	}
	uk_put(&copy, text);
	s->text_n = copy.len;
	if (copy.bad || !uk_is_ok(uk_tx_parse(uk_buf_view(&copy), &tx))) {
		fail(d, slot, m, BAD_DATA);
		return;
	}
	if (!s->present || !s->powered) { /* an approval is for one card */
		fail(d, slot, m, UK_CCID_E_MUTE);
		return;
	}
	trm_begin(d, slot, m, now_ms);
	trm_ask(d, slot, TRM_DISPLAY_SECONDS, now_ms);
	d->ops->show(d->arg, slot, tx.items, tx.shown);
}

void trm_escape_judged(struct trm_device *d, unsigned slot, enum trm_answer a)
{
	static const uint8_t approved[] = { DISPLAY };
	struct trm_slot *s = &d->slots[slot];
	uk_bytes text = uk_view(s->text, s->text_n);

	(void)a;
	(void)trm_end(d, slot);
	if (uk_is_ok(trm_gate_approve(&s->gate, text)))
		trm_answer(
		    d, slot, UK_CCID_ESCAPED, s->seq, UK_ARRAY(approved));
	else
		trm_fail(d, slot, UK_CCID_ESCAPED, s->seq, BAD_DATA);
}

/* --- statements ---------------------------------------------------------- */

void trm_statement_put(uk_buf *out, uk_bytes text_sha256,
    uk_bytes signature_sha256, uint64_t number, uint64_t time)
{
	uk_put_str(out, "ukey display statement 1");
	uk_put(out, text_sha256);
	uk_put(out, signature_sha256);
	uk_put_u64(out, number);
	uk_put_u64(out, time);
}

/* RFC 5480: what stands before the point of a P-256 key in its
 * SubjectPublicKeyInfo. */
static uk_err put_fingerprint(const struct trm_device *d, uk_buf *out)
{
	static const uint8_t prefix[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
		0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
		0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
	uint8_t storage[sizeof(prefix) + TRM_POINT];
	uk_buf spki = UK_BUF(storage);

	uk_put(&spki, UK_ARRAY(prefix));
	uk_put(&spki, UK_ARRAY(d->settings.point));
	UK_TRY(uk_buf_result(&spki));
	return d->ops->hash(d->arg, TRM_SHA256, uk_buf_view(&spki), out);
}

static uk_err put_statement(
    struct trm_device *d, struct trm_slot *s, uk_bytes signature, uk_buf *out)
{
	uint8_t hashes[2][32], storage[128];
	uk_buf text = UK_BUF(hashes[0]), signed_hash = UK_BUF(hashes[1]);
	uk_buf message = UK_BUF(storage);
	uint64_t number, time;

	UK_TRY(d->ops->hash(
	    d->arg, TRM_SHA256, uk_view(s->text, s->text_n), &text));
	UK_TRY(d->ops->hash(d->arg, TRM_SHA256, signature, &signed_hash));
	UK_TRY(d->ops->count(d->arg, &number, &time));
	trm_statement_put(&message, uk_buf_view(&text),
	    uk_buf_view(&signed_hash), number, time);
	UK_TRY(uk_buf_result(&message));
	UK_TRY(put_fingerprint(d, out));
	uk_put_u64(out, number);
	uk_put_u64(out, time);
	UK_TRY(d->ops->sign(d->arg, uk_buf_view(&message), out));
	return uk_buf_result(out);
}

void trm_make_statement(struct trm_device *d, unsigned slot)
{
	struct trm_slot *s = &d->slots[slot];
	uint8_t storage[sizeof(s->signature)];
	uk_buf signature = UK_BUF(storage), out = UK_BUF(s->statement);
	uk_err err = trm_gate_signature(
	    &s->gate, uk_view(s->signature, s->signature_n), &signature);

	if (uk_is_ok(err))
		err = put_statement(d, s, uk_buf_view(&signature), &out);
	/* Without one the host finds none, and the bank decides. */
	s->statement_n = uk_is_ok(err) ? out.len : 0;
}

static void on_statement(
    struct trm_device *d, unsigned slot, const struct uk_ccid *m, uk_bytes rest)
{
	struct trm_slot *s = &d->slots[slot];
	uint8_t storage[1 + TRM_STATEMENT];
	uk_buf out = UK_BUF(storage);

	if (rest.n != 0 || s->statement_n == 0) {
		fail(d, slot, m, UK_CCID_E_NOT_SUPPORTED);
		return;
	}
	uk_put_u8(&out, STATEMENT);
	uk_put(&out, uk_view(s->statement, s->statement_n));
	s->statement_n = 0; /* once */
	trm_answer(d, slot, UK_CCID_ESCAPED, m->seq, uk_buf_view(&out));
}

static void on_key(
    struct trm_device *d, unsigned slot, const struct uk_ccid *m, uk_bytes rest)
{
	uint8_t storage[1 + TRM_POINT];
	uk_buf out = UK_BUF(storage);

	if (rest.n != 0) {
		fail(d, slot, m, BAD_DATA);
		return;
	}
	uk_put_u8(&out, KEY);
	uk_put(&out, UK_ARRAY(d->settings.point));
	trm_answer(d, slot, UK_CCID_ESCAPED, m->seq, uk_buf_view(&out));
}

void trm_on_escape(struct trm_device *d, unsigned slot, const struct uk_ccid *m,
    int64_t now_ms)
{
	uk_reader r = uk_read(m->data);
	uint8_t what = uk_get_u8(&r);
	uk_bytes rest = uk_get_rest(&r);

	switch (what) {
	case HELLO:
		on_hello(d, slot, m, rest);
		return;
	case DISPLAY:
		on_display(d, slot, m, rest, now_ms);
		return;
	case STATEMENT:
		on_statement(d, slot, m, rest);
		return;
	case KEY:
		on_key(d, slot, m, rest);
		return;
	default:
		fail(d, slot, m, UK_CCID_E_NOT_SUPPORTED);
		return;
	}
}
