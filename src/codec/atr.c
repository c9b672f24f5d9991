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

static const struct uk_atr_interface defaults = {
	.fi_di = 0x11, .wi = 10, .ifsc = 32, .bwi = 4, .cwi = 13
};

/* One group of interface bytes; absent: -1. */
struct group {
	unsigned number; /* from 1 */
	int protocol;    /* T of the TD before it */
	int ta, tb, tc, td;
};

static int get_if(uk_reader *r, bool present)
{
	return present ? uk_get_u8(r) : -1;
}

/* present: T0 or the TD before it */
static void get_group(uk_reader *r, uint8_t present, struct group *g)
{
	g->number++;
	g->protocol = present & 0x0f;
	g->ta = get_if(r, present & 0x10);
	g->tb = get_if(r, present & 0x20);
	g->tc = get_if(r, present & 0x40);
	g->td = get_if(r, present & 0x80);
}

static void use_first(const struct group *g, struct uk_atr_interface *i)
{
	if (g->ta >= 0)
		i->fi_di = (uint8_t)g->ta;
	if (g->tc >= 0)
		i->guard = (uint8_t)g->tc;
}

/* 8.3: TA2; 10.2: TC2 */
static void use_second(const struct group *g, struct uk_atr_interface *i)
{
	i->specific = g->ta >= 0;
	if (i->specific) {
		i->only = g->ta & 0x0f;
		i->implicit = (g->ta & 0x10) != 0;
	}
	if (g->tc > 0)
		i->wi = (uint8_t)g->tc;
}

/* 11.4: the first of each kind counts. */
static void use_t1(
    const struct group *g, unsigned *seen, struct uk_atr_interface *i)
{
	if (g->ta > 0 && g->ta < 0xff && !(*seen & 1))
		i->ifsc = (uint8_t)g->ta;
	if (g->tb >= 0 && !(*seen & 2)) {
		i->bwi = (uint8_t)(g->tb >> 4);
		i->cwi = g->tb & 0x0f;
	}
	if (g->tc >= 0 && !(*seen & 4))
		i->crc = (g->tc & 1) != 0;
	*seen |= (g->ta >= 0) | (unsigned)(g->tb >= 0) << 1 |
		 (unsigned)(g->tc >= 0) << 2;
}

static void use_group(
    const struct group *g, unsigned *seen, struct uk_atr_interface *i)
{
	if (g->number == 1)
		use_first(g, i);
	else if (g->number == 2)
		use_second(g, i);
	else if (g->protocol == 1)
		use_t1(g, seen, i);
}

/* The interface bytes; says whether a check byte closes the answer (8.2.5). */
static bool get_interface(uk_reader *r, uint8_t t0, uk_atr *out)
{
	struct group g = { .td = -1 };
	unsigned seen = 0;
	bool check = false;

	get_group(r, t0, &g);
	use_group(&g, &seen, &out->interface);
	if (g.td < 0)
		out->protocols = 1 << 0; /* 8.2.3: T=0 when none is named */
	else if ((g.td & 0x0f) != T_GLOBAL)
		out->interface.first = g.td & 0x0f;
	while (g.td >= 0 && !r->bad) {
		int protocol = g.td & 0x0f;

		if (protocol != T_GLOBAL)
			out->protocols |= (uint16_t)(1U << protocol);
		check = check || protocol != 0;
		get_group(r, (uint8_t)g.td, &g);
		use_group(&g, &seen, &out->interface);
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
	uk_atr a = { .interface = defaults };
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
