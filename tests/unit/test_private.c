/* Private halves: what follows from them, by openssl and by SP 800-186 and GB/T
 * 32918.5; and numbers that do not belong together. */

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"
#include "rsa_numbers.h"

#include <string.h>

/* --- RSA ------------------------------------------------------------------ */

enum { HALF = 128, NUMBERS = 8 };

static uint8_t numbers[NUMBERS][2 * HALF];

/* hex() has one buffer; these stay. */
static uk_bytes keep(size_t i, const char *text)
{
	uk_buf b = UK_BUF(numbers[i]);

	uk_put(&b, hex(text));
	return uk_buf_view(&b);
}

static struct uk_rsa_numbers all(void)
{
	return (struct uk_rsa_numbers){ .n = keep(0, RSA_N),
		.e = keep(1, RSA_E),
		.d = keep(2, RSA_D),
		.p = keep(3, RSA_P),
		.q = keep(4, RSA_Q),
		.dp = keep(5, RSA_DP),
		.dq = keep(6, RSA_DQ),
		.qinv = keep(7, RSA_QINV) };
}

static uk_err complete(const struct uk_rsa_numbers *given, uk_buf *out)
{
	return uk_rsa_complete(crypto, given, out);
}

static void expect_completed(const struct uk_rsa_numbers *given)
{
	uint8_t storage[3 * HALF];
	uk_buf out = UK_BUF(storage);

	expect_ok(complete(given, &out));
	expect_bytes(uk_buf_view(&out), hex(RSA_DP RSA_DQ RSA_QINV));
}

static void rsa_completed(void **state)
{
	struct uk_rsa_numbers given = all();

	(void)state;
	expect_completed(&given);
	given.d = given.dp = given.dq = given.qinv = UK_NONE;
	expect_completed(&given);
}

/* Every one of them with another last bit, and two of the wrong length. */
static void rsa_refused(void **state)
{
	uint8_t storage[3 * HALF];
	struct uk_rsa_numbers given;
	uk_buf out = UK_BUF(storage);

	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		given = all();
		numbers[i][i == 1 ? 2 : HALF - 1] ^= 2;
		expect_code(complete(&given, &out), UK_ERR_FORMAT);
		assert_int_equal(out.len, 0);
	}
	given = all();
	given.p = given.q;
	expect_code(complete(&given, &out), UK_ERR_FORMAT);
	given = all();
	given.q = uk_bytes_first(given.q, HALF - 1);
	expect_code(complete(&given, &out), UK_ERR_FORMAT);
	given.p = given.q = UK_NONE;
	expect_code(complete(&given, &out), UK_ERR_FORMAT);
	given = all();
	out = uk_buf_over(storage, sizeof(storage) - 1);
	expect_code(complete(&given, &out), UK_ERR_TOO_SMALL);
}

/* 243 is 3^5; with 241, a prime, it is a key, if a small one. 7^-1 mod 240 =
 * 103, mod 198 = 85; 199^-1 mod 241 = 109. */
static void rsa_composite(void **state)
{
	uint8_t storage[3];
	uk_buf out = UK_BUF(storage);
	struct uk_rsa_numbers given = { .n = keep(0, "bce5"),
		.e = keep(1, "07"),
		.p = keep(3, "f3"),
		.q = keep(4, "c7") };

	(void)state;
	expect_code(complete(&given, &out), UK_ERR_FORMAT);
	given.n = keep(0, "bb57");
	given.p = keep(3, "f1");
	expect_ok(complete(&given, &out));
	expect_bytes(uk_buf_view(&out), hex("67556d"));
}

/* --- curves ----------------------------------------------------------------
 */

static const struct {
	enum uk_key_type type;
	const char *d, *point;
} points[] = {
	/* the base points: SP 800-186, 3.2.1.3 and 3.2.1.4; GB/T 32918.5, 2 */
	{ UK_KEY_P256, "01",
	    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f"
	    "5" },
	{ UK_KEY_P384, "0001",
	    "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
	    "5502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8"
	    "f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f" },
	{ UK_KEY_SM2, "01",
	    "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
	    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a"
	    "0" },
	/* RFC 6979, A.2.5 and A.2.6 */
	{ UK_KEY_P256,
	    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
	    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d446229"
	    "9" },
	{ UK_KEY_P384,
	    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8"
	    "96d5724e4c70a825f872c9ea60d2edf5",
	    "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
	    "def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c6218967"
	    "08a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720" },
};

static void curve_points(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		uint8_t storage[1 + 2 * 66];
		uk_buf out = UK_BUF(storage);
		uk_bytes d = hex(points[i].d);

		expect_ok(uk_curve_public(crypto, points[i].type, d, &out));
		expect_bytes(uk_buf_view(&out), hex(points[i].point));
	}
}

static void curve_refused(void **state)
{
	/* none, zero, the order of P-256 */
	static const char *const scalars[] = { "", "0000",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63"
		"2551" };
	uint8_t storage[65];
	uk_buf out = UK_BUF(storage);

	(void)state;
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		expect_code(
		    uk_curve_public(crypto, UK_KEY_P256, hex(scalars[i]), &out),
		    UK_ERR_FORMAT);
	expect_code(uk_curve_public(crypto, UK_KEY_RSA, hex("01"), &out),
	    UK_ERR_ARGUMENT);
	expect_code(uk_curve_public(crypto, UK_KEY_P384, hex("01"), &out),
	    UK_ERR_TOO_SMALL);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_completed),
		cmocka_unit_test(rsa_refused),
		cmocka_unit_test(rsa_composite),
		cmocka_unit_test(curve_points),
		cmocka_unit_test(curve_refused),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
