/* JWE, compact, ECDH-ES with A256GCM: opening. */
#include "jwe.h"

#include "secret.h"

#include <jansson.h>

enum { PARTS = 5, COORDINATE = 32, INFO_MAX = 128 };

/* --- parts --------------------------------------------------------------- */

/* "a.b.c.d.e" to five views. */
static uk_err split(uk_bytes text, uk_bytes parts[PARTS])
{
	size_t part = 0, start = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '.')
			continue;
		if (part == PARTS - 1)
			return uk_fail(UK_ERR_FORMAT);
		parts[part++] = uk_bytes_first(
		    uk_bytes_from(text, start), i - start);
		start = i + 1;
	}
	if (part != PARTS - 1)
		return uk_fail(UK_ERR_FORMAT);
	parts[part] = uk_bytes_from(text, start);
	return uk_ok();
}

static uk_err decode(uk_bytes text, size_t least, size_t most, uk_blob *out)
{
	UK_TRY(uk_base64url_decode(text, out));
	return out->n < least || out->n > most ? uk_fail(UK_ERR_FORMAT)
					       : uk_ok();
}

/* --- the header ---------------------------------------------------------- */

static uk_bytes text_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return uk_view(json_string_value(v), json_string_length(v));
}

static bool is_text(const json_t *o, const char *name, const char *value)
{
	return json_is_string(json_object_get(o, name)) &&
	       uk_bytes_eq(text_of(o, name), uk_view_str(value));
}

static bool only_known(json_t *o, const char *const *known)
{
	const char *name;
	json_t *v;

	json_object_foreach(o, name, v)
	{
		const char *const *k = known;

		while (*k != NULL &&
		       !uk_bytes_eq(uk_view_str(*k), uk_view_str(name)))
			k++;
		if (*k == NULL)
			return false;
	}
	return true;
}

struct header {
	uk_blob apu, apv;
	uk_key *epk;
};

static uk_err put_coordinate(const json_t *epk, const char *name, uk_buf *out)
{
	uk_blob v = { NULL, 0 };
	uk_err err = decode(text_of(epk, name), COORDINATE, COORDINATE, &v);

	if (uk_is_ok(err))
		uk_put(out, uk_blob_view(&v));
	uk_blob_free(&v);
	return err;
}

static uk_err read_epk(uk_crypto *c, json_t *epk, uk_key **out)
{
	static const char *const known[] = { "kty", "crv", "x", "y", NULL };
	uint8_t storage[1 + 2 * COORDINATE];
	uk_buf point = UK_BUF(storage);

	if (!json_is_object(epk) || !only_known(epk, known) ||
	    !is_text(epk, "kty", "EC") || !is_text(epk, "crv", "P-256"))
		return uk_fail(UK_ERR_FORMAT);
	uk_put_u8(&point, 0x04);
	UK_TRY(put_coordinate(epk, "x", &point));
	UK_TRY(put_coordinate(epk, "y", &point));
	return uk_key_from_point(c, uk_buf_view(&point), out);
}

static uk_err read_members(uk_crypto *c, json_t *o, struct header *out)
{
	static const char *const known[] = { "alg", "enc", "epk", "kid", "apu",
		"apv", "typ", "cty", NULL };

	if (!json_is_object(o) || !only_known(o, known) ||
	    !is_text(o, "alg", "ECDH-ES") || !is_text(o, "enc", "A256GCM"))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(decode(text_of(o, "apu"), 0, 32, &out->apu));
	UK_TRY(decode(text_of(o, "apv"), 0, 32, &out->apv));
	return read_epk(c, json_object_get(o, "epk"), &out->epk);
}

