/* Order numbers that sort by time: 48 bits of milliseconds and 80 random bits
 * in Crockford's base 32 (the layout of a ULID, github.com/ulid/spec).
 * Time-ordered keys are also what the bank's index likes best. */
#include "bc_order_number.h"

#include "bank_client.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void bc_format_order_number(
    int64_t now_ms, const uint8_t random[10], char out[BC_ORDER_NUMBER_LEN + 1])
{
	uint64_t time = (uint64_t)now_ms & 0xffffffffffffu;
	uint64_t bits = 0;
	unsigned held = 0;
	size_t at = 10;

	for (size_t i = at; i-- > 0; time >>= 5)
		out[i] = digits[time & 31];
	for (size_t i = 0; i < 10; i++) {
		bits = bits << 8 | random[i];
		held += 8;
		for (; held >= 5; held -= 5)
			out[at++] = digits[bits >> (held - 5) & 31];
	}
	out[at] = '\0';
}

uk_err bc_make_order_number(
    uk_crypto *c, int64_t now_ms, char out[BANK_ORDER_NUMBER_MAX + 1])
{
	uint8_t random[10];

	UK_TRY(uk_random(c, random, sizeof(random)));
	bc_format_order_number(now_ms, random, out);
	return uk_ok();
}
