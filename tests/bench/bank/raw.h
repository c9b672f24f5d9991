/* V: what OpenSSL's verifications alone cost on one core. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <openssl/evp.h>

/* A new key: "P-256", "RSA-2048" or "SM2". */
EVP_PKEY *raw_key(const char *kind);
/* Verifications of one signature a second of processor time, with key and
 * context kept, as `openssl speed` counts them. */
double raw_verifications(EVP_PKEY *key, double seconds);

#endif
