/* Logging in, in the order of docs/protocol.md, section 3. */
#include "login.h"

#include "customers.h"

enum bank_code bank_login_challenge(struct bank *b,
    const struct bank_challenge_request *r, int64_t now,
    struct bank_challenge *out)
{
	uint8_t hashes[3][32], storage[256];
	uk_buf hash[3] = { UK_BUF(hashes[0]), UK_BUF(hashes[1]),
		UK_BUF(hashes[2]) };
	uk_buf message = UK_BUF(storage), signature = UK_BUF(out->signature);
	uk_bytes texts[3];
	enum bank_code code = bank_nonces_make(b->nonces, now, out->nonce);

	if (code != BANK_OK)
		return code;
	texts[0] = uk_view_str(b->origin);
	texts[1] = UK_ARRAY(out->nonce);
	texts[2] = uk_blob_view(&r->client_nonce);
	for (size_t i = 0; i < 3; i++) {
		if (!uk_is_ok(uk_hash_one(
			b->crypto, UK_HASH_SHA256, texts[i], &hash[i])))
			return BANK_INTERNAL;
	}
	bank_put_challenge(&message, uk_buf_view(&hash[0]),
	    uk_buf_view(&hash[1]), uk_buf_view(&hash[2]));
	if (!uk_is_ok(uk_buf_result(&message)) ||
	    !uk_is_ok(bank_sign(b, uk_buf_view(&message), &signature)))
		return BANK_INTERNAL;
	out->expires = now + BANK_NONCE_SECONDS;
	return BANK_OK;
}

/* Nothing is known of it: decode and check it, and remember that it is good. */
static enum bank_code check_new(struct bank *b, uk_bytes fingerprint,
    uk_bytes der, enum uk_purpose purpose, int64_t now, const uk_cert **out)
{
	const uk_trust *trust = bank_trust(b);
	uk_cert *cert = NULL;
	struct uk_trust_question q = { .purpose = purpose, .now = now };
	int64_t until;
	uk_err err = uk_cert_from_der(b->crypto, der, &cert);

	if (!uk_is_ok(err))
		return uk_is(err, UK_ERR_MEMORY) ? BANK_INTERNAL
						 : BANK_CERT_MALFORMED;
	q.cert = cert;
	err = uk_trust_ask(trust, &q, &until);
	if (uk_is_ok(err))
		*out = bank_certs_keep(
		    b->certs, fingerprint, purpose, now, until, &cert);
	uk_cert_close(&cert);
	return bank_code_of(err);
}

enum bank_code bank_check_cert(struct bank *b, uk_bytes der,
    enum uk_purpose purpose, int64_t now, const uk_cert **out)
{
	uint8_t storage[BANK_FINGERPRINT];
	uk_buf hash = UK_BUF(storage);

	*out = NULL;
	(void)bank_trust(b); /* a new revocation list makes all be forgotten */
	if (!uk_is_ok(uk_hash_one(b->crypto, UK_HASH_SHA256, der, &hash)))
		return BANK_INTERNAL;
	*out = bank_certs_find(b->certs, uk_buf_view(&hash), purpose, now);
	bank_metrics_certificate(b->metrics, *out != NULL);
	if (*out != NULL)
		return BANK_OK;
	return check_new(b, uk_buf_view(&hash), der, purpose, now, out);
}

/* --- sessions ------------------------------------------------------------ */

static enum bank_code begin_session(struct bank *b, const uk_cert *cert,
    int64_t now, struct bank_logged_in *out)
{
	uint8_t storage[BANK_FINGERPRINT];
	uk_buf hash = UK_BUF(storage), token = UK_BUF(out->token);

	if (!uk_is_ok(uk_hash_one(
		b->crypto, UK_HASH_SHA256, uk_cert_der(cert), &hash)))
		return BANK_INTERNAL;
	return bank_sessions_add(b->sessions, out->customer, uk_buf_view(&hash),
	    now, &token, &out->expires);
}

/* Is the certificate that it was begun with still good? */
static enum bank_code recheck(
    struct bank *b, const struct bank_session *s, int64_t now)
{
	static const uint8_t none[BANK_SESSION_CERTIFICATE];
	const uk_cert *cert = NULL;
	uk_blob der = { NULL, 0 };
	enum bank_code code;

