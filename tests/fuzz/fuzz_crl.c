/* Revocation lists: every field is a view inside the input, and there are as
 * many entries as were counted. */
#include "crl.h"
#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes der = uk_view(data, size), serial;
	uk_reader r;
	size_t n = 0;
	uk_crl c;

	if (!uk_is_ok(uk_crl_parse(der, &c))) {
		CHECK(c.tbs.n == 0 && c.count == 0);
		return 0;
	}
	CHECK(lies_inside(c.tbs, der) && lies_inside(c.issuer, c.tbs));
	CHECK(lies_inside(c.signature, der) && lies_inside(c.algorithm, der));
	CHECK(lies_inside(c.entries, c.tbs));
	r = uk_read(c.entries);
	while (uk_crl_next(&r, &serial)) {
		CHECK(lies_inside(serial, c.entries) && serial.n > 0);
		n++;
	}
	CHECK(n == c.count && r.left == 0);
	return 0;
}
