/*
 * Is a signature right? Judged by OpenSSL, from attributes of the public key.
 */
#ifndef CONF_SIGCHECK_H
#define CONF_SIGCHECK_H

#include <stdbool.h>
#include <stddef.h>

struct sig_key {
	bool is_rsa;
	unsigned char a[1024], b[512]; /* modulus, exponent; params, point */
	size_t a_len, b_len;
};

/*
 * hash: OpenSSL's name, or NULL if the data is a hash already. pss_salt: -1 for
 * PKCS #1 v1.5. ECDSA signatures are r || s.
 */
bool sig_verify(const struct sig_key *k, const char *hash, int pss_salt,
    const unsigned char *data, size_t data_len, const unsigned char *sig,
    size_t sig_len);

#endif
