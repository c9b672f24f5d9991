/* Login challenges: once, in time, ours; in memory and in a database. */
#include "nonces.h"

#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"
#include "store_fixture.h"

#include <string.h>

enum { T0 = 1800000000, FIVE_MINUTES = 300, MANY = 3000 };

static uk_crypto *crypto;

static int open_crypto(void **state)
{
	return uk_is_ok(uk_crypto_open(&crypto)) ? db_open(state) : -1;
}

static int close_crypto(void **state)
{
	uk_crypto_close(&crypto);
	return db_close(state);
}

struct nonce {
	uint8_t text[BANK_NONCE_TEXT];
};

static struct nonce make(struct bank_nonces *n, int64_t now)
{
	struct nonce x;

	assert_int_equal(bank_nonces_make(n, now, x.text), BANK_OK);
	return x;
}

static enum bank_code take(
    struct bank_nonces *n, const struct nonce *x, int64_t now)
{
	return bank_nonces_take(n, UK_ARRAY(x->text), now, false);
}

/* What both kinds do. */
static void once_and_in_time(struct bank_nonces *n)
{
	struct nonce a = make(n, T0), b = make(n, T0), c = make(n, T0);

	assert_memory_not_equal(a.text, b.text, sizeof(a.text));
	assert_int_equal(take(n, &a, T0), BANK_OK);
	assert_int_equal(take(n, &a, T0), BANK_NONCE_UNKNOWN);
	assert_int_equal(take(n, &b, T0 + FIVE_MINUTES - 1), BANK_OK);
	assert_int_equal(
	    take(n, &b, T0 + FIVE_MINUTES - 1), BANK_NONCE_UNKNOWN);
	assert_int_equal(take(n, &c, T0 + FIVE_MINUTES), BANK_NONCE_EXPIRED);
	assert_int_equal(take(n, &a, T0 + FIVE_MINUTES), BANK_NONCE_EXPIRED);
}

static void every_bit_counts(struct bank_nonces *n)
{
	struct nonce good = make(n, T0), bad;

	for (size_t i = 0; i < sizeof(good.text); i++) {
		bad = good;
		bad.text[i] = bad.text[i] == 'A' ? 'B' : 'A';
		assert_int_equal(take(n, &bad, T0), BANK_NONCE_UNKNOWN);
	}
	assert_int_equal(
	    bank_nonces_take(n, UK_NONE, T0, false), BANK_NONCE_UNKNOWN);
	assert_int_equal(
	    bank_nonces_take(
		n, uk_view(good.text, BANK_NONCE_TEXT - 4), T0, false),
	    BANK_NONCE_UNKNOWN);
	assert_int_equal(take(n, &good, T0), BANK_OK);
}

static void in_memory(void **state)
{
	struct bank_nonces *n;

	(void)state;
	expect_ok(bank_nonces_open(crypto, 100, &n));
	once_and_in_time(n);
	bank_nonces_close(&n);
	bank_nonces_close(&n);
	expect_ok(bank_nonces_open(crypto, 100, &n));
	every_bit_counts(n);
	bank_nonces_close(&n);
}

static enum bank_code once_more(
    struct bank_nonces *n, const struct nonce *x, int64_t now)
{
	return bank_nonces_take(n, UK_ARRAY(x->text), now, true);
}

/* The database has taken the round back, and the request that took the
 * challenge is served once more: memory cannot take it back, and must not count
 * it as a replay. Everybody else's try is one. */
static void served_once_more(void **state)
{
	struct bank_nonces *n = NULL;
	struct nonce a, made_up = { .text = { 'A' } };

	(void)state;
	expect_ok(bank_nonces_open(crypto, 10, &n));
	a = make(n, T0);
	assert_int_equal(take(n, &a, T0), BANK_OK);
	assert_int_equal(once_more(n, &a, T0), BANK_OK);
	assert_int_equal(once_more(n, &a, T0), BANK_OK);
	assert_int_equal(take(n, &a, T0), BANK_NONCE_UNKNOWN);
	assert_int_equal(
	    once_more(n, &a, T0 + FIVE_MINUTES), BANK_NONCE_EXPIRED);
	assert_int_equal(once_more(n, &made_up, T0), BANK_NONCE_UNKNOWN);
	bank_nonces_close(&n);
}

