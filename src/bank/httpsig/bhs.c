/* Signed messages: algorithms, digests, policy. */
#include "bhs.h"

#include "hex.h"

#include <inttypes.h>
#include <stdio.h>

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))
#define LABEL   "sig"

/* --- algorithms (RFC 9421, 3.3) ------------------------------------------ */

static const struct alg {
	const char *name;
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	enum uk_key_type key;
} algs[] = {
	/* The first one that fits a key is what we sign with. */
	{ "ecdsa-p256-sha256", UK_SIG_ECDSA, UK_HASH_SHA256, UK_KEY_P256 },
	{ "ed25519", UK_SIG_EDDSA, UK_HASH_NONE, UK_KEY_ED25519 },
	{ "rsa-pss-sha512", UK_SIG_PSS, UK_HASH_SHA512, UK_KEY_RSA },
	{ "rsa-v1_5-sha256", UK_SIG_PKCS1, UK_HASH_SHA256, UK_KEY_RSA },
};

static const struct alg *find_alg(const uk_key *key, uk_bytes name)
{
	for (size_t i = 0; i < ROWS(algs); i++) {
		if (algs[i].key == uk_key_kind(key) &&
		    (name.n == 0 ||
			uk_bytes_eq(name, uk_view_str(algs[i].name))))
			return &algs[i];
	}
	return NULL;
}

const char *bhs_alg_of(const uk_key *key)
{
	const struct alg *a = find_alg(key, UK_NONE);

	return a == NULL ? NULL : a->name;
}

bool bhs_alg_fits(const uk_key *key, uk_bytes alg)
{
	return alg.n > 0 && find_alg(key, alg) != NULL;
}

uk_err bhs_keyid(uk_crypto *c, const uk_key *key, uk_buf *out)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);
	uk_blob spki = { NULL, 0 };
	uk_err err = uk_key_spki(key, &spki);

	if (uk_is_ok(err))
		err = uk_hash_one(
		    c, UK_HASH_SHA256, uk_blob_view(&spki), &hash);
	uk_blob_free(&spki);
	UK_TRY(err);
	uk_put_hex(out, uk_buf_view(&hash));
	return uk_buf_result(out);
}

/* --- digests (RFC 9530) -------------------------------------------------- */

static const struct digest {
	const char *name;
	enum uk_hash hash;
} digests[] = {
	{ "sha-256", UK_HASH_SHA256 },
	{ "sha-512", UK_HASH_SHA512 },
};

uk_err bhs_put_digest(uk_crypto *c, uk_bytes body, uk_buf *out)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);
	uk_blob text = { NULL, 0 };
	uk_err err;

	UK_TRY(uk_hash_one(c, UK_HASH_SHA256, body, &hash));
	UK_TRY(uk_base64_encode(uk_buf_view(&hash), &text));
	uk_put_str(out, "sha-256=:");
	uk_put(out, uk_blob_view(&text));
	uk_put_u8(out, ':');
	err = uk_buf_result(out);
	uk_blob_free(&text);
	return err;
}

static uk_err check_one(
    uk_crypto *c, const struct digest *d, const uk_sf_member *m, uk_bytes body)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);
	uk_blob said = { NULL, 0 };
	uk_err err;

	if (m->is_list || m->items[0].value.type != UK_SF_BYTES)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_hash_one(c, d->hash, body, &hash));
	err = uk_base64_decode(m->items[0].value.text, &said);
	if (uk_is_ok(err) &&
	    !uk_bytes_eq(uk_buf_view(&hash), uk_blob_view(&said)))
		err = uk_fail(UK_ERR_SIGNATURE);
	uk_blob_free(&said);
	return err;
}

uk_err bhs_check_digest(uk_crypto *c, uk_bytes field, uk_bytes body)
{
	uk_sf_member m;
	size_t known = 0;

	for (size_t i = 0; i < ROWS(digests); i++) {
		uk_err err = uk_sf_find(
		    field, uk_view_str(digests[i].name), &m);

		if (uk_is(err, UK_ERR_NOT_FOUND))
			continue;
		UK_TRY(err);
		UK_TRY(check_one(c, &digests[i], &m, body));
		known++;
	}
	return known > 0 ? uk_ok() : uk_fail(UK_ERR_SIGNATURE);
}

/* --- policy -------------------------------------------------------------- */

/* What a signature must cover, and what ours do. */
static const struct cover {
	const char *name;
	bool of_request, with_body;
} requests[] = {
	{ "@method", false, false },
	{ "@authority", false, false },
	{ "@path", false, false },
	{ "@query", false, false },
	{ "content-type", false, true },
	{ "content-digest", false, true },
}, answers[] = {
	{ "@status", false, false },
	{ "content-type", false, false },
	{ "content-digest", false, false },
	/* The answer to this very request: its signature holds the nonce. */
	{ "@method", true, false },
	{ "@path", true, false },
	{ "signature", true, false },
};

