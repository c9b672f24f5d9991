/* PIN entries of a host that lies: what comes out is a command of the length it
 * says, at most as long as a short one can be. */
#include "fuzz_check.h"
#include "padentry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uk_pin pins[] = { { 4, "1234" },
		{ 16, "1234567890123456" }, { 1, "1" } };
	uint8_t storage[TRM_PIN_COMMAND_MAX];
	struct trm_pin_wish w;

	if (!uk_is_ok(trm_pin_read(uk_view(data, size), &w)))
		return 0;
	CHECK(w.min >= 1 && w.min <= w.max && w.max <= TRM_PIN_DIGITS_MAX);
	for (size_t i = 0; i < 3; i++) {
		uk_buf out = UK_BUF(storage);

		if (!uk_is_ok(trm_pin_command(&w, &pins[i], &pins[i], &out)))
			continue;
		CHECK(out.len >= 5 && out.len == 5u + storage[4]);
	}
	return 0;
}
