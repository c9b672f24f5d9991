/* U-key: finding the application and reading what SELECT tells. */
#include "ukey_driver.h"

#include "sw.h"
#include "tlv.h"
#include "utf8.h"

#include <stdio.h>

/* Profile 1: proprietary category, then "ukey.01". */
static const uint8_t aid[] = { 0xf0, 0x75, 0x6b, 0x65, 0x79, 0x2e, 0x30, 0x31 };

enum {
	SERIAL_LEN = 8,
	MARK_LEN = 8,
	LABEL_MAX = 32,
	ANSWER_MAX = 512, /* far more than 1.1 can fill */
	FLAG_BANK_PROOF = 0x01,
	FLAG_OTHERS = 0x02,
	REF_PIN = 0x81,
	REF_PUK = 0x83
};

uk_err ukey_send(uk_card *c, const uk_cmd *cmd, uk_buf *out)
{
	uk_err err = uk_channel_transmit(c->ch, cmd, out, NULL);

	if (uk_is(err, UK_ERR_PIN_WRONG) || uk_is(err, UK_ERR_PIN_BLOCKED))
		err.code = UK_ERR_CARD_STATUS;
	return err;
}

/* --- the status template, profile 1.1 ------------------------------------ */

/* Filled first and copied only when all of it is right. */
struct status {
	uk_card_info info;
	uk_pin_state pins[2];
	struct uk_limits limits;
	unsigned minor;
	uk_bytes version, mark; /* as sent */
};

static bool is_printable(uk_bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			return false;
	}
	return true;
}

static uk_err take_version(struct status *s, uk_bytes v)
{
	uk_reader r = uk_read(v);
	unsigned major = uk_get_u8(&r), minor = uk_get_u8(&r);

	s->minor = minor;
	UK_TRY(uk_read_end(&r));
	if (major != 1)
		return uk_fail(UK_ERR_CARD_UNKNOWN);
	snprintf(
	    s->info.model, sizeof(s->info.model), "U-key %u.%u", major, minor);
	return uk_ok();
}

static uk_err take_serial(struct status *s, uk_bytes v)
{
	s->info.serial_len = SERIAL_LEN;
	return uk_copy_exact(s->info.serial, SERIAL_LEN, v);
}

static uk_err take_content_version(struct status *s, uk_bytes v)
{
	uk_reader r = uk_read(v);

	s->version = v;
	s->info.content_version = uk_get_u32(&r);
	return uk_read_end(&r);
}

static uk_err take_pins(struct status *s, uk_bytes v)
{
	uk_reader r = uk_read(v);

	while (r.left > 0 && !r.bad) {
		unsigned ref = uk_get_u8(&r);
		int max = uk_get_u8(&r), left = uk_get_u8(&r);

		if (left > max)
			return uk_fail(UK_ERR_FORMAT);
		if (ref == REF_PIN || ref == REF_PUK)
			s->pins[ref == REF_PUK] = (uk_pin_state){ left, max,
				max > 0 };
	}
	return uk_read_end(&r);
}

static uk_err take_limits(struct status *s, uk_bytes v)
{
	uk_reader r = uk_read(v);

	s->limits.max_command = uk_get_u16(&r);
	s->limits.max_response = uk_get_u16(&r);
	/* Two bytes cannot say 65536, and Le 0000 asks for "all there is". */
	if (s->limits.max_response == UK_LC_MAX)
		s->limits.max_response = UK_LE_MAX;
	return uk_read_end(&r);
}

static uk_err take_flags(struct status *s, uk_bytes v)
{
	if (v.n != 1)
		return uk_fail(UK_ERR_FORMAT);
	s->info.bank_proof = (v.p[0] & FLAG_BANK_PROOF) != 0;
	s->info.alone = (v.p[0] & FLAG_OTHERS) == 0;
	return uk_ok();
}

