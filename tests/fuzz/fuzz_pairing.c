/* Records of pairing from anybody, at both ends. Nobody without the code is
 * paired: no input can know the tag. */
#include "fuzz_check.h"
#include "pairing.h"

static void feed(struct trm_pairing *p, uk_bytes in)
{
	uint8_t storage[TRM_PAIRING_RECORD];
	uk_reader r = uk_read(in);

	for (int i = 0; i < 3; i++) {
		uk_buf out = UK_BUF(storage);
		uk_err err = trm_pairing_feed(
		    p, uk_get(&r, uk_get_u8(&r)), &out);

		CHECK(p->state != TRM_PAIRING_DONE);
		CHECK(uk_is_ok(err) || p->state == TRM_PAIRING_FAILED);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t point[TRM_PAIRING_POINT] = { 4 };
	static const char code[] = "12345678";
	uint8_t storage[TRM_PAIRING_RECORD];
	uk_buf out = UK_BUF(storage);
	struct trm_pairing p;

	CHECK(uk_is_ok(
	    trm_pairing_terminal(&p, uk_view_str(code), "t", UK_ARRAY(point))));
	feed(&p, uk_view(data, size));
	CHECK(uk_is_ok(trm_pairing_host(&p, uk_view_str(code), "h", &out)));
	feed(&p, uk_view(data, size));
	return 0;
}
