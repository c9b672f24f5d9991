/* An open library for tests that need one. */
#ifndef CRYPTO_FIXTURE_H
#define CRYPTO_FIXTURE_H

#include "crypto.h"

extern uk_crypto *crypto;
/* Group set-up and tear-down for cmocka. */
int open_crypto(void **state);
int close_crypto(void **state);

#endif
