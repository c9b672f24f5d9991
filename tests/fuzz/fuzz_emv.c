/* Payment card data: whatever a card says, nothing is read beyond it, and what
 * is made of it is as long as it was said to be. */
#include "emv.h"
#include "fuzz_check.h"

#include <string.h>

static void lists(uk_bytes v, const struct uk_emv_set *s)
{
	uint8_t room[UK_EMV_DATA_MAX];
	uk_buf out = UK_BUF(room);
	uk_reader r = uk_read(v);
	struct uk_emv_wish w;
	struct uk_emv_file f;
	size_t n = 0;

	while (uk_emv_dol_next(&r, &w))
		n += w.n;
	if (uk_is_ok(uk_emv_dol_fill(v, s, &out)))
		CHECK(out.len == n && !r.bad);
	r = uk_read(v);
	while (uk_emv_afl_next(&r, &f))
		CHECK(f.sfi >= 1 && f.sfi <= 30 && f.first >= 1 &&
		      f.last >= f.first);
}

static void accounts(uk_bytes v)
{
	char pan[UK_EMV_PAN_MAX + 1], masked[UK_EMV_PAN_MAX + 1];
	struct uk_cvm_choice c;
	struct uk_emv_app app;
	struct uk_track2 t;
	uint64_t number;

	if (uk_is_ok(uk_emv_pan(v, pan))) {
		CHECK(strlen(pan) >= 12);
		uk_mask_pan(pan, masked);
		CHECK(strlen(masked) == strlen(pan) && strchr(masked, '*'));
	}
	if (uk_is_ok(uk_emv_track2(v, &t)))
		CHECK(strlen(t.pan) >= 12 && strlen(t.expiry) == 4 &&
		      strlen(t.service) == 3);
	if (uk_is_ok(uk_emv_app_read(v, &app)))
		CHECK(app.aid_len >= 5 && strlen(app.label) <= 16);
	UK_IGNORE(uk_cvm_choose(v, 100, true, &c)); /* must only return */
	UK_IGNORE(uk_read_bcd(v, &number));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes v = uk_view(data, size);
	struct uk_emv_set s = { .count = 0 };
	uk_bytes got;

	UK_IGNORE(uk_emv_collect(&s, v)); /* what came before stays */
	for (size_t i = 0; i < s.count; i++) {
		CHECK(uk_emv_get(&s, s.items[i].tag, &got));
		CHECK(got.n == s.items[i].n);
	}
	lists(v, &s);
	s = (struct uk_emv_set){ .count = 0 };
	if (uk_is_ok(uk_emv_read_options(&s, v)))
		CHECK(uk_emv_get_n(&s, UK_EMV_AIP, 2, &got));
	s = (struct uk_emv_set){ .count = 0 };
	if (uk_is_ok(uk_emv_read_ac(&s, v)))
		CHECK(uk_emv_get_n(&s, UK_EMV_AC, 8, &got));
	accounts(v);
	return 0;
}
