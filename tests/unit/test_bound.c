/*
 * Bound numbers: the list, and what is sealed. The sealed bytes were made by
 * the python package `cryptography` as cli_bound.h writes them, with the keys
 * of RFC 7518, appendix C (Alice's the ephemeral one, Bob's the card's).
 */
#include "cli_bound.h"

#include "cmocka_all.h"
#include "fixtures.h"

#define BOB                                                                    \
	"04c1e349cb61ec70248ce801034c3834e1b88ebe1161cb25af38741f785fcfc4"     \
	"c47bc96708ef80952b53f8d2555fe72b841ed04588628b1d378a594939500ec9"     \
	"c9"
#define SHARED                                                                 \
	"9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4"
#define SEALED                                                                 \
	"0104808d060082c176eed3e776a4ac598cc8672c1779f974eecc9b03411ca5b9"     \
	"495d48b5bfc527dfce53d6ac7115237d031ccff87a0570b77350a9e503ee7305"     \
	"a69b000102030405060708090a0b5919aa3a1a9db9c147fca461bee928001161"     \
	"00591f01a5778877056bfca3cb9c3ec284d0101b9420743673b1"

static uk_crypto *crypto;

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static int set_up(void **state)
{
	(void)state;
	expect_ok(uk_crypto_open(&crypto));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	uk_crypto_close(&crypto);
	return 0;
}

static void the_list(void **state)
{
	struct bound b = { 0 };
	char number[] = "DE-0";

	(void)state;
	expect_code(bound_add(&b, str("DE1")), UK_ERR_ARGUMENT);
	expect_code(bound_add(&b, str("DE 100")), UK_ERR_ARGUMENT);
	expect_code(bound_add(&b, str("DE\n100")), UK_ERR_ARGUMENT);
	expect_code(bound_add(&b, str("12345678901234567890123456789012345")),
	    UK_ERR_ARGUMENT);
	for (int i = 0; i < BOUND_MAX; i++) {
		number[3] = (char)('0' + i);
		expect_ok(bound_add(&b, str(number)));
		expect_code(bound_add(&b, str(number)), UK_ERR_EXISTS);
	}
	expect_code(bound_add(&b, str("DE-9")), UK_ERR_TOO_SMALL);
	expect_ok(bound_remove(&b, str("DE-3")));
	expect_code(bound_remove(&b, str("DE-3")), UK_ERR_NOT_FOUND);
	assert_int_equal(b.n, BOUND_MAX - 1);
	assert_string_equal(b.numbers[2], "DE-2");
	assert_string_equal(b.numbers[3], "DE-4");
}

static void as_python_seals(void **state)
{
	uk_bytes sealed = hex(SEALED), shared = hex(SHARED), point;
	uint8_t room[BOUND_SEALED_MAX];
	struct bound b;

	(void)state;
	expect_ok(bound_point(sealed, &point));
	assert_int_equal(point.n, BOUND_POINT);
	expect_ok(bound_open(crypto, shared, sealed, &b));
	assert_int_equal(b.n, 2);
	assert_string_equal(b.numbers[0], "6222020200112233445");
	assert_string_equal(b.numbers[1], "DE-1001");
	for (size_t n = 0; n < sealed.n; n++) {
		uk_buf altered = UK_BUF(room);

		uk_put(&altered, sealed);
		room[n] ^= 1;
		assert_false(uk_is_ok(
		    bound_open(crypto, shared, uk_buf_view(&altered), &b)));
		assert_int_equal(b.n, 0);
		assert_false(uk_is_ok(
		    bound_open(crypto, shared, uk_bytes_first(sealed, n), &b)));
	}
}

static void sealing(void **state)
{
	uint8_t one_room[BOUND_SEALED_MAX], two_room[BOUND_SEALED_MAX];
	uk_buf one = UK_BUF(one_room), two = UK_BUF(two_room);
	struct bound b = { 0 };

	(void)state;
	for (size_t i = 0; i < BOUND_MAX; i++) {
		char number[BOUND_NUMBER_MAX + 1] =
		    "0234567890123456789012345678901234";

		number[0] = (char)('0' + i);
		expect_ok(bound_add(&b, str(number)));
	}
	expect_ok(bound_seal(crypto, hex(BOB), &b, &one));
	expect_ok(bound_seal(crypto, hex(BOB), &b, &two));
	assert_int_equal(one.len, BOUND_SEALED_MAX);
	assert_false(uk_bytes_eq(uk_buf_view(&one), uk_buf_view(&two)));
	one = UK_BUF(one_room);
	expect_code(bound_seal(crypto, UK_NONE, &b, &one), UK_ERR_FORMAT);
}

static uk_err open_step(void *arg)
{
	struct bound b;

	(void)arg;
	return bound_open(crypto, hex(SHARED), hex(SEALED), &b);
}

static uk_err seal_step(void *arg)
{
	uint8_t room[BOUND_SEALED_MAX];
	uk_buf out = UK_BUF(room);
	struct bound b = { .n = 0 };

	(void)arg;
	UK_TRY(bound_add(&b, str("DE-1001")));
	return bound_seal(crypto, hex(BOB), &b, &out);
}

static void allocations_fail(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(seal_step, NULL) > 1);
	assert_true(fail_every_allocation(open_step, NULL) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list),
		cmocka_unit_test(as_python_seals),
		cmocka_unit_test(sealing),
		cmocka_unit_test(allocations_fail),
	};

	return cmocka_run_group_tests_name("bound", tests, set_up, tear_down);
}
