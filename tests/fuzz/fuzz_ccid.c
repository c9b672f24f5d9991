/* CCID messages: what is read can be written again, and is the same. */
#include "ccid.h"
#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t storage[UK_CCID_MAX];
	uk_bytes in = uk_view(data, size);
	uk_buf out = UK_BUF(storage);
	struct uk_ccid_slots slots;
	struct uk_ccid m;

	if (uk_is_ok(uk_ccid_parse_slots(in, &slots))) {
		uk_ccid_put_slots(&out, &slots);
		CHECK(uk_bytes_eq(uk_buf_view(&out), in));
		return 0;
	}
	if (!uk_is_ok(uk_ccid_parse(in, &m)))
		return 0;
	CHECK(lies_inside(m.data, in));
	uk_ccid_put(&out, &m);
	CHECK(uk_bytes_eq(uk_buf_view(&out), in));
	return 0;
}
