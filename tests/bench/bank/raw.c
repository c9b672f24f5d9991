/* What OpenSSL's verifications alone cost. */
#include "raw.h"

#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOGETHER = 50 };

EVP_PKEY *raw_key(const char *kind)
{
	if (strcmp(kind, "RSA-2048") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	if (strcmp(kind, "SM2") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
}

static double spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static EVP_PKEY_CTX *context(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);

	if (c == NULL || init(c) != 1)
		abort();
	if (EVP_PKEY_is_a(key, "RSA") &&
	    (EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) != 1 ||
		EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) != 1))
		abort();
	return c;
}

double raw_verifications(EVP_PKEY *key, double seconds)
{
	static const unsigned char hash[32] = { 1, 2, 3 };
	unsigned char sig[512];
	size_t n = sizeof(sig), done = 0;
	EVP_PKEY_CTX *sign = context(key, EVP_PKEY_sign_init);
	EVP_PKEY_CTX *verify = context(key, EVP_PKEY_verify_init);
	double began, took;

	if (EVP_PKEY_sign(sign, sig, &n, hash, sizeof(hash)) != 1)
		abort();
	began = spent();
	do {
		for (int i = 0; i < TOGETHER; i++) {
			if (EVP_PKEY_verify(
				verify, sig, n, hash, sizeof(hash)) != 1)
				abort();
		}
		done += TOGETHER;
		took = spent() - began;
	} while (took < seconds);
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_CTX_free(verify);
	return (double)done / took;
}
