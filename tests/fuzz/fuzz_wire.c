/* Messages of the reader socket: what is read can be written again, and is the
 * same. */
#include "fuzz_check.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t storage[UK_WIRE_MAX];
	uk_bytes in = uk_view(data, size);
	uk_buf out = UK_BUF(storage);
	struct uk_wire m;
	size_t taken;
	uk_err err = uk_wire_decode(in, &m, &taken);

	CHECK(uk_is_ok(err) || uk_is(err, UK_ERR_TOO_SMALL) ||
	      uk_is(err, UK_ERR_FORMAT));
	if (!uk_is_ok(err))
		return 0;
	CHECK(taken >= UK_WIRE_HEAD && taken <= size);
	CHECK(lies_inside(m.apdu, in));
	CHECK(m.slot_count <= UK_WIRE_SLOTS_MAX);
	CHECK(uk_is_ok(uk_wire_encode(&m, &out)));
	CHECK(uk_bytes_eq(uk_buf_view(&out), uk_bytes_first(in, taken)));
	return 0;
}
