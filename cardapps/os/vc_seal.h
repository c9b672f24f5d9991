/*
 * Cards' files under a key of the user's: AES-256-GCM, the key made by scrypt
 * (RFC 7914) from whatever the user gave, a passphrase or random bytes.
 *
 *     E2 { 80 01 01   81 10 salt   82 0C nonce   83 n cipher text and tag }
 *
 * The salt stays with the card, the nonce is new with every write; version and
 * salt are authenticated as well. All cards of a process have the same key. A
 * file in the clear is read all the same, and sealed with its next change.
 */
#ifndef VC_SEAL_H
#define VC_SEAL_H

#include "mem.h"

enum {
	VC_SEAL_SALT = 16,
	VC_SEAL_KEY = 32,
	VC_SEAL_SECRET_MAX = 4096,
	VC_SEAL_OVERHEAD = 64 /* what a sealed image is longer, at most */
};

/* Cards opened from now on have this key; empty: none. Copied. */
UK_RESULT vc_seal_use(uk_bytes secret);

struct vc_seal {
	uint8_t salt[VC_SEAL_SALT];
	uint8_t *key; /* of uk_secret_new; NULL: the file is in the clear */
};
void vc_seal_free(struct vc_seal *s);

/* For a file that is not sealed yet: a key with a new salt, if there is a
 * secret. */
UK_RESULT vc_seal_begin(struct vc_seal *s);
bool vc_seal_is_sealed(uk_bytes file);
/* The key of this file, and its content: *n bytes of uk_secret_new, the
 * caller's. UK_ERR_NO_PERMISSION: there is no secret. UK_ERR_CRYPTO: it is
 * not this file's, or the file was changed. UK_ERR_FORMAT, UK_ERR_UNSUPPORTED.
 */
UK_RESULT vc_seal_open(
    struct vc_seal *s, uk_bytes file, uint8_t **content, size_t *n);
/* Appends the sealed content. */
UK_RESULT vc_seal_put(const struct vc_seal *s, uk_bytes content, uk_buf *out);

#endif