static uk_err read_header(uk_crypto *c, uk_bytes part, struct header *out)
{
	uk_blob text = { NULL, 0 };
	json_t *o = NULL;
	uk_err err = decode(part, 2, 1024, &text);

	if (uk_is_ok(err)) {
		o = json_loadb(
		    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
		err = read_members(c, o, out);
	}
	json_decref(o);
	uk_blob_free(&text);
	return err;
}

/* --- keys ---------------------------------------------------------------- */

static void put_sized(uk_buf *out, uk_bytes v)
{
	uk_put_u32(out, (uint32_t)v.n);
	uk_put(out, v);
}

uk_err bank_jwe_derive(uk_crypto *c, uk_bytes secret, const char *alg,
    uk_bytes apu, uk_bytes apv, unsigned bits, uk_buf *out)
{
	uint8_t info_room[INFO_MAX], hash_room[UK_HASH_MAX];
	uk_buf info = UK_BUF(info_room), hash = UK_BUF(hash_room);
	const uint8_t counter[] = { 0, 0, 0, 1 };
	uk_err err;

	put_sized(&info, uk_view_str(alg));
	put_sized(&info, apu);
	put_sized(&info, apv);
	uk_put_u32(&info, bits);
	UK_TRY(uk_buf_result(&info));
	if (bits > 256)
		return uk_fail(UK_ERR_ARGUMENT);
	err = uk_hash_parts(c, UK_HASH_SHA256,
	    (const uk_bytes[]){ UK_ARRAY(counter), secret, uk_buf_view(&info) },
	    3, &hash);
	if (uk_is_ok(err))
		uk_put(out, uk_bytes_first(uk_buf_view(&hash), bits / 8));
	uk_wipe(hash_room, sizeof(hash_room));
	return err;
}

static uk_err content_key(
    uk_crypto *c, const uk_key *own, const struct header *h, uk_buf *key)
{
	uint8_t storage[32];
	uk_buf secret = UK_BUF(storage);
	uk_err err = uk_key_agree(own, h->epk, &secret);

	if (uk_is_ok(err))
		err = bank_jwe_derive(c, uk_buf_view(&secret), "A256GCM",
		    uk_blob_view(&h->apu), uk_blob_view(&h->apv), 256, key);
	uk_wipe(storage, sizeof(storage));
	return err;
}

/* --- opening ------------------------------------------------------------- */

static uk_err open_content(
    uk_crypto *c, uk_bytes key, const uk_bytes parts[PARTS], uk_buf *plain)
{
	uk_blob iv = { NULL, 0 }, text = { NULL, 0 }, tag = { NULL, 0 };
	uk_err err = decode(parts[2], UK_GCM_NONCE, UK_GCM_NONCE, &iv);

	if (uk_is_ok(err))
		err = decode(parts[3], 0, BANK_JWE_PLAIN_MAX, &text);
	if (uk_is_ok(err))
		err = decode(parts[4], UK_GCM_TAG, UK_GCM_TAG, &tag);
	if (uk_is_ok(err))
		err = uk_blob_add(&text, uk_blob_view(&tag));
	/* The header is authenticated as it was sent (RFC 7516, 5.2, 14). */
	if (uk_is_ok(err))
		err = uk_gcm_open(c, key, uk_blob_view(&iv), parts[0],
		    uk_blob_view(&text), plain);
	uk_blob_free(&iv);
	uk_blob_free(&text);
	uk_blob_free(&tag);
	return err;
}

uk_err bank_jwe_open(
    uk_crypto *c, const uk_key *own, uk_bytes compact, uk_buf *plain)
{
	struct header h = { { NULL, 0 }, { NULL, 0 }, NULL };
	uint8_t storage[32];
	uk_buf key = UK_BUF(storage);
	uk_bytes parts[PARTS];
	uk_err err;

	if (compact.n > BANK_JWE_MAX)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(split(compact, parts));
	if (parts[1].n != 0) /* direct agreement: no encrypted key */
		return uk_fail(UK_ERR_FORMAT);
	err = read_header(c, parts[0], &h);
	if (uk_is_ok(err))
		err = content_key(c, own, &h, &key);
	if (uk_is_ok(err))
		err = open_content(c, uk_buf_view(&key), parts, plain);
	uk_wipe(storage, sizeof(storage));
	uk_blob_free(&h.apu);
	uk_blob_free(&h.apv);
	uk_key_close(&h.epk);
	return err;
}
