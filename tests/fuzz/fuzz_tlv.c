/* BER-TLV: objects tile the input, and written again they read the same. */
#include "fuzz_check.h"
#include "tlv.h"

static uint8_t room[16384];

static void write_and_read(const uk_tlv *t)
{
	uk_buf b = UK_BUF(room);
	uk_reader r;
	uk_tlv again;

	uk_put_tlv(&b, t->tag, t->value);
	if (b.bad)
		return;             /* longer than our room */
	CHECK(b.len <= t->whole.n); /* ours is the shortest form */
	r = uk_read(uk_buf_view(&b));
	CHECK(uk_tlv_next(&r, &again));
	CHECK(uk_is_ok(uk_read_end(&r)));
	CHECK(again.tag == t->tag && uk_bytes_eq(again.value, t->value));
}

static void walk(uk_bytes v, int depth)
{
	uk_reader r = uk_read(v);
	size_t seen = 0;
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		uk_bytes first;

		CHECK(lies_inside(t.whole, v) && lies_inside(t.value, t.whole));
		CHECK(t.whole.n >= 2 && t.whole.p == v.p + seen);
		seen += t.whole.n;
		write_and_read(&t);
		CHECK(uk_tlv_find(v, t.tag, &first));
		CHECK(lies_inside(first, v));
		if (depth > 0)
			walk(t.value, depth - 1);
	}
	CHECK(r.bad || seen == v.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes only;

	walk(uk_view(data, size), 4);
	if (size > 0 &&
	    uk_is_ok(uk_tlv_only(uk_view(data, size), data[0], &only)))
		CHECK(lies_inside(only, uk_view(data, size)));
	return 0;
}
