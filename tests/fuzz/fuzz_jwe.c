/* JWE in compact form: whatever comes, nothing is appended unless all is good.
 * No input opens with a key that is made anew in each run. */
#include "jwe.h"

#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uk_crypto *crypto;
	static uk_key *own;
	uint8_t room[BANK_JWE_PLAIN_MAX];
	uk_buf plain = UK_BUF(room);
	uk_err err;

	if (crypto == NULL) {
		CHECK(uk_is_ok(uk_crypto_open(&crypto)));
		CHECK(uk_is_ok(uk_key_make_p256(crypto, &own)));
	}
	err = bank_jwe_open(crypto, own, uk_view(data, size), &plain);
	CHECK(uk_is(err, UK_ERR_FORMAT) || uk_is(err, UK_ERR_SIGNATURE));
	CHECK(plain.len == 0);
	return 0;
}
