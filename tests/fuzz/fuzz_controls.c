/* PC/SC part 10's structures of a program that lies, on their way to a
 * terminal: what comes out is as long as what came in says, and the terminal
 * can read it or refuses it. */
#include "controls.h"
#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t storage[512];

	for (int modify = 0; modify < 2; modify++) {
		uk_buf out = UK_BUF(storage);

		if (!uk_is_ok(
			trm_put_secure(modify != 0, uk_view(data, size), &out)))
			continue;
		/* bPINOperation in front; bTimerOut2, ulDataLength are gone */
		CHECK(out.len == size + 1 - 1 - 4);
		CHECK(out.p[0] == modify && out.p[1] == data[0]);
	}
	return 0;
}
