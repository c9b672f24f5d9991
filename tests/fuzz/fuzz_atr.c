/* Answers to reset. */
#include "atr.h"
#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes atr = uk_view(data, size);
	uk_atr a;

	if (!uk_is_ok(uk_atr_parse(atr, &a))) {
		CHECK(a.protocols == 0 && a.historical.n == 0);
		return 0;
	}
	CHECK(size >= 2 && size <= 33);
	CHECK(a.historical.n == (data[1] & 15U));
	CHECK(lies_inside(a.historical, atr));
	CHECK((a.protocols & 1U << 15) == 0); /* T=15 is no protocol */
	CHECK(a.says_capabilities || (!a.chaining && !a.extended));
	return 0;
}
