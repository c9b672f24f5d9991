/* Sessions: how long they last and how many there may be. */
#include "sessions.h"

#include "cmocka_all.h"
#include "fixtures.h"

enum { T0 = 1800000000, IDLE = 600, HOUR = 3600, ALICE = 7, BOB = 8 };

static uk_crypto *crypto;

static int open_crypto(void **state)
{
	(void)state;
	return uk_is_ok(uk_crypto_open(&crypto)) ? 0 : -1;
}

static int close_crypto(void **state)
{
	(void)state;
	uk_crypto_close(&crypto);
	return 0;
}

struct token {
	uint8_t text[BANK_SESSION_TEXT];
};

static enum bank_code add(
    struct bank_sessions *s, int64_t customer, int64_t now, struct token *t)
{
	uk_buf b = UK_BUF(t->text);
	int64_t expires = 0;
	enum bank_code code = bank_sessions_add(s, customer, now, &b, &expires);

	if (code == BANK_OK) {
		assert_int_equal(b.len, BANK_SESSION_TEXT);
		assert_int_equal(expires, now + IDLE);
	}
	return code;
}

static enum bank_code find(struct bank_sessions *s, const struct token *t,
    int64_t now, int64_t *customer)
{
	return bank_sessions_find(s, UK_ARRAY(t->text), now, customer);
}

static void known_until_ended(void **state)
{
	struct bank_sessions *s;
	struct token a, b;
	int64_t who;

	(void)state;
	expect_ok(bank_sessions_open(crypto, 4, &s));
	assert_int_equal(add(s, ALICE, T0, &a), BANK_OK);
	assert_int_equal(add(s, BOB, T0, &b), BANK_OK);
	assert_int_equal(find(s, &a, T0, &who), BANK_OK);
	assert_int_equal(who, ALICE);
	assert_int_equal(find(s, &b, T0, &who), BANK_OK);
	assert_int_equal(who, BOB);
	bank_sessions_end(s, UK_ARRAY(a.text));
	assert_int_equal(find(s, &a, T0, &who), BANK_NO_SESSION);
	assert_int_equal(who, 0);
	assert_int_equal(find(s, &b, T0, &who), BANK_OK);
	/* one character off, too short, none */
	b.text[63] ^= 1;
	assert_int_equal(find(s, &b, T0, &who), BANK_NO_SESSION);
	assert_int_equal(bank_sessions_find(s, uk_view(b.text, 63), T0, &who),
	    BANK_NO_SESSION);
	assert_int_equal(
	    bank_sessions_find(s, UK_NONE, T0, &who), BANK_NO_SESSION);
	bank_sessions_close(&s);
}

static void idle_and_at_most_an_hour(void **state)
{
	struct bank_sessions *s;
	struct token a;
	int64_t who, t = T0;

	(void)state;
	expect_ok(bank_sessions_open(crypto, 4, &s));
	assert_int_equal(add(s, ALICE, T0, &a), BANK_OK);
	assert_int_equal(find(s, &a, T0 + IDLE, &who), BANK_NO_SESSION);
	assert_int_equal(add(s, ALICE, T0, &a), BANK_OK);
	while (t + IDLE - 1 < T0 + HOUR) { /* use keeps it alive */
		t += IDLE - 1;
		assert_int_equal(find(s, &a, t, &who), BANK_OK);
	}
	assert_int_equal(find(s, &a, T0 + HOUR, &who), BANK_NO_SESSION);
	bank_sessions_close(&s);
}

static void bounded(void **state)
{
	struct bank_sessions *s;
	struct token first, t;
	int64_t who;

	(void)state;
	expect_ok(bank_sessions_open(crypto, BANK_SESSIONS_EACH + 1, &s));
	assert_int_equal(add(s, ALICE, T0, &first), BANK_OK);
	for (int i = 1; i < BANK_SESSIONS_EACH; i++)
		assert_int_equal(add(s, ALICE, T0 + i, &t), BANK_OK);
	assert_int_equal(find(s, &first, T0, &who), BANK_OK);
	/* one more of hers ends her oldest, not somebody else's */
	assert_int_equal(add(s, BOB, T0 + 9, &t), BANK_OK);
	assert_int_equal(add(s, ALICE, T0 + 10, &t), BANK_OK);
	assert_int_equal(find(s, &first, T0 + 10, &who), BANK_NO_SESSION);
	/* all places taken; room again when they have run out */
	assert_int_equal(add(s, 9, T0 + 11, &t), BANK_BUSY);
	assert_int_equal(add(s, 9, T0 + 10 + IDLE, &t), BANK_OK);
	bank_sessions_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_until_ended),
		cmocka_unit_test(idle_and_at_most_an_hour),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests_name(
	    "sessions", tests, open_crypto, close_crypto);
}
