/*
 * Messages between bank and merchant: signed (RFC 9421) and with a digest of
 * their content (RFC 9530).
 *
 * The codec (httpsig.h) says which bytes are signed; here are the algorithms,
 * the digests, and what a signature must cover to be worth anything to us. Who
 * the key belongs to and whether a nonce was there before is for the caller.
 */
#ifndef BANK_HTTPSIG_H
#define BANK_HTTPSIG_H

#include "crypto.h"
#include "httpsig.h"

enum {
	BHS_WINDOW = 300, /* seconds between `created` and now, both ways */
	BHS_NONCE_MIN = 16,
	BHS_NONCE_MAX = 64,
	BHS_KEYID_MAX = 64,
	BHS_FIELD_MAX = 2048 /* bytes of a field that we write */
};

/* What both sides sign, by tag. */
#define BHS_TAG_ORDER    "ukey-merchant-1" /* merchant's request */
#define BHS_TAG_ANSWER   "ukey-answer-1"   /* bank's answer to it */
#define BHS_TAG_CALLBACK "ukey-callback-1" /* bank's request */
#define BHS_TAG_ACK      "ukey-ack-1"      /* merchant's answer to that */

/* The name (RFC 9421, 6.2.2) of the algorithm that we use with a key; NULL:
 * none.
 */
const char *bhs_alg_of(const uk_key *key);
/* Is it a name that fits the key? (RSA: two do.) */
bool bhs_alg_fits(const uk_key *key, uk_bytes alg);
/* keyid: lower-case hexadecimal SHA-256 of the SubjectPublicKeyInfo. */
UK_RESULT bhs_keyid(uk_crypto *c, const uk_key *key, uk_buf *out);

/* Content-Digest of a body: appends "sha-256=:...:". */
UK_RESULT bhs_put_digest(uk_crypto *c, uk_bytes body, uk_buf *out);
/* Every digest of a kind we know (sha-256, sha-512) must fit and one must be
 * there; UK_ERR_SIGNATURE if not. */
UK_RESULT bhs_check_digest(uk_crypto *c, uk_bytes field, uk_bytes body);

/* Does the signature cover and say all that we want of it? UK_ERR_CONDITIONS if
 * not, UK_ERR_TIMEOUT if its time is over or has not come. */
UK_RESULT bhs_check_request(
    const struct uk_httpsig *s, bool has_body, int64_t now);
UK_RESULT bhs_check_answer(const struct uk_httpsig *s, int64_t now);

/* UK_ERR_SIGNATURE. alg: the one the key is registered for; the signature may
 * name it, but no other. */
UK_RESULT bhs_verify(const uk_key *key, uk_bytes alg,
    const struct uk_httpsig *s, const struct uk_http_message *m);

/* Signs m with what a request or an answer must cover; appends the values of
 * Signature-Input and Signature. m must have Content-Digest and Content-Type if
 * has_body; an answer always has them. */
struct bhs_signing {
	/* By whoever holds the key: appends the raw signature. */
	UK_RESULT (*sign)(void *arg, uk_bytes base, uk_buf *raw);
	void *arg;
	const char *tag;
	uk_bytes keyid, nonce; /* nonce: of requests only */
	int64_t now;
	bool has_body;
};
UK_RESULT bhs_sign(const struct bhs_signing *s, const struct uk_http_message *m,
    uk_buf *input, uk_buf *signature);

#endif
