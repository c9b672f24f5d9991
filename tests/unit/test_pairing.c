/* The pairing conversation. The cryptography has its vectors in test_cpace;
 * here: who gets what, and every record changed in every byte. */
#include "pairing.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

static struct trm_pairing host, terminal;
static uint8_t point[TRM_PAIRING_POINT] = { 4, 1, 2, 3 };

/* Which byte of all records is changed. */
static size_t passed, spoil_at;

static uk_err pass(uk_buf *record, struct trm_pairing *to, uk_buf *answer)
{
	uk_reader r;
	uk_bytes body;

	if (spoil_at >= passed && spoil_at < passed + record->len)
		record->p[spoil_at - passed] ^= 0x10;
	passed += record->len;
	r = uk_read(uk_buf_view(record));
	body = uk_get(&r, uk_get_u16(&r));
	UK_TRY(uk_read_end(&r)); /* the reader of the stream would wait */
	return trm_pairing_feed(to, body, answer);
}

static uk_err run(const char *typed, const char *shown)
{
	uint8_t storage[4][TRM_PAIRING_RECORD];
	uk_buf out[4] = { UK_BUF(storage[0]), UK_BUF(storage[1]),
		UK_BUF(storage[2]), UK_BUF(storage[3]) };

	passed = 0;
	UK_TRY(trm_pairing_host(&host, uk_view_str(typed), "desk", &out[0]));
	UK_TRY(trm_pairing_terminal(
	    &terminal, uk_view_str(shown), "phone", UK_ARRAY(point)));
	UK_TRY(pass(&out[0], &terminal, &out[1]));
	UK_TRY(pass(&out[1], &host, &out[2]));
	UK_TRY(pass(&out[2], &terminal, &out[3]));
	return pass(&out[3], &host, NULL);
}

static void test_paired(void **state)
{
	(void)state;
	spoil_at = SIZE_MAX;
	expect_ok(run("12345678", "12345678"));
	assert_int_equal(host.state, TRM_PAIRING_DONE);
	assert_int_equal(terminal.state, TRM_PAIRING_DONE);
	assert_memory_equal(&host.paired.secret, &terminal.paired.secret,
	    sizeof(host.paired.secret));
	assert_string_equal(host.paired.name, "phone");
	assert_string_equal(terminal.paired.name, "desk");
	expect_bytes(UK_ARRAY(host.paired.point), UK_ARRAY(point));
	/* Over is over. */
	expect_code(trm_pairing_feed(&host, UK_NONE, NULL), UK_ERR_CONDITIONS);
}

static bool all_zero(const void *p, size_t n)
{
	uint8_t zero[sizeof(struct trm_paired)] = { 0 };

	return n <= sizeof(zero) && memcmp(p, zero, n) == 0;
}

static void expect_nothing(const struct trm_pairing *p)
{
	assert_int_equal(p->state, TRM_PAIRING_FAILED);
	assert_true(all_zero(&p->paired, sizeof(p->paired)));
}

static void test_other_code(void **state)
{
	(void)state;
	spoil_at = SIZE_MAX;
	expect_code(run("12345678", "12345679"), UK_ERR_SIGNATURE);
	expect_nothing(&terminal);
	/* One code, one try. */
	expect_code(
	    trm_pairing_feed(&terminal, UK_NONE, NULL), UK_ERR_CONDITIONS);
}

static void test_no_code(void **state)
{
	static const char *const wrong[] = { "", "1234567", "123456789",
		"1234567a", "1234 678" };
	uint8_t storage[TRM_PAIRING_RECORD];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uk_buf out = UK_BUF(storage);

		expect_code(trm_pairing_host(
				&host, uk_view_str(wrong[i]), "desk", &out),
		    UK_ERR_ARGUMENT);
	}
}

/* Somebody in between changes one bit: the host is not paired. (The last record
 * comes after the terminal has made up its mind, which is why it alone may
 * know of a pairing that the host has not: it is worth nothing to others.) */
static void test_tampered(void **state)
{
	size_t all;

	(void)state;
	spoil_at = SIZE_MAX;
	expect_ok(run("12345678", "12345678"));
	all = passed;
	for (spoil_at = 0; spoil_at < all; spoil_at++) {
		assert_false(uk_is_ok(run("12345678", "12345678")));
		assert_int_not_equal(host.state, TRM_PAIRING_DONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paired),
		cmocka_unit_test(test_other_code),
		cmocka_unit_test(test_no_code),
		cmocka_unit_test(test_tampered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
