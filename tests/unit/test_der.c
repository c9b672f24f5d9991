/*
 * DER. Examples of ITU-T X.690 (2021) by clause, RFC 3279 for key usage, and an
 * ECDSA signature whose r needs a sign byte and whose s is short.
 */
#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "tlv.h"

static void reads_elements(void **state)
{
	uk_reader r = uk_read(hex("0101FF 0500 3003020105 0C026869 02017F"));
	uk_bytes v;
	uk_reader seq;

	(void)state;
	assert_int_equal(uk_der_peek(&r), UK_DER_BOOLEAN);
	assert_false(uk_der_opt(&r, UK_DER_NULL, &v));
	assert_true(uk_der_opt(&r, UK_DER_BOOLEAN, &v)); /* X.690, 8.2 */
	expect_bytes(v, hex("FF"));
	expect_bytes(uk_der_get(&r, UK_DER_NULL), UK_NONE); /* 8.8 */
	seq = uk_der_enter(&r, UK_DER_SEQUENCE);
	assert_int_equal(uk_der_get_u32(&seq, UK_DER_INTEGER), 5);
	expect_ok(uk_read_end(&seq));
	expect_bytes(uk_der_get_whole(&r, UK_DER_UTF8), hex("0C026869"));
	expect_bytes(uk_der_get_any(&r), hex("02017F"));
	expect_ok(uk_read_end(&r));
	assert_int_equal(uk_der_peek(&r), -1);
	assert_false(uk_der_opt(&r, UK_DER_NULL, &v));
	expect_ok(uk_read_end(&r)); /* asking for an option is no failure */
}

static void refuses_what_is_not_der(void **state)
{
	static const char *const rows[] = {
		"", "04", "0401", "040200", /* cut */
		"048101AA", "04817FAA",     /* 10.1: not the shortest length */
		"04820001AA", "0483000001AA", "048400000001AA", "048200FF",
		"0480AA0000", /* 10.1: indefinite */
		"04850000000001AA", "04FF", "0484FFFFFFFFAA",
		"1F0401AA",             /* long tag */
		"0501AA", "24030401AA", /* another tag */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i]));

		expect_bytes(uk_der_get(&r, UK_DER_OCTETS), UK_NONE);
		assert_true(r.bad);
		/* and it stays bad */
		expect_bytes(uk_der_get_any(&r), UK_NONE);
		assert_int_equal(uk_der_peek(&r), -1);
	}
}

static void an_inner_reader_inherits_failure(void **state)
{
	uk_reader r = uk_read(hex("3105 020101"));
	uk_reader inner = uk_der_enter(&r, UK_DER_SEQUENCE);

	(void)state;
	assert_true(r.bad);
	assert_true(inner.bad);
	expect_code(uk_read_end(&inner), UK_ERR_FORMAT);
}

static void integers(void **state)
{
	static const struct {
		const char *der, *magnitude;
	} rows[] = {
		{ "020100", "" },
		{ "020101", "01" },
		{ "02017F", "7F" },
		{ "02020080", "80" },
		{ "02020100", "0100" },
		{ "0209008000000000000001", "8000000000000001" },
	};
	uint8_t room[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i].der));
		uk_buf b = UK_BUF(room);

		expect_bytes(uk_der_get_uint(&r), hex(rows[i].magnitude));
		expect_ok(uk_read_end(&r));
		uk_put_der_uint(&b, hex(rows[i].magnitude));
		expect_bytes(uk_buf_view(&b), hex(rows[i].der));
	}
	uk_buf b = UK_BUF(room);
	uk_put_der_uint(&b, hex("00000080")); /* zeros in front do not count */
	expect_bytes(uk_buf_view(&b), hex("02020080"));
}

static void refuses_integers(void **state)
{
	/* none, negative, and 8.3.2: nine equal bits in front */
	static const char *const rows[] = { "0200", "020180", "0201FF",
		"02020001", "0202007F", "0202FF80", "0203000080" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i]));

		expect_bytes(uk_der_get_uint(&r), UK_NONE);
		assert_true(r.bad);
	}
}

static void small_numbers(void **state)
{
	static const struct {
		const char *der;
		uint32_t v;
	} rows[] = {
		{ "020100", 0 },
		{ "02017F", 127 },
		{ "02020080", 128 },
		{ "02020800", 2048 },
		{ "02047FFFFFFF", INT32_MAX },
	};
	static const char *const bad[] = { "02050080000000", "020500FFFFFFFF",
		"02050100000000", "0201FF", "0200", "0A0101" };
	uint8_t room[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i].der));
		uk_buf b = UK_BUF(room);

		assert_int_equal(uk_der_get_u32(&r, UK_DER_INTEGER), rows[i].v);
		expect_ok(uk_read_end(&r));
		uk_put_der_u32(&b, UK_DER_INTEGER, rows[i].v);
		expect_bytes(uk_buf_view(&b), hex(rows[i].der));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uk_reader r = uk_read(hex(bad[i]));

		assert_int_equal(uk_der_get_u32(&r, UK_DER_INTEGER), 0);
		assert_true(r.bad);
	}
}

