/* Logging in, in the order of docs/protocol.md, section 3. */
#include "login.h"

#include "front.h"
#include "status.h"
#include "trusted.h"

enum { FAILURES, LOGINS }; /* kinds of rates: bank.c, open_rates */

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

/* --- sessions ------------------------------------------------------------ */

static enum bank_code begin_session(struct bank *b, const uk_cert *cert,
    int64_t now, struct bank_logged_in *out)
{
	uk_bytes fingerprint = uk_cert_fingerprint(cert);
	uk_buf token = UK_BUF(out->token);

	if (!bank_rates_take(b->rates, LOGINS, fingerprint, 1, now * 1000))
		return BANK_BUSY;
	return bank_sessions_add(b->sessions, out->owner.customer, fingerprint,
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
	uk_err err;

	if (uk_bytes_eq(UK_ARRAY(s->certificate), UK_ARRAY(none)))
		return BANK_OK;
	(void)bank_trust(b, UK_FOR_LOGIN);
	if (bank_certs_find(
		b->certs, UK_ARRAY(s->certificate), UK_FOR_LOGIN, now) != NULL)
		return BANK_OK;
	err = bank_cert_read(
	    b->store, UK_ARRAY(s->certificate), UK_FOR_LOGIN, &der);
	code = uk_is(err, UK_ERR_NOT_FOUND) ? BANK_CERT_REVOKED
					    : bank_code_of(err);
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

/* --- what is signed ------------------------------------------------------ */

/* "tls-exporter:" and the exporter, or "tls-server-end-point:" and the hash of
 * the certificate (RFC 5056, 2.1: the name belongs to it). */
static enum bank_code put_binding(const struct bank *b,
    const struct bank_peer *peer, uk_bytes name, uk_buf *out)
{
	uint8_t exporter[BANK_EXPORTER_BYTES];

	uk_put(out, name);
	uk_put_u8(out, ':');
	if (uk_bytes_eq(name, uk_view_str(BANK_BIND_EXPORTER))) {
		if (peer->exporter == NULL ||
		    !peer->exporter(peer->arg, exporter))
			return BANK_CHANNEL_BINDING;
		uk_put(out, UK_ARRAY(exporter));
	} else if (uk_bytes_eq(name, uk_view_str(BANK_BIND_END_POINT))) {
		uk_put(out, uk_view(b->end_point, b->end_point_size));
	} else {
		return BANK_CHANNEL_BINDING;
	}
	return out->bad ? BANK_INTERNAL : BANK_OK;
}

/* hash(origin) || hash(nonce), and with our own format || hash(binding), in the
 * hash of the algorithm. */
static enum bank_code put_signed(struct bank *b, enum uk_hash hash,
    const struct bank_login_request *r, const struct bank_peer *peer,
    uk_buf *out)
{
	uint8_t storage[128];
	uk_buf binding = UK_BUF(storage);
	enum bank_code code;

	if (!uk_is_ok(
		uk_hash_one(b->crypto, hash, uk_view_str(b->origin), out)) ||
	    !uk_is_ok(
		uk_hash_one(b->crypto, hash, uk_blob_view(&r->nonce), out)))
		return BANK_INTERNAL;
	if (r->token.kind != BANK_TOKEN_CHANNEL)
		return BANK_OK;
	code = put_binding(b, peer, uk_blob_view(&r->token.binding), &binding);
	if (code != BANK_OK)
		return code;
	return uk_is_ok(
		   uk_hash_one(b->crypto, hash, uk_buf_view(&binding), out))
		   ? BANK_OK
		   : BANK_INTERNAL;
}

static const struct bank_alg *find_alg(const uk_blob *name)
{
	/* A blob has a NUL behind it; jansson lets none be inside. */
	return bank_alg_by_name((const char *)name->p);
}

static enum bank_code check_signature(struct bank *b, const uk_cert *cert,
    const struct bank_login_request *r, const struct bank_peer *peer)
{
	const struct bank_alg *alg = find_alg(&r->token.algorithm);
	uint8_t storage[3 * UK_HASH_MAX];
	uk_buf message = UK_BUF(storage);
	enum bank_code code = put_signed(b, alg->hash, r, peer, &message);
	uk_err err;

	if (code != BANK_OK)
		return code;
	/* An algorithm that does not fit the key is a wrong signature, too. */
	if (alg->key != uk_key_kind(uk_cert_key(cert)))
		return BANK_LOGIN_SIGNATURE;
	err = uk_key_verify(uk_cert_key(cert), alg->scheme, alg->hash,
	    uk_buf_view(&message), uk_blob_view(&r->token.signature));
	if (uk_is(err, UK_ERR_MEMORY))
		return BANK_INTERNAL;
	return uk_is_ok(err) ? BANK_OK : BANK_LOGIN_SIGNATURE;
}

/* --- the certificates that came along (format 1.1) -------------------------
 */

/* Same person, same CA, made for signing documents, good now; whether it is
 * revoked is asked when it signs. */
static enum bank_code check_signing_cert(struct bank *b,
    const struct bank_signing_cert *s, const uk_cert *login, int64_t now)
{
	struct uk_trust_question q = { .purpose = UK_FOR_TRANSACTION,
		.now = now,
		.without_revocation = true };
	struct bank_certs_sent sent = { .n = 0 };
	uk_cert *cert = NULL;
	uk_err err = uk_cert_from_der(b->crypto, uk_blob_view(&s->der), &cert);
	enum bank_code code = uk_is(err, UK_ERR_MEMORY) ? BANK_INTERNAL
							: BANK_CERT_MALFORMED;

	if (uk_is_ok(err))
		code = bank_certs_decode(b, &s->intermediates, &sent);
	if (code == BANK_OK && (!uk_cert_same_subject(login, cert) ||
				   !uk_cert_same_authority(login, cert)))
		code = BANK_CERT_PURPOSE;
	q.cert = cert;
	q.extra = sent.list;
	q.extra_count = sent.n;
	/* Against the CAs of login: it is part of the login token. */
	if (code == BANK_OK)
		code = bank_code_of(
		    uk_trust_ask(bank_trust_loaded(b, UK_FOR_LOGIN), &q, NULL));
	bank_certs_sent_free(&sent);
	uk_cert_close(&cert);
	return code;
}

static enum bank_code check_signing_certs(struct bank *b,
    const struct bank_token *t, const uk_cert *login, int64_t now)
{
	enum bank_code code = BANK_OK;

	for (size_t i = 0; code == BANK_OK && i < t->signing_count; i++)
		code = check_signing_cert(b, &t->signing[i], login, now);
	return code;
}

/* --- logging in ---------------------------------------------------------- */

static enum bank_code find_owner(
    struct bank *b, const uk_cert *cert, struct bank_owner *out)
{
	uk_err err = bank_cert_owner(
	    b->store, uk_cert_fingerprint(cert), UK_FOR_LOGIN, out);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_CERT_UNKNOWN;
	return bank_code_of(err);
}

/* Does the configuration take tokens of this kind? */
static enum bank_code check_policy(
    const struct bank *b, const struct bank_token *t)
{
	uk_bytes policy = uk_view_str(b->config.channel_binding);

	if (uk_bytes_eq(policy, uk_view_str("off")))
		return BANK_OK;
	if (t->kind != BANK_TOKEN_CHANNEL)
		return BANK_CHANNEL_BINDING;
	if (uk_bytes_eq(policy, uk_view_str("end-point")) ||
	    uk_bytes_eq(
		uk_blob_view(&t->binding), uk_view_str(BANK_BIND_EXPORTER)))
		return BANK_OK;
	return BANK_CHANNEL_BINDING;
}

/* All but the challenge. The responder comes last: nobody but the owner of the
 * key makes us ask it. */
static enum bank_code check_token(struct bank *b,
    const struct bank_login_request *r, const struct bank_peer *peer,
    int64_t now, struct bank_logged_in *out, const uk_cert **cert)
{
	const struct bank_token *t = &r->token;
	enum bank_code code = check_policy(b, t);

	if (code == BANK_OK)
		code = bank_check_cert_with(b, uk_blob_view(&t->certificate),
		    &t->intermediates, UK_FOR_LOGIN, now, cert);
	if (code == BANK_OK)
		code = check_signature(b, *cert, r, peer);
	if (code == BANK_OK)
		code = check_signing_certs(b, t, *cert, now);
	if (code == BANK_OK)
		code = find_owner(b, *cert, &out->owner);
	if (code == BANK_OK)
		code = bank_check_status(b, *cert, &t->intermediates,
		    UK_FOR_LOGIN, now, &out->pending, NULL);
	return code;
}

/* The challenge is used up whatever the answer is, but not while there is
 * none. */
static enum bank_code login_by_token(struct bank *b,
    const struct bank_login_request *r, const struct bank_peer *peer,
    int64_t now, struct bank_logged_in *out)
{
	uk_bytes nonce = uk_blob_view(&r->nonce);
	const uk_cert *cert = NULL;
	enum bank_code code, taken;

	if (find_alg(&r->token.algorithm) == NULL)
		return BANK_MALFORMED;
	code = bank_nonces_look(b->nonces, nonce, now);
	if (code != BANK_OK)
		return code;
	code = check_token(b, r, peer, now, out, &cert);
	if (code == BANK_OK && out->pending.yes)
		return BANK_OK;
	taken = bank_nonces_take(b->nonces, nonce, now, out->nonce_taken);
	out->nonce_taken = out->nonce_taken || taken == BANK_OK;
	if (taken != BANK_OK)
		return taken;
	return code == BANK_OK ? begin_session(b, cert, now, out) : code;
}

/* Whoever speaks TLS (here, or with the front that tells us) has proved that he
 * has the key; all the rest is as with a token. */
static enum bank_code login_by_tls(struct bank *b, const struct bank_peer *peer,
    int64_t now, struct bank_logged_in *out)
{
	const uk_cert *cert = NULL;
	enum bank_code code = BANK_NO_CERTIFICATE;

	if (peer->certificate.n > 0)
		code = bank_check_cert(
		    b, peer->certificate, UK_FOR_LOGIN, now, &cert);
	if (code == BANK_OK)
		code = find_owner(b, cert, &out->owner);
	if (code == BANK_OK)
		code = bank_check_status(
		    b, cert, NULL, UK_FOR_LOGIN, now, &out->pending, NULL);
	if (code == BANK_OK && !out->pending.yes)
		code = begin_session(b, cert, now, out);
	return code;
}

/* --- how often ------------------------------------------------------------ */

/* The address, as far as it is one customer's; none: not limited. */
static uk_bytes network_of(const struct bank_peer *peer, uk_buf *out)
{
	if (peer->address.n > 0)
		bank_front_network(peer->address, out);
	return uk_buf_view(out);
}

/*
 * Failures count against the address that they come from. Nothing counts
 * against a customer but what his own key has signed: whoever only knows his
 * name or certificate cannot keep him out.
 */
bool bank_login_may_try(
    struct bank *b, const struct bank_peer *peer, int64_t now, int64_t cost)
{
	uint8_t storage[16];
	uk_buf room = UK_BUF(storage);
	uk_bytes network = network_of(peer, &room);

	return network.n == 0 ||
	       bank_rates_take(b->rates, FAILURES, network, cost, now * 1000);
}

static enum bank_code count(struct bank *b, const struct bank_peer *peer,
    int64_t now, enum bank_code code)
{
	if (code != BANK_OK && code != BANK_INTERNAL && code != BANK_BUSY)
		(void)bank_login_may_try(b, peer, now, 1);
	return code;
}

enum bank_code bank_login(struct bank *b, const struct bank_login_request *r,
    const struct bank_peer *peer, int64_t now, struct bank_logged_in *out)
{
	if (!bank_login_may_try(b, peer, now, 0))
		return BANK_BUSY;
	return count(b, peer, now, login_by_token(b, r, peer, now, out));
}

enum bank_code bank_login_by_tls(struct bank *b, const struct bank_peer *peer,
    int64_t now, struct bank_logged_in *out)
{
	if (!bank_login_may_try(b, peer, now, 0))
		return BANK_BUSY;
	return count(b, peer, now, login_by_tls(b, peer, now, out));
}
