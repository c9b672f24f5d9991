/* VERIFY with a plain PIN (EMV 4.3 Book 3, 6.5.12). */
#include "vc_emv.h"

#include "secret.h"
#include "vc_pins.h"

enum {
	BLOCK = 8,
	FORMAT_2 = 0x2, /* ISO 9564-1 */
	PIN_MIN = 4,
	PIN_MAX = 12,
	FILL = 0xf
};

static uint8_t nibble(uk_bytes block, size_t i)
{
	return (uint8_t)(block.p[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0x0f;
}

/* 2, length, digits, and F up to the end; the digits as text. */
static bool get_digits(uk_bytes block, uk_buf *digits)
{
	uint8_t n;

	if (block.n != BLOCK || nibble(block, 0) != FORMAT_2)
		return false;
	n = nibble(block, 1);
	if (n < PIN_MIN || n > PIN_MAX)
		return false;
	for (size_t i = 2; i < (size_t)2 * BLOCK; i++) {
		uint8_t v = nibble(block, i);

		if (i < (size_t)n + 2 ? v > 9 : v != FILL)
			return false;
		if (i < (size_t)n + 2)
			uk_put_u8(digits, (uint8_t)('0' + v));
	}
	return true;
}

/* What is no PIN block costs no try. */
uint16_t vc_emv_verify(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_emv *e = vc_emv_of(app);
	uint8_t storage[PIN_MAX];
	uk_buf digits = UK_BUF(storage);
	uint16_t sw = UK_SW_DATA;

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != VC_EMV_PIN)
		return UK_SW_P1P2;
	if (e->phase != VC_EMV_BEGUN)
		return UK_SW_CONDITIONS;
	if (cmd->data.n != BLOCK)
		return UK_SW_LENGTH;
	if (get_digits(cmd->data, &digits)) {
		sw = vc_pin_try(&app->home, VC_EMV_PIN, uk_buf_view(&digits));
		e->pin_good = sw == UK_SW_OK;
		e->pin_failed = !e->pin_good;
	}
	uk_wipe(storage, sizeof(storage));
	return sw;
}
