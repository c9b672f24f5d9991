/* What readers tell about their PIN pads, and structures made from it. */
#include "display.h"
#include "fuzz_check.h"
#include "pinpad.h"

static void build(const struct uk_pinpad_limits *pad, uk_bytes data)
{
	uk_reader r = uk_read(data);
	struct uk_pinpad_entry e = { .ins = 0x20,
		.asks_old = (uk_get_u8(&r) & 1) != 0,
		.asks_new = (uk_get_u8(&r) & 1) != 0,
		.pin_min = uk_get_u8(&r),
		.pin_max = uk_get_u8(&r) };
	uint8_t storage[UK_PINPAD_ENTRY_MAX];
	uk_buf out = UK_BUF(storage);
	size_t range = e.asks_new ? 7 : 5; /* wPINMaxExtraDigit */

	if (!uk_is_ok(uk_pinpad_put_entry(&e, pad, &out)))
		return;
	CHECK(out.p[range + 1] >= 1 && out.p[range] <= 15);
	CHECK(out.p[range + 1] <= out.p[range]);
	CHECK(pad->pin_max == 0 || out.p[range] <= pad->pin_max);
	CHECK(out.p[range + 1] >= pad->pin_min);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes all = uk_view(data, size);
	struct uk_pinpad_limits pad = { 0 };
	struct uk_pinpad_features f;

	if (uk_is_ok(uk_pinpad_parse_features(all, &f)))
		CHECK(size % 6 == 0);
	else
		CHECK(f.verify == 0 && f.modify == 0);
	if (!uk_is_ok(uk_pinpad_parse_tlv(all, &pad)))
		CHECK(pad.pin_min == 0 && pad.pin_max == 0);
	if (uk_is_ok(uk_pinpad_parse_properties(all, &pad)))
		CHECK(size == 4);
	if (uk_is_ok(uk_display_result(all)))
		CHECK(size == 2);
	if (uk_is_ok(uk_pinpad_result(all)))
		CHECK(size == 2);
	build(&pad, all);
	return 0;
}
