/* Times and rates of contacts. Everything is counted in clock cycles first. */
#include "contact_impl.h"

enum { QUIET = 32 }; /* etu: more than two characters */

/* Tables 7 and 8; 0: reserved */
static const uint16_t f_of[16] = { 372, 372, 558, 744, 1116, 1488, 1860, 0, 0,
	512, 768, 1024, 1536, 2048, 0, 0 };
static const uint8_t d_of[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20 };

static uint64_t us(const struct trm_contact *c, uint64_t clocks)
{
	return (clocks * 1000 + c->khz - 1) / c->khz;
}

uint64_t trm_contact_first_us(const struct trm_contact *c)
{
	return us(c, 40000); /* 6.2.2 */
}

uint64_t trm_contact_initial_us(const struct trm_contact *c)
{
	return us(c, 9600 * 372); /* 8.1: initial waiting time */
}

uk_err trm_contact_times(struct trm_contact *c)
{
	const struct uk_atr_interface *i = &c->interface;
	const uint64_t f = f_of[c->speed.fi_di >> 4];
	const uint64_t d = d_of[c->speed.fi_di & 0x0f];
	uint64_t etu;

	if (f == 0 || d == 0 || i->bwi > 9) /* 11.4.3: 10 to 15 reserved */
		return uk_fail(UK_ERR_UNSUPPORTED);
	etu = (f + d - 1) / d;
	c->quiet_us = us(c, QUIET * etu);
	c->wwt_us = us(c, i->wi * 960 * f);               /* 10.2 */
	c->cwt_us = us(c, (11 + (1ULL << i->cwi)) * etu); /* 11.4.3 */
	c->bwt_us = us(c, 11 * etu + (960ULL << i->bwi) * 372);
	return uk_ok();
}