/* The sets grow; each is found again; all minutes are there at once. */
static void many(void **state)
{
	static struct nonce all[MANY];
	struct bank_nonces *n;

	(void)state;
	expect_ok(bank_nonces_open(crypto, MANY, &n));
	for (int i = 0; i < MANY; i++)
		all[i] = make(n, T0 + i * FIVE_MINUTES / MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(
		    take(n, &all[i], T0 + FIVE_MINUTES - 1), BANK_OK);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(take(n, &all[i], T0 + FIVE_MINUTES - 1),
		    BANK_NONCE_UNKNOWN);
	bank_nonces_close(&n);
}

static void bounded(void **state)
{
	struct nonce a, b, c;
	struct bank_nonces *n;

	(void)state;
	expect_ok(bank_nonces_open(crypto, 2, &n));
	a = make(n, T0), b = make(n, T0), c = make(n, T0);
	assert_int_equal(take(n, &a, T0), BANK_OK);
	assert_int_equal(take(n, &b, T0), BANK_OK);
	assert_int_equal(take(n, &c, T0), BANK_BUSY);
	assert_int_equal(take(n, &a, T0), BANK_NONCE_UNKNOWN);
	/* those two have run out a minute later than they can be used */
	c = make(n, T0 + FIVE_MINUTES + 60);
	assert_int_equal(take(n, &c, T0 + FIVE_MINUTES + 60), BANK_OK);
	bank_nonces_close(&n);
}

/* After a jump forward, used ones are forgotten; a jump back must not make them
 * good again. */
static void clock_jumps(void **state)
{
	struct nonce used, fresh;
	struct bank_nonces *n;

	(void)state;
	expect_ok(bank_nonces_open(crypto, 9, &n));
	used = make(n, T0);
	assert_int_equal(take(n, &used, T0), BANK_OK);
	fresh = make(n, T0 + 7200);
	assert_int_equal(take(n, &fresh, T0 + 7200), BANK_OK);
	assert_int_equal(take(n, &used, T0 + 1), BANK_NONCE_UNKNOWN);
	fresh = make(n, T0 + 1);
	assert_int_equal(take(n, &fresh, T0 + 1), BANK_OK);
	/* a few seconds back change nothing */
	fresh = make(n, T0 + 10);
	assert_int_equal(take(n, &fresh, T0 + 5), BANK_OK);
	assert_int_equal(take(n, &fresh, T0 + 5), BANK_NONCE_UNKNOWN);
	bank_nonces_close(&n);
}

static void keys_differ(void **state)
{
	struct bank_nonces *n, *other;
	struct nonce a;

	(void)state;
	expect_ok(bank_nonces_open(crypto, 9, &n));
	expect_ok(bank_nonces_open(crypto, 9, &other));
	a = make(n, T0);
	assert_int_equal(take(other, &a, T0), BANK_NONCE_UNKNOWN);
	assert_int_equal(take(n, &a, T0), BANK_OK);
	bank_nonces_close(&n);
	bank_nonces_close(&other);
}

/* Two servers, and one of them after a restart. */
static void in_a_database(void **state)
{
	struct bank_store *s = store_fixture();
	struct bank_nonces *n, *other;
	struct nonce a, b;

	(void)state;
	expect_ok(bank_nonces_open_shared(crypto, s, &n));
	once_and_in_time(n);
	every_bit_counts(n);
	expect_ok(bank_nonces_open_shared(crypto, s, &other));
	a = make(n, T0), b = make(n, T0);
	assert_int_equal(take(other, &a, T0), BANK_OK);
	assert_int_equal(take(n, &a, T0), BANK_NONCE_UNKNOWN);
	bank_nonces_close(&n);
	expect_ok(bank_nonces_open_shared(crypto, s, &n));
	assert_int_equal(take(n, &a, T0), BANK_NONCE_UNKNOWN);
	assert_int_equal(take(n, &b, T0), BANK_OK);
	/* forgotten in the end */
	a = make(n, T0 + 8000);
	assert_int_equal(take(n, &a, T0 + 8000), BANK_OK);
	assert_int_equal(store_fixture_count(s, "login_nonces"), 1);
	bank_nonces_close(&n);
	bank_nonces_close(&other);
	store_fixture_close(&s);
}

static uk_err use_one(void *arg)
{
	struct bank_nonces *n = NULL;
	uint8_t text[BANK_NONCE_TEXT];
	enum bank_code code = BANK_INTERNAL;
	uk_err err = bank_nonces_open(crypto, 4, &n);

	(void)arg;
	if (uk_is_ok(err))
		code = bank_nonces_make(n, T0, text);
	if (code == BANK_OK)
		code = bank_nonces_take(n, UK_ARRAY(text), T0, false);
	bank_nonces_close(&n);
	if (uk_is_ok(err) && code != BANK_OK)
		err = uk_fail(UK_ERR_MEMORY);
	return err;
}

static void every_allocation(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(use_one, NULL) > 4);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory),
		cmocka_unit_test(served_once_more),
		cmocka_unit_test(many),
		cmocka_unit_test(bounded),
		cmocka_unit_test(clock_jumps),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(in_a_database),
		cmocka_unit_test(every_allocation),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name(
	    "nonces", tests, open_crypto, close_crypto);
}
