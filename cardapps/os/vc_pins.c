/* PINs: stored as max(1) left(1) salt(16) SHA-256(salt || value). */
#include "vc_pins.h"

#include "secret.h"

enum { SALT = 16, PAD = 0xff, STORED = 2 + SALT + VC_SHA256_SIZE };

struct stored {
	struct vc_pin_state state;
	uint8_t salt[SALT];
	uint8_t hash[VC_SHA256_SIZE];
};

static struct vc_nv_id id_of(const struct vc_home *h, uint8_t ref)
{
	return vc_home_id(h, VC_NV_PIN, ref);
}

static bool get_stored(const struct vc_home *h, uint8_t ref, struct stored *s)
{
	uk_bytes v;
	uk_reader r;

	*s = (struct stored){ 0 };
	if (!vc_nv_get(h->nv, id_of(h, ref), &v))
		return false;
	r = uk_read(v);
	s->state.max = uk_get_u8(&r);
	s->state.left = uk_get_u8(&r);
	return uk_is_ok(uk_copy_exact(s->salt, SALT, uk_get(&r, SALT))) &&
	       uk_is_ok(uk_copy_exact(
		   s->hash, VC_SHA256_SIZE, uk_get(&r, VC_SHA256_SIZE))) &&
	       uk_is_ok(uk_read_end(&r));
}

static uk_err put_stored(
    const struct vc_home *h, uint8_t ref, const struct stored *s)
{
	uint8_t storage[STORED];
	uk_buf out = UK_BUF(storage);
	uk_err err;

	uk_put_u8(&out, s->state.max);
	uk_put_u8(&out, s->state.left);
	uk_put(&out, UK_ARRAY(s->salt));
	uk_put(&out, UK_ARRAY(s->hash));
	err = vc_nv_put(h->nv, id_of(h, ref), uk_buf_view(&out));
	uk_wipe(storage, sizeof(storage));
	return err;
}

static uk_err hash_of(const struct vc_home *h, const struct stored *s,
    uk_bytes value, uint8_t out[VC_SHA256_SIZE])
{
	const uk_bytes parts[] = { UK_ARRAY(s->salt), value };

	return vc_sha256(h->crypto, parts, 2, out);
}

struct vc_pin_state vc_pin_state(const struct vc_home *h, uint8_t ref)
{
	struct stored s;
	struct vc_pin_state none = { 0 };
	bool there = get_stored(h, ref, &s);

	uk_wipe(s.hash, sizeof(s.hash));
	return there ? s.state : none;
}

bool vc_pin_clean(uk_bytes field, size_t min, uk_bytes *value)
{
	*value = UK_NONE;
	if (field.n > VC_PIN_SIZE)
		return false;
	while (field.n > 0 && field.p[field.n - 1] == PAD)
		field.n--;
	for (size_t i = 0; i < field.n; i++) {
		if (field.p[i] == PAD)
			return false;
	}
	*value = field;
	return field.n > 0 && field.n >= min;
}

static uk_err set_left(
    const struct vc_home *h, uint8_t ref, struct stored *s, uint8_t left)
{
	s->state.left = left;
	UK_TRY(put_stored(h, ref, s));
	return vc_nv_commit(h->nv);
}

/* The counter is already one lower. */
static uint16_t compare(
    const struct vc_home *h, uint8_t ref, struct stored *s, uk_bytes value)
{
	uint8_t hash[VC_SHA256_SIZE];
	uk_err err = hash_of(h, s, value, hash);
	bool good = uk_is_ok(err) &&
		    uk_equal(UK_ARRAY(hash), UK_ARRAY(s->hash));

	uk_wipe(hash, sizeof(hash));
	if (!uk_is_ok(err))
		return vc_sw(err);
	if (!good)
		return (uint16_t)(UK_SW_TRIES | s->state.left);
	return vc_sw(set_left(h, ref, s, s->state.max));
}

uint16_t vc_pin_try(const struct vc_home *h, uint8_t ref, uk_bytes value)
{
	struct stored s;
	uint16_t sw;

	if (!get_stored(h, ref, &s))
		return UK_SW_NO_REF;
	if (s.state.left == 0)
		return UK_SW_BLOCKED;
	sw = vc_sw(set_left(h, ref, &s, (uint8_t)(s.state.left - 1)));
	if (sw == UK_SW_OK)
		sw = compare(h, ref, &s, value);
	uk_wipe(&s, sizeof(s));
	return sw;
}

uk_err vc_pin_put(
    const struct vc_home *h, uint8_t ref, uint8_t max, uk_bytes value)
{
	struct stored s = { .state = { max, max } };
	uk_err err = vc_random(h->crypto, s.salt, sizeof(s.salt));

	if (uk_is_ok(err))
		err = hash_of(h, &s, value, s.hash);
	if (uk_is_ok(err))
		err = put_stored(h, ref, &s);
	uk_wipe(&s, sizeof(s));
	return err;
}

/* Neither more than it has in all, nor more than this. */
static uk_err put_left(const struct vc_home *h, uint8_t ref, uint8_t left)
{
	struct stored s;
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	if (get_stored(h, ref, &s)) {
		s.state.left = left < s.state.max ? left : s.state.max;
		err = put_stored(h, ref, &s);
	}
	uk_wipe(&s, sizeof(s));
	return err;
}

uk_err vc_pin_refill(const struct vc_home *h, uint8_t ref)
{
	return put_left(h, ref, UINT8_MAX);
}

uk_err vc_pin_limit(const struct vc_home *h, uint8_t ref, uint8_t left)
{
	uint8_t now = vc_pin_state(h, ref).left;

	return put_left(h, ref, left < now ? left : now);
}
