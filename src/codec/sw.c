/* Status words become errors here and nowhere else. */
#include "sw.h"

#include <stddef.h>

static const struct sw_row {
	uint16_t sw, mask;
	uint16_t code;
} rows[] = {
	{ UK_SW_OK, 0xffff, UK_OK },
	{ UK_SW_TRIES, 0xfff0, UK_ERR_PIN_WRONG },
	{ 0x6300, 0xffff, UK_ERR_PIN_WRONG }, /* failed, no counter told */
	{ UK_SW_SECURITY, 0xffff, UK_ERR_NOT_LOGGED_IN },
	{ UK_SW_BLOCKED, 0xffff, UK_ERR_PIN_BLOCKED },
	{ UK_SW_REF_UNUSABLE, 0xffff, UK_ERR_CONDITIONS },
	{ UK_SW_CONDITIONS, 0xffff, UK_ERR_CONDITIONS },
	{ UK_SW_NO_CHAINING, 0xffff, UK_ERR_UNSUPPORTED },
	{ UK_SW_FUNCTION, 0xffff, UK_ERR_UNSUPPORTED },
	{ UK_SW_INS, 0xffff, UK_ERR_UNSUPPORTED },
	{ UK_SW_CLA, 0xffff, UK_ERR_UNSUPPORTED },
	{ UK_SW_NO_FILE, 0xffff, UK_ERR_NOT_FOUND },
	{ UK_SW_NO_RECORD, 0xffff, UK_ERR_NOT_FOUND },
	{ UK_SW_NO_REF, 0xffff, UK_ERR_NOT_FOUND },
	{ UK_SW_EXISTS, 0xffff, UK_ERR_EXISTS },
};

uk_err uk_sw_err(uint16_t sw)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((sw & rows[i].mask) == rows[i].sw)
			return uk_fail_sw(
			    rows[i].code, sw == UK_SW_OK ? 0 : sw);
	}
	return uk_fail_sw(UK_ERR_CARD_STATUS, sw);
}