static uk_err take_mark(struct status *s, uk_bytes v)
{
	s->mark = v;
	return v.n == MARK_LEN ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static uk_err take_label(struct status *s, uk_bytes v)
{
	if (v.n == 0 || v.n > LABEL_MAX || !uk_utf8_valid(v) ||
	    !is_printable(v))
		return uk_fail(UK_ERR_FORMAT);
	return uk_copy_str(s->info.label, sizeof(s->info.label), v);
}

static const struct field {
	uint32_t tag;
	bool needed;
	uk_err (*take)(struct status *s, uk_bytes v);
} fields[] = {
	{ 0x80, true, take_version },
	{ 0x81, true, take_serial },
	{ 0x82, true, take_content_version },
	{ 0x83, true, take_pins },
	{ 0x84, false, take_limits },
	{ 0x85, false, take_flags },
	{ 0x50, false, take_label },
	{ 0x86, false, take_mark },
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static uk_err parse_status(uk_bytes status, struct status *out)
{
	uk_reader r = uk_read(status);
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		; /* well-formed to its end? */
	}
	UK_TRY(uk_read_end(&r));
	for (size_t i = 0; i < FIELDS; i++) {
		uk_bytes v;

		if (uk_tlv_find(status, fields[i].tag, &v))
			UK_TRY(fields[i].take(out, v));
		else if (fields[i].needed)
			return uk_fail(UK_ERR_FORMAT);
	}
	return uk_ok();
}

static const struct status before_asking = {
	.info = {
		.kind = "ukey",
		.manufacturer = "ukey",
		.label = "U-key",
		.pin_min = 4, .pin_max = 16, /* profile 3 */
		.so_pin_min = 8, .so_pin_max = 16,
		.alone = true,
	},
	.pins = { { -1, -1, true }, { -1, -1, true } },
	.limits = { UK_LC_SHORT_MAX, UK_LE_SHORT_MAX, true },
};

static bool is_other_content(const struct ukey *k, const struct status *now)
{
	return now->info.content_version != k->base.info.content_version ||
	       (now->mark.n > 0 &&
		   !uk_bytes_eq(
		       now->mark, uk_bytes_last(UK_ARRAY(k->proof), MARK_LEN)));
}

/* A card without a mark proves nothing: a copy of it could have the same
 * version. */
static void take_proof(struct ukey *k, const struct status *now)
{
	uk_buf proof = UK_BUF(k->proof);

	uk_put(&proof, now->version);
	uk_put(&proof, now->mark);
	k->has_mark = now->mark.n > 0;
	uk_cache_prove(
	    k->base.cache, k->has_mark ? uk_buf_view(&proof) : UK_NONE);
}

uk_err ukey_take_status(uk_card *c, uk_bytes status)
{
	struct status now = before_asking;
	bool known = c->info.serial_len > 0;

	UK_TRY(parse_status(status, &now));
	if (known && !uk_bytes_eq(uk_view(c->info.serial, c->info.serial_len),
			 uk_view(now.info.serial, now.info.serial_len)))
		return uk_fail(UK_ERR_CARD_REMOVED);
	if (known && is_other_content((struct ukey *)c, &now))
		c->loaded = false;
	c->info = now.info;
	c->info.pin_pad = uk_channel_has_pinpad(c->ch, false);
	((struct ukey *)c)->minor = now.minor;
	take_proof((struct ukey *)c, &now);
	c->pins[0] = now.pins[0];
	c->pins[1] = now.pins[1];
	uk_channel_limit(c->ch, now.limits);
	return uk_ok();
}

/* --- SELECT -------------------------------------------------------------- */

static uk_err parse_fci(uk_bytes fci, uk_bytes *status)
{
	uk_bytes content, name;

	UK_TRY(uk_tlv_only(fci, 0x6f, &content));
	if (!uk_tlv_find(content, 0x84, &name) ||
	    !uk_bytes_eq(name, UK_ARRAY(aid)) ||
	    !uk_tlv_find(content, 0xa5, status))
		return uk_fail(UK_ERR_FORMAT);
	return uk_ok();
}

static uk_err take_fci(uk_card *c, uk_bytes fci)
{
	uk_bytes status = UK_NONE;

	UK_TRY(parse_fci(fci, &status));
	return ukey_take_status(c, status);
}

/* One command. Whatever the card says that is not the profile's answer means
 * that it is not one of ours; that the way to it failed is told as it is. */
static uk_err select_application(uk_card *c)
{
	uint8_t answer[ANSWER_MAX];
	uk_buf fci = UK_BUF(answer);
	uk_err err = uk_select(c->ch, UK_ARRAY(aid), &fci);

	return uk_is_ok(err) ? take_fci(c, uk_buf_view(&fci)) : err;
}

static uk_err ukey_reselect(uk_card *c)
{
	uk_err err = select_application(c);

	((struct ukey *)c)->decipher.set = false;
	return uk_card_spoke(err) || uk_is(err, UK_ERR_CARD_UNKNOWN)
		   ? uk_fail(UK_ERR_CARD_REMOVED)
		   : err;
}

/* Since 1.1 a selection keeps the logins; it also comes through if another
 * application is selected. */
static uk_err ukey_refresh(uk_card *c)
{
	uk_pin_state unused;

	return ((struct ukey *)c)->minor >= 1
		   ? ukey_reselect(c)
		   : ukey_pin_state(c, UK_PIN_USER, &unused);
}

/* --- after changes ------------------------------------------------------- */

bool ukey_can_undo(uk_err err)
{
	switch (err.code) {
	case UK_ERR_NO_SERVICE:
	case UK_ERR_NO_PERMISSION:
	case UK_ERR_NO_READER:
	case UK_ERR_NO_CARD:
	case UK_ERR_CARD_REMOVED:
	case UK_ERR_CARD_RESET:
	case UK_ERR_CARD_BUSY:
	case UK_ERR_CARD_MUTE:
		return false;
	default:
		return true;
	}
}

uk_err ukey_changed(uk_card *c, uk_err err)
{
	uk_pin_state unused;
	uk_err told = ukey_can_undo(err)
			  ? ukey_pin_state(c, UK_PIN_USER, &unused)
			  : err;

	if (!uk_is_ok(told))
		uk_cache_prove(c->cache, UK_NONE);
	if (!uk_is_ok(err)) {
		/* The version shows whether what was begun is undone; here the
		 * list is only ever taken for older than it is. */
		c->loaded = c->loaded && uk_is_ok(told);
		return err;
	}
	c->loaded = false;
	return uk_is_ok(told) ? ukey_load_objects(c) : told;
}

uk_err ukey_made(
    uk_card *c, uk_err err, enum uk_object_kind kind, uint32_t ref, size_t *out)
{
	UK_TRY(ukey_changed(c, err));
	for (*out = 0; *out < c->object_count; ++*out) {
		if (c->objects[*out].kind == kind &&
		    c->objects[*out].ref == ref)
			return uk_ok();
	}
	*out = 0;
	return uk_fail(UK_ERR_FORMAT);
}

static void ukey_close(uk_card *c)
{
	uk_free(c);
}

static uk_err ukey_open(
    uk_channel *ch, const struct uk_selected *s, uk_card **out)
{
	struct ukey *k = uk_new(sizeof(*k));
	uk_err err;

	*out = NULL;
	if (k == NULL)
		return uk_fail(UK_ERR_MEMORY);
	k->base.ops = &uk_ukey_ops;
	k->base.ch = ch;
	err = take_fci(&k->base, s->fci);
	if (uk_is_ok(err)) {
		if (k->has_mark)
			k->base.cache = uk_cache_open("ukey",
			    uk_view(k->base.info.serial, SERIAL_LEN),
			    UK_ARRAY(k->proof));
		*out = &k->base;
		k = NULL; /* handed over */
	} else if (uk_card_spoke(err)) {
		err = uk_fail(UK_ERR_CARD_UNKNOWN);
	}
	uk_free(k);
	return err;
}

const struct uk_card_ops uk_ukey_ops = {
	.name = "ukey",
	.open = ukey_open,
	.close = ukey_close,
	.reselect = ukey_reselect,
	.refresh = ukey_refresh,
	.load_objects = ukey_load_objects,
	.read_object = ukey_read_object,
	.read_public = ukey_read_public,
	.pin_state = ukey_pin_state,
	.verify = ukey_verify,
	.logout = ukey_logout,
	.revoke = ukey_revoke,
	.change_pin = ukey_change_pin,
	.unblock = ukey_unblock,
	.can_sign = ukey_can_sign,
	.sign = ukey_sign,
	.challenge = ukey_challenge,
	.prove_bank = ukey_prove_bank,
	.generate = ukey_generate,
	.import = ukey_import,
	.store = ukey_store,
	.destroy = ukey_destroy,
	.rename = ukey_rename,
	.initialize = ukey_initialize,
	.can_decipher = ukey_can_decipher,
	.decipher = ukey_decipher,
};