static uk_err check_covers(const struct uk_httpsig *s,
    const struct cover *wanted, size_t n, bool has_body)
{
	for (size_t i = 0; i < n; i++) {
		if (wanted[i].with_body && !has_body)
			continue;
		if (!uk_httpsig_covers(s, wanted[i].name, wanted[i].of_request))
			return uk_fail(UK_ERR_CONDITIONS);
	}
	return uk_ok();
}

static uk_err check_time(const struct uk_httpsig *s, int64_t now)
{
	if (s->created < 0)
		return uk_fail(UK_ERR_CONDITIONS);
	if (s->created < now - BHS_WINDOW || s->created > now + BHS_WINDOW ||
	    (s->expires >= 0 && s->expires < now))
		return uk_fail(UK_ERR_TIMEOUT);
	return uk_ok();
}

uk_err bhs_check_request(const struct uk_httpsig *s, bool has_body, int64_t now)
{
	UK_TRY(check_covers(s, requests, ROWS(requests), has_body));
	if (s->nonce.n < BHS_NONCE_MIN || s->nonce.n > BHS_NONCE_MAX ||
	    s->keyid.n == 0 || s->keyid.n > BHS_KEYID_MAX)
		return uk_fail(UK_ERR_CONDITIONS);
	return check_time(s, now);
}

uk_err bhs_check_answer(const struct uk_httpsig *s, int64_t now)
{
	UK_TRY(check_covers(s, answers, ROWS(answers), true));
	return check_time(s, now);
}

/* --- verifying and signing ----------------------------------------------- */

static uk_err verify_base(const uk_key *key, const struct alg *a,
    const struct uk_httpsig *s, uk_bytes base)
{
	uk_blob signature = { NULL, 0 };
	uk_err err = uk_base64_decode(s->signature, &signature);

	if (uk_is_ok(err))
		err = uk_key_verify(
		    key, a->scheme, a->hash, base, uk_blob_view(&signature));
	uk_blob_free(&signature);
	return err;
}

uk_err bhs_verify(const uk_key *key, uk_bytes alg, const struct uk_httpsig *s,
    const struct uk_http_message *m)
{
	const struct alg *a = find_alg(key, alg);
	uint8_t *room;
	uk_buf base;
	uk_err err;

	if (a == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	if (s->alg.n > 0 && !uk_bytes_eq(s->alg, uk_view_str(a->name)))
		return uk_fail(UK_ERR_SIGNATURE);
	room = uk_new(UK_HTTPSIG_BASE_MAX);
	if (room == NULL)
		return uk_fail(UK_ERR_MEMORY);
	base = uk_buf_over(room, UK_HTTPSIG_BASE_MAX);
	err = uk_httpsig_base(s, m, &base);
	if (uk_is_ok(err))
		err = verify_base(key, a, s, uk_buf_view(&base));
	uk_free(room);
	return err;
}

static void put_components(
    uk_buf *out, const struct cover *list, size_t n, bool has_body)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (list[i].with_body && !has_body)
			continue;
		uk_put_str(out, first ? "\"" : " \"");
		uk_put_str(out, list[i].name);
		uk_put_str(out, list[i].of_request ? "\";req" : "\"");
		first = false;
	}
}

static void put_string_param(uk_buf *out, const char *name, uk_bytes v)
{
	uk_put_str(out, name);
	uk_put_str(out, "=\"");
	uk_put(out, v);
	uk_put_str(out, "\"");
}

static void put_input(const struct bhs_signing *s, bool answer, uk_buf *out)
{
	char created[40];

	snprintf(created, sizeof(created), ");created=%" PRId64, s->now);
	uk_put_str(out, LABEL "=(");
	if (answer)
		put_components(out, answers, ROWS(answers), true);
	else
		put_components(out, requests, ROWS(requests), s->has_body);
	uk_put_str(out, created);
	if (s->nonce.n > 0)
		put_string_param(out, ";nonce", s->nonce);
	put_string_param(out, ";keyid", s->keyid);
	put_string_param(out, ";tag", uk_view_str(s->tag));
}

static uk_err sign_base(
    const struct bhs_signing *s, uk_bytes base, uk_buf *signature)
{
	uint8_t storage[1024];
	uk_buf raw = UK_BUF(storage);
	uk_blob text = { NULL, 0 };
	uk_err err;

	UK_TRY(s->sign(s->arg, base, &raw));
	UK_TRY(uk_base64_encode(uk_buf_view(&raw), &text));
	uk_put_str(signature, LABEL "=:");
	uk_put(signature, uk_blob_view(&text));
	uk_put_u8(signature, ':');
	err = uk_buf_result(signature);
	uk_blob_free(&text);
	return err;
}

uk_err bhs_sign(const struct bhs_signing *s, const struct uk_http_message *m,
    uk_buf *input, uk_buf *signature)
{
	uint8_t storage[BHS_FIELD_MAX * 4];
	uk_buf base = UK_BUF(storage);
	struct uk_httpsig read;

	put_input(s, m->status != 0, input);
	UK_TRY(uk_buf_result(input));
	UK_TRY(uk_httpsig_read_input(uk_buf_view(input), &read));
	UK_TRY(uk_httpsig_base(&read, m, &base));
	return sign_base(s, uk_buf_view(&base), signature);
}
