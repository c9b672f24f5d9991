/* DER has one encoding: what was read is written back byte for byte. */
#include "der.h"
#include "fuzz_check.h"
#include "tlv.h"

static uint8_t room[16384];

static void expect_same(const uk_buf *b, uk_bytes whole)
{
	CHECK(b->bad || uk_bytes_eq(uk_buf_view(b), whole));
}

static void check_integer(uk_bytes whole)
{
	uk_buf b = UK_BUF(room);
	uk_reader r = uk_read(whole);
	uk_bytes magnitude = uk_der_get_uint(&r);
	uint32_t v;

	if (!r.bad) {
		uk_put_der_uint(&b, magnitude);
		expect_same(&b, whole);
	}
	r = uk_read(whole);
	v = uk_der_get_u32(&r, UK_DER_INTEGER);
	if (r.bad)
		return;
	b = (uk_buf)UK_BUF(room);
	uk_put_der_u32(&b, UK_DER_INTEGER, v);
	expect_same(&b, whole);
}

static void check_bits(uk_bytes whole)
{
	uk_buf b = UK_BUF(room);
	uk_reader r = uk_read(whole);
	uk_bytes bits = uk_der_get_bits(&r);
	uint32_t flags;

	if (!r.bad) {
		uk_put_der_bits(&b, bits);
		expect_same(&b, whole);
	}
	r = uk_read(whole);
	flags = uk_der_get_flags(&r, UK_DER_BITS);
	if (r.bad)
		return;
	/* zeros behind the last bit are read too, so compare the meaning */
	b = (uk_buf)UK_BUF(room);
	uk_put_der_flags(&b, UK_DER_BITS, flags);
	r = uk_read(uk_buf_view(&b));
	CHECK(uk_der_get_flags(&r, UK_DER_BITS) == flags && !r.bad);
}

static void check_signature(uk_bytes der)
{
	uint8_t field[2 * 66];
	uk_buf raw = UK_BUF(field);
	uk_buf b = UK_BUF(room);

	if (!uk_is_ok(uk_sig_from_der(der, 66, &raw)))
		return;
	CHECK(raw.len == 2 * 66);
	CHECK(uk_is_ok(uk_sig_to_der(uk_buf_view(&raw), &b)));
	expect_same(&b, der);
}

static void walk(uk_bytes v, int depth)
{
	uk_reader r = uk_read(v);
	size_t seen = 0;

	while (!r.bad && r.left > 0) {
		uk_reader here = r;
		int tag = uk_der_peek(&r);
		uk_bytes whole = uk_der_get_any(&r);
		uk_bytes value = uk_der_get(&here, (uint8_t)tag);
		uk_buf b = UK_BUF(room);

		CHECK(r.bad == here.bad);
		if (r.bad)
			break;
		CHECK(lies_inside(whole, v) && lies_inside(value, whole));
		CHECK(whole.p == v.p + seen);
		seen += whole.n;
		uk_put_der(&b, (uint8_t)tag, value);
		expect_same(&b, whole);
		check_integer(whole);
		check_bits(whole);
		check_signature(whole);
		if ((tag & 0x20) != 0 && depth > 0)
			walk(value, depth - 1);
	}
	CHECK(r.bad || seen == v.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(uk_view(data, size), 6);
	return 0;
}