	if (uk_bytes_eq(UK_ARRAY(s->certificate), UK_ARRAY(none)))
		return BANK_OK;
	(void)bank_trust(b);
	if (bank_certs_find(
		b->certs, UK_ARRAY(s->certificate), UK_FOR_LOGIN, now) != NULL)
		return BANK_OK;
	code = bank_code_of(bank_cert_read(
	    b->store, UK_ARRAY(s->certificate), UK_FOR_LOGIN, &der));
	if (code == BANK_OK)
		code = bank_check_cert(
		    b, uk_blob_view(&der), UK_FOR_LOGIN, now, &cert);
	uk_blob_free(&der);
	return code;
}

enum bank_code bank_session_of(
    struct bank *b, uk_bytes token, int64_t now, int64_t *customer)
{
	struct bank_session s;
	enum bank_code code = bank_sessions_find(b->sessions, token, now, &s);

	*customer = 0;
	if (code != BANK_OK)
		return code;
	code = recheck(b, &s, now);
	if (code == BANK_INTERNAL)
		return code;
	if (code != BANK_OK) {
		bank_sessions_end(b->sessions, token);
		return BANK_NO_SESSION;
	}
	*customer = s.customer;
	return BANK_OK;
}

/* --- logging in ---------------------------------------------------------- */

/* hash(origin) || hash(nonce), in the hash of the algorithm. */
static uk_err put_signed(
    struct bank *b, enum uk_hash hash, uk_bytes nonce, uk_buf *out)
{
	UK_TRY(uk_hash_one(b->crypto, hash, uk_view_str(b->origin), out));
	return uk_hash_one(b->crypto, hash, nonce, out);
}

static enum bank_code check_signature(struct bank *b, const uk_cert *cert,
    const struct bank_alg *alg, const struct bank_login_request *r)
{
	uint8_t storage[2 * UK_HASH_MAX];
	uk_buf message = UK_BUF(storage);
	uk_err err = put_signed(
	    b, alg->hash, uk_blob_view(&r->nonce), &message);

	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	/* An algorithm that does not fit the key is a wrong signature, too. */
	if (alg->key != uk_key_kind(uk_cert_key(cert)))
		return BANK_LOGIN_SIGNATURE;
	err = uk_key_verify(uk_cert_key(cert), alg->scheme, alg->hash,
	    uk_buf_view(&message), uk_blob_view(&r->signature));
	if (uk_is(err, UK_ERR_MEMORY))
		return BANK_INTERNAL;
	return uk_is_ok(err) ? BANK_OK : BANK_LOGIN_SIGNATURE;
}

static enum bank_code find_customer(
    struct bank *b, const uk_cert *cert, int64_t *customer)
{
	uk_err err = bank_cert_owner(
	    b->store, b->crypto, uk_cert_der(cert), UK_FOR_LOGIN, customer);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_CERT_UNKNOWN;
	return bank_code_of(err);
}

static const struct bank_alg *find_alg(const uk_blob *name)
{
	/* A blob has a NUL behind it; jansson lets none be inside. */
	return bank_alg_by_name((const char *)name->p);
}

enum bank_code bank_login(struct bank *b, const struct bank_login_request *r,
    int64_t now, struct bank_logged_in *out)
{
	const struct bank_alg *alg = find_alg(&r->algorithm);
	const uk_cert *cert = NULL;
	enum bank_code code;

	if (alg == NULL || !uk_bytes_eq(uk_blob_view(&r->format),
			       uk_view_str(BANK_TOKEN_FORMAT)))
		return BANK_MALFORMED;
	code = bank_nonces_take(b->nonces, uk_blob_view(&r->nonce), now);
	if (code == BANK_OK)
		code = bank_check_cert(
		    b, uk_blob_view(&r->certificate), UK_FOR_LOGIN, now, &cert);
	if (code == BANK_OK)
		code = check_signature(b, cert, alg, r);
	if (code == BANK_OK)
		code = find_customer(b, cert, &out->customer);
	if (code == BANK_OK)
		code = begin_session(b, cert, now, out);
	return code;
}
