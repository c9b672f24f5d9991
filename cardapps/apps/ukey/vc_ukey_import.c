/* Keys from outside, and keys that go: PUT DATA with 7F48, profile section 4.
 */
#include "vc_ukey.h"

#include "secret.h"
#include "tlv.h"

/* The objects of 7F48; what is absent has no bytes. */
enum field {
	TYPE,
	REF,
	USAGE,
	D,
	P,
	Q,
	OPENER,
	POINT,
	WRAPPED,
	ENCIPHERED,
	FIELDS
};

static const uint8_t tags[FIELDS] = {
	[TYPE] = 0x80,
	[REF] = 0x84,
	[USAGE] = 0x95,
	[D] = 0x88,
	[P] = 0x92,
	[Q] = 0x93,
	/* an envelope */
	[OPENER] = 0x83,
	[POINT] = 0x86,
	[WRAPPED] = 0x87,
	[ENCIPHERED] = 0x8b,
};

static bool set_field(uk_bytes fields[FIELDS], const uk_tlv *t)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (tags[i] != t->tag)
			continue;
		if (fields[i].n > 0 || t->value.n == 0)
			return false;
		fields[i] = t->value;
		return true;
	}
	return false;
}

/* A key is not the place for guesses: nothing unknown, nothing twice. */
static bool get_fields(uk_bytes v, uk_bytes fields[FIELDS])
{
	uk_reader r = uk_read(v);
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		if (!set_field(fields, &t))
			return false;
	}
	return uk_is_ok(uk_read_end(&r)) && fields[REF].n == 1 &&
	       fields[TYPE].n <= 1 && fields[USAGE].n <= 1 &&
	       fields[OPENER].n <= 1;
}

static bool is_deletion(const uk_bytes fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (i != REF && fields[i].n > 0)
			return false;
	}
	return true;
}

static uint16_t delete_key(struct vc_ukey *u, uint8_t ref)
{
	const struct vc_home *h = &u->app.home;
	uk_bytes key;

	if (!vc_ukey_key(u, ref, &key))
		return UK_SW_NO_REF;
	if (!u->login && !u->puk)
		return UK_SW_SECURITY;
	vc_nv_drop(h->nv, vc_home_id(h, VC_NV_KEY, ref));
	vc_ukey_drop_usage(u, ref);
	return UK_SW_OK;
}

static uint16_t import_key(struct vc_ukey *u, const struct vc_ukey_new_key *new,
    const struct vc_key_parts *parts)
{
	uint8_t *storage = uk_secret_new(VC_KEY_MAX);
	uk_buf key = uk_buf_over(storage, VC_KEY_MAX);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (storage == NULL)
		return vc_sw(err);
	err = vc_key_import(u->app.home.crypto, new->kind, parts, &key);
	if (uk_is_ok(err))
		err = vc_ukey_put_key(u, new, uk_buf_view(&key));
	uk_secret_free(storage, VC_KEY_MAX);
	return uk_is(err, UK_ERR_FORMAT) ? UK_SW_DATA : vc_sw(err);
}

static bool is_envelope(const uk_bytes fields[FIELDS])
{
	return fields[OPENER].n > 0 || fields[POINT].n > 0 ||
	       fields[WRAPPED].n > 0 || fields[ENCIPHERED].n > 0;
}

/* What comes from the key centre deciphers and does nothing else: a signing key
 * of which there is a copy would be no signing key. */
static uint16_t put_envelope(struct vc_ukey *u, struct vc_ukey_new_key *new,
    const uk_bytes fields[FIELDS])
{
	const struct vc_ukey_envelope e = {
		.opener = fields[OPENER].n > 0 ? fields[OPENER].p[0]
					       : VC_UKEY_KEY_AUTH,
		.point = fields[POINT],
		.wrapped = fields[WRAPPED],
		.scalar = fields[ENCIPHERED],
	};

	if (fields[D].n > 0 || fields[P].n > 0 || fields[Q].n > 0)
		return UK_SW_DATA;
	if (fields[USAGE].n == 0)
		new->usage = VC_UKEY_DECIPHERS;
	return vc_ukey_put_envelope(u, new, &e);
}

uint16_t vc_ukey_put_private(struct vc_ukey *u, uk_bytes v)
{
	uk_bytes fields[FIELDS] = { { 0 } };
	struct vc_ukey_new_key new = { .usage = VC_UKEY_SIGNS };
	struct vc_key_parts parts;
	uint16_t sw;

	if (!get_fields(v, fields))
		return UK_SW_DATA;
	new.ref = fields[REF].p[0];
	if (new.ref <= VC_UKEY_KEY_SIGN || new.ref > VC_UKEY_KEY_LAST)
		return UK_SW_NO_REF;
	if (is_deletion(fields))
		return delete_key(u, new.ref);
	if (fields[TYPE].n == 0)
		return UK_SW_DATA;
	new.kind = fields[TYPE].p[0];
	if (fields[USAGE].n > 0)
		new.usage = fields[USAGE].p[0];
	if (is_envelope(fields))
		return put_envelope(u, &new, fields);
	if ((sw = vc_ukey_may_make(u, &new)) != UK_SW_OK)
		return sw;
	parts = (struct vc_key_parts){ fields[P], fields[Q], fields[D] };
	return import_key(u, &new, &parts);
}
