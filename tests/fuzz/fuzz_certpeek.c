/* Beginnings of certificates: what is told stays told when more comes, and a
 * whole certificate says the same. */
#include "certpeek.h"
#include "fuzz_check.h"
#include "x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uk_bytes der = uk_view(bytes, size);
	enum uk_key_type type = UK_KEY_NONE, again;
	unsigned bits = 0, bits_again;
	bool known = false;
	uk_x509 x;

	for (size_t n = 0; n <= size; n += 1 + n / 16) {
		uk_err err = uk_certpeek(
		    uk_bytes_first(der, n), &again, &bits_again);

		CHECK(!known ||
		      (uk_is_ok(err) && again == type && bits == bits_again));
		if (!known && uk_is_ok(err)) {
			known = true;
			type = again;
			bits = bits_again;
		}
	}
	if (known && uk_is_ok(uk_x509_parse(der, &x)) &&
	    x.key_type != UK_KEY_NONE)
		CHECK(x.key_type == type && x.key_bits == bits);
	return 0;
}
