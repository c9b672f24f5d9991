#include "crypto_fixture.h"

uk_crypto *crypto;

int open_crypto(void **state)
{
	(void)state;
	return uk_is_ok(uk_crypto_open(&crypto)) ? 0 : -1;
}

int close_crypto(void **state)
{
	(void)state;
	uk_crypto_close(&crypto);
	return 0;
}
