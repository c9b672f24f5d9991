/* Answer to reset, ISO/IEC 7816-3:2006, 8.2; historical bytes, 7816-4, 12.1.1.
 */
#include "atr.h"

enum {
	ATR_MAX = 33, /* TS and 32 characters, 8.2.1 */
	TS_DIRECT = 0x3b,
	TS_INVERSE = 0x3f,
	T_GLOBAL = 15, /* not a protocol: global interface bytes follow */
	CATEGORY_STATUS_BEHIND = 0x00, /* three status bytes close the list */
	CATEGORY_TLV = 0x80,
	TAG_CAPABILITIES = 7,
	TAG_SERVICES = 0x31, /* with its length */
	SERVICE_DIR = 0x20   /* bit 6: data objects in EF.DIR */
};

/* TA, TB and TC of one group are skipped; its TD, if any, is the result. */
static int get_group(uk_reader *r, int present)
{
	for (int bit = 0x10; bit < 0x80; bit <<= 1) {
		if (present & bit)
			(void)uk_get_u8(r);
	}
	return present & 0x80 ? uk_get_u8(r) : -1;
}

/* The interface bytes; says whether a check byte closes the answer (8.2.5). */
static bool get_interface(uk_reader *r, uint8_t t0, uk_atr *out)
{
	int td = get_group(r, t0);
	bool check = false;

	if (td < 0)
		out->protocols = 1 << 0; /* 8.2.3: T=0 when none is named */
	while (td >= 0 && !r->bad) {
		int protocol = td & 0x0f;

		if (protocol != T_GLOBAL)
			out->protocols |= (uint16_t)(1U << protocol);
		check = check || protocol != 0;
		td = get_group(r, td);
	}
	return check;
}

static bool check_byte_fits(uk_bytes atr)
{
	uint8_t sum = 0;

	for (size_t i = 1; i < atr.n; i++) /* T0 to TCK */
		sum ^= atr.p[i];
	return sum == 0;
}

/* 7816-4, 12.1.1.9: third software function table */
static void use_capabilities(uk_bytes tables, uk_atr *out)
{
	out->says_capabilities = true;
	if (tables.n < 3)
		return;
	out->chaining = (tables.p[2] & 0x80) != 0;
	out->extended = (tables.p[2] & 0x40) != 0;
}

/* COMPACT-TLV: tag and length are one nibble each. What does not fit is the
 * card's private matter, not an error of the ATR. */
static void read_historical(uk_bytes historical, uk_atr *out)
{
	uk_reader r = uk_read(historical);
	uint8_t category = uk_get_u8(&r);

	if (category == CATEGORY_STATUS_BEHIND && historical.n >= 4)
		r = uk_read(uk_bytes_from(
		    uk_bytes_first(historical, historical.n - 3), 1));
	else if (category != CATEGORY_TLV)
		return;
	while (r.left > 0 && !r.bad) {
		uint8_t head = uk_get_u8(&r);
		uk_bytes value = uk_get(&r, head & 0x0f);

		if (!r.bad && head >> 4 == TAG_CAPABILITIES)
			use_capabilities(value, out);
		if (!r.bad && head == TAG_SERVICES)
			out->directory = (value.p[0] & SERVICE_DIR) != 0;
	}
}

uk_err uk_atr_parse(uk_bytes atr, uk_atr *out)
{
	uk_reader r = uk_read(atr);
	uint8_t ts = uk_get_u8(&r);
	uint8_t t0 = uk_get_u8(&r);
	uk_atr a = { 0 };
	bool check;

	*out = a;
	if (atr.n > ATR_MAX || (ts != TS_DIRECT && ts != TS_INVERSE))
		return uk_fail(UK_ERR_FORMAT);
	check = get_interface(&r, t0, &a);
	a.historical = uk_get(&r, t0 & 0x0f);
	if (check)
		(void)uk_get_u8(&r); /* TCK */
	UK_TRY(uk_read_end(&r));
	if (check && !check_byte_fits(atr))
		return uk_fail(UK_ERR_FORMAT);
	if (a.historical.n > 0)
		read_historical(a.historical, &a);
	*out = a;
	return uk_ok();
}
