/* ATS, or ATQB and the answer to ATTRIB: what they make is an answer to reset.
 */
#include "atr.h"
#include "fuzz_check.h"
#include "prox.h"

static void check(const struct trm_prox_says *says)
{
	uint8_t storage[TRM_PROX_ATR];
	uk_buf atr = UK_BUF(storage);
	uk_atr parsed;

	CHECK(says->fsc >= 16 && says->fsc <= TRM_PROX_FRAME);
	CHECK(says->fwi <= 14 && says->sfgi <= 14);
	CHECK(says->mbl == 0 || says->mbl >= says->fsc);
	trm_prox_put_atr(says, &atr);
	CHECK(!atr.bad);
	CHECK(uk_is_ok(uk_atr_parse(uk_buf_view(&atr), &parsed)));
	CHECK(parsed.protocols == (1U << 0 | 1U << 1));
	CHECK(uk_bytes_eq(
	    parsed.historical, uk_view(says->historical, says->historical_n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_reader r = uk_read(uk_view(data, size));
	struct trm_prox_says says;

	if (uk_is_ok(trm_ats_parse(uk_view(data, size), &says))) {
		CHECK(size == data[0]);
		check(&says);
	}
	if (uk_is_ok(trm_atqb_parse(uk_get(&r, size > 14 ? 13 : 12), &says)) &&
	    uk_is_ok(trm_attrib_parse(uk_get_rest(&r), &says))) {
		CHECK(says.historical_n == 8);
		check(&says);
	}
	return 0;
}
