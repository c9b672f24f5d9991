/* Answers of readers with a screen of their own. */
#include "display.h"

uk_err uk_display_result(uk_bytes answer)
{
	static const struct {
		uint16_t sw, code;
	} rows[] = { { 0x9000, UK_OK }, { 0x6400, UK_ERR_TIMEOUT },
		{ 0x6401, UK_ERR_CANCELLED }, { 0x6a80, UK_ERR_FORMAT } };
	uk_reader r = uk_read(answer);
	uint16_t sw = uk_get_u16(&r);

	if (!uk_is_ok(uk_read_end(&r)))
		return uk_fail(UK_ERR_CARD_MUTE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].sw == sw)
			return sw == 0x9000 ? uk_ok()
					    : uk_fail_sw(rows[i].code, sw);
	}
	return uk_fail(UK_ERR_CARD_MUTE);
}

bool uk_display_is_key(uk_bytes answer)
{
	return answer.n == UK_DISPLAY_POINT && answer.p[0] == 0x04;
}