static void bit_strings(void **state)
{
	uk_reader r = uk_read(hex("0303000A3B 030100"));
	uint8_t room[8];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_bytes(uk_der_get_bits(&r), hex("0A3B"));
	expect_bytes(uk_der_get_bits(&r), UK_NONE);
	expect_ok(uk_read_end(&r));
	/* X.690, 8.6.4.2: '0A3B5F291CD'H has four unused bits */
	r = uk_read(hex("0307040A3B5F291CD0"));
	expect_bytes(uk_der_get_bits(&r), UK_NONE);
	assert_true(r.bad);
	r = uk_read(hex("0300"));
	expect_bytes(uk_der_get_bits(&r), UK_NONE);
	assert_true(r.bad);
	uk_put_der_bits(&b, hex("0A3B"));
	expect_bytes(uk_buf_view(&b), hex("0303000A3B"));
}

static void named_bits(void **state)
{
	static const struct {
		const char *der;
		uint32_t flags;
	} rows[] = {
		{ "030100", 0 },
		{ "03020780", 1u << 0 },
		{ "030206C0", 1u << 0 | 1u << 1 },
		{ "03020106", 3u << 5 },
		{ "0303060040", 1u << 9 },
		{ "03030700 80", 1u << 8 },
		{ "03050000000001", 1u << 31 },
		{ "0305015A5A5A5A", 0x5a5a5a5a },
	};
	static const char *const bad[] = {
		"0300",
		"030101", /* no bits, and one of them unused */
		"03020880",
		"030206FF", /* 11.2.1: unused bits not zero */
		"03060000000000FF",
		"0401 00",
	};
	uint8_t room[8];
	uk_reader r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_buf b = UK_BUF(room);

		r = uk_read(hex(rows[i].der));
		assert_int_equal(
		    uk_der_get_flags(&r, UK_DER_BITS), rows[i].flags);
		expect_ok(uk_read_end(&r));
		uk_put_der_flags(&b, UK_DER_BITS, rows[i].flags);
		expect_bytes(uk_buf_view(&b), hex(rows[i].der));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = uk_read(hex(bad[i]));
		assert_int_equal(uk_der_get_flags(&r, UK_DER_BITS), 0);
		assert_true(r.bad);
	}
	/* zeros behind the last bit are read, although never written */
	r = uk_read(hex("03020080"));
	assert_int_equal(uk_der_get_flags(&r, UK_DER_BITS), 1);
	expect_ok(uk_read_end(&r));
}

/* r with its top bit set, s with a zero byte in front; four-byte field. */
static const char SIG_RAW[] = "80000001 00000203";
static const char SIG_DER[] = "300B 02050080000001 02020203";

static void signatures(void **state)
{
	uint8_t room[32];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_ok(uk_sig_to_der(hex(SIG_RAW), &b));
	expect_bytes(uk_buf_view(&b), hex(SIG_DER));
	b = (uk_buf)UK_BUF(room);
	expect_ok(uk_sig_from_der(hex(SIG_DER), 4, &b));
	expect_bytes(uk_buf_view(&b), hex(SIG_RAW));
	b = (uk_buf)UK_BUF(room);
	expect_ok(uk_sig_from_der(hex(SIG_DER), 6, &b));
	expect_bytes(uk_buf_view(&b), hex("000080000001 000000000203"));
}

static void refuses_signatures(void **state)
{
	static const char *const rows[] = {
		"",
		"3000",
		"3003020101",             /* r or s missing */
		"3009020101020102020103", /* one too many */
		"300702018002020203",     /* negative r */
		"30080202000102020203",   /* r not shortest */
		"30060201010201 02 00",
		"300602010102010200",
		"300D 0206008000000001 0203000203",
	};
	uint8_t room[32];
	uk_buf b = UK_BUF(room);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_code(
		    uk_sig_from_der(hex(rows[i]), 4, &b), UK_ERR_FORMAT);
	expect_code(uk_sig_from_der(hex(SIG_DER), 3, &b), UK_ERR_FORMAT);
	expect_code(uk_sig_to_der(UK_NONE, &b), UK_ERR_FORMAT);
	expect_code(uk_sig_to_der(hex("010203"), &b), UK_ERR_FORMAT);
	assert_int_equal(b.len, 0);
	b = uk_buf_over(room, 12);
	expect_code(uk_sig_to_der(hex(SIG_RAW), &b), UK_ERR_TOO_SMALL);
	b = uk_buf_over(room, 7);
	expect_code(uk_sig_from_der(hex(SIG_DER), 4, &b), UK_ERR_TOO_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_elements),
		cmocka_unit_test(refuses_what_is_not_der),
		cmocka_unit_test(an_inner_reader_inherits_failure),
		cmocka_unit_test(integers),
		cmocka_unit_test(refuses_integers),
		cmocka_unit_test(small_numbers),
		cmocka_unit_test(bit_strings),
		cmocka_unit_test(named_bits),
		cmocka_unit_test(signatures),
		cmocka_unit_test(refuses_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
