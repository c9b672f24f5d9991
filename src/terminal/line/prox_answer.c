/* What a card says of itself: ATS (ISO/IEC 14443-4, 5.2), ATQB and the answer
 * to ATTRIB (ISO/IEC 14443-3, 7.9 and 7.11); and how PC/SC shows it. */
#include "prox_impl.h"

enum {
	T0_TA = 0x10,
	T0_TB = 0x20,
	T0_TC = 0x40,
	ATQB_FIRST = 0x50,
	ATQB_SHORT = 12,
	PART_4 = 0x01,
	DEFAULT_FSCI = 2,
	DEFAULT_FWI = 4,
	FWI_RESERVED = 15,
	SFGI_RESERVED = 15
};

/* 5.1; longer ones are reserved, or longer than what we send. */
static size_t frame_size(unsigned code)
{
	static const uint16_t sizes[] = { 16, 24, 32, 40, 48, 64, 96, 128 };

	return code < sizeof(sizes) / sizeof(sizes[0]) ? sizes[code]
						       : TRM_PROX_FRAME;
}

/* 7.2 and 5.2.5: what the reserved values are to be read as */
static void use_times(struct trm_prox_says *s, unsigned fwi, unsigned sfgi)
{
	s->fwi = fwi == FWI_RESERVED ? DEFAULT_FWI : (uint8_t)fwi;
	s->sfgi = sfgi == SFGI_RESERVED ? 0 : (uint8_t)sfgi;
}

/* An answer to reset has no room for more than 15. */
static void keep_historical(struct trm_prox_says *s, uk_bytes h)
{
	uk_buf kept = UK_BUF(s->historical);

	uk_put(&kept, uk_bytes_first(h, TRM_PROX_HISTORICAL));
	s->historical_n = kept.len;
}

uk_err trm_ats_parse(uk_bytes ats, struct trm_prox_says *out)
{
	uk_reader r = uk_read(ats);
	uint8_t tl = uk_get_u8(&r), t0 = DEFAULT_FSCI, tb = DEFAULT_FWI << 4;

	*out = (struct trm_prox_says){ .type_b = false };
	if (tl != ats.n || tl == 0)
		return uk_fail(UK_ERR_FORMAT);
	if (tl > 1)
		t0 = uk_get_u8(&r);
	if (t0 & T0_TA)
		(void)uk_get_u8(&r); /* rates: it stays at 106 kbit/s */
	if (t0 & T0_TB)
		tb = uk_get_u8(&r);
	if (t0 & T0_TC)
		(void)uk_get_u8(&r); /* CID and NAD: neither is sent */
	UK_TRY(uk_read_ok(&r));
	out->fsc = frame_size(t0 & 0x0f);
	use_times(out, tb >> 4, tb & 0x0f);
	keep_historical(out, uk_get_rest(&r));
	return uk_ok();
}

/* 50, PUPI, application data, protocol info of three bytes, or four of them
 * in the extended form, whose last has SFGI. */
uk_err trm_atqb_parse(uk_bytes atqb, struct trm_prox_says *out)
{
	uk_bytes shown = uk_bytes_first(uk_bytes_from(atqb, 5), 7);
	uk_reader r = uk_read(atqb);
	uint8_t first = uk_get_u8(&r), size_type, fwi, sfgi = 0;
	uk_buf pupi = UK_BUF(out->pupi);

	*out = (struct trm_prox_says){ .type_b = true };
	uk_put(&pupi, uk_get(&r, sizeof(out->pupi)));
	(void)uk_get(&r, 4 + 1); /* application data, rates */
	size_type = uk_get_u8(&r);
	fwi = uk_get_u8(&r) >> 4;
	if (atqb.n > ATQB_SHORT)
		sfgi = uk_get_u8(&r) >> 4;
	UK_TRY(uk_read_end(&r));
	if (first != ATQB_FIRST)
		return uk_fail(UK_ERR_FORMAT);
	if ((size_type & PART_4) == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	out->fsc = frame_size(size_type >> 4);
	out->protocol = size_type & 0x0f;
	use_times(out, fwi, sfgi);
	keep_historical(out, shown);
	return uk_ok();
}

/* MBLI and CID; what comes behind answers what we have not sent. MBL = FSC *
 * 2^(MBLI - 1); the byte as PC/SC shows it has no CID. */
uk_err trm_attrib_parse(uk_bytes answer, struct trm_prox_says *says)
{
	uk_reader r = uk_read(answer);
	uint8_t first = uk_get_u8(&r);
	uk_buf shown = UK_BUF(says->historical);

	UK_TRY(uk_read_ok(&r));
	if ((first & 0x0f) != 0)
		return uk_fail(UK_ERR_FORMAT);
	says->mbl = first == 0 ? 0 : says->fsc << ((first >> 4) - 1);
	shown.len = says->historical_n;
	uk_put_u8(&shown, first);
	says->historical_n = shown.len;
	return uk_ok();
}

/* PC/SC part 3, 3.1.3.2.3.1: T=0 and T=1 are both "offered". */
void trm_prox_put_atr(const struct trm_prox_says *says, uk_buf *out)
{
	uint8_t storage[TRM_PROX_ATR], check = 0;
	uk_buf atr = UK_BUF(storage);

	uk_put_u8(&atr, 0x3b);
	uk_put_u8(&atr, (uint8_t)(0x80 | says->historical_n));
	uk_put_u8(&atr, 0x80);
	uk_put_u8(&atr, 0x01);
	uk_put(&atr, uk_view(says->historical, says->historical_n));
	for (size_t i = 1; i < atr.len; i++)
		check ^= storage[i];
	uk_put_u8(&atr, check);
	uk_put(out, uk_buf_view(&atr));
}
