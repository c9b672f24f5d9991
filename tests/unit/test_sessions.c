/* Sessions: how long they last and how many there may be; in memory and in a
 * database. */
#include "sessions.h"

#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"
#include "store_fixture.h"

#include <string.h>

enum { T0 = 1800000000, IDLE = 600, HOUR = 3600, EACH = 8, ALICE = 1, BOB = 2 };

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

static struct bank_sessions *open_room(size_t room)
{
	const struct bank_session_rules rules = { IDLE, HOUR, room, EACH };
	struct bank_sessions *s;

	expect_ok(bank_sessions_open(crypto, &rules, &s));
	return s;
}

static struct bank_sessions *open_shared(struct bank_store *store)
{
	const struct bank_session_rules rules = { IDLE, HOUR, 1, EACH };
	struct bank_sessions *s;

	expect_ok(bank_sessions_open_shared(crypto, store, &rules, &s));
	return s;
}

struct token {
	uint8_t text[BANK_SESSION_TEXT];
};

static const uint8_t fingerprint[BANK_SESSION_CERTIFICATE] = { 1, 2, 3 };

static enum bank_code add(
    struct bank_sessions *s, int64_t customer, int64_t now, struct token *t)
{
	uk_buf b = UK_BUF(t->text);
	int64_t expires = 0;
	enum bank_code code = bank_sessions_add(
	    s, customer, UK_ARRAY(fingerprint), now, &b, &expires);

	if (code == BANK_OK) {
		assert_int_equal(b.len, BANK_SESSION_TEXT);
		assert_int_equal(expires, now + IDLE);
	}
	return code;
}

static enum bank_code find(
    struct bank_sessions *s, const struct token *t, int64_t now, int64_t *who)
{
	struct bank_session found;
	enum bank_code code = bank_sessions_find(
	    s, UK_ARRAY(t->text), now, &found);

	*who = found.customer;
	if (code == BANK_OK)
		assert_memory_equal(
		    found.certificate, fingerprint, sizeof(fingerprint));
	return code;
}

static void known_until_ended(struct bank_sessions *s)
{
	struct bank_session found;
	struct token a, b;
	int64_t who;

	assert_int_equal(add(s, ALICE, T0, &a), BANK_OK);
	assert_int_equal(add(s, BOB, T0, &b), BANK_OK);
	assert_int_equal(find(s, &b, T0, &who), BANK_OK);
	assert_int_equal(who, BOB);
	assert_int_equal(find(s, &a, T0, &who), BANK_OK);
	assert_int_equal(who, ALICE);
	bank_sessions_end(s, UK_ARRAY(a.text));
	bank_sessions_end(s, UK_ARRAY(a.text));
	assert_int_equal(find(s, &a, T0, &who), BANK_NO_SESSION);
	assert_int_equal(who, 0);
	assert_int_equal(find(s, &b, T0, &who), BANK_OK);
	/* one character off, too short, none */
	b.text[63] ^= 1;
	assert_int_equal(find(s, &b, T0, &who), BANK_NO_SESSION);
	assert_int_equal(bank_sessions_find(s, uk_view(b.text, 63), T0, &found),
	    BANK_NO_SESSION);
	assert_int_equal(
	    bank_sessions_find(s, UK_NONE, T0, &found), BANK_NO_SESSION);
	b.text[63] ^= 1;
	bank_sessions_end(s, UK_ARRAY(b.text));
}

static void idle_and_at_most_an_hour(struct bank_sessions *s)
{
	struct token a;
	int64_t who, t = T0;

	assert_int_equal(add(s, ALICE, T0, &a), BANK_OK);
	assert_int_equal(find(s, &a, T0 + IDLE, &who), BANK_NO_SESSION);
	assert_int_equal(add(s, ALICE, T0, &a), BANK_OK);
	while (t + IDLE - 1 < T0 + HOUR) { /* use keeps it alive */
		t += IDLE - 1;
		assert_int_equal(find(s, &a, t, &who), BANK_OK);
	}
	assert_int_equal(find(s, &a, T0 + HOUR, &who), BANK_NO_SESSION);
}

/* One more of hers ends the one of hers that was used least lately. */
static void so_many_each(struct bank_sessions *s)
{
	struct token all[EACH], bobs, more;
	int64_t who;

	assert_int_equal(add(s, BOB, T0, &bobs), BANK_OK);
	for (int i = 0; i < EACH; i++)
		assert_int_equal(add(s, ALICE, T0 + i, &all[i]), BANK_OK);
	assert_int_equal(find(s, &all[0], T0 + 30, &who), BANK_OK);
	assert_int_equal(add(s, ALICE, T0 + 40, &more), BANK_OK);
	assert_int_equal(find(s, &all[1], T0 + 40, &who), BANK_NO_SESSION);
	assert_int_equal(find(s, &all[0], T0 + 40, &who), BANK_OK);
	assert_int_equal(find(s, &all[2], T0 + 40, &who), BANK_OK);
	assert_int_equal(find(s, &more, T0 + 40, &who), BANK_OK);
	assert_int_equal(find(s, &bobs, T0 + 40, &who), BANK_OK);
	for (int i = 0; i < EACH; i++)
		bank_sessions_end(s, UK_ARRAY(all[i].text));
	bank_sessions_end(s, UK_ARRAY(more.text));
	bank_sessions_end(s, UK_ARRAY(bobs.text));
}

static void in_memory(void **state)
{
	struct bank_sessions *s = open_room(EACH + 2);

	(void)state;
	for (int round = 0; round < 3; round++) { /* places come back */
		known_until_ended(s);
		idle_and_at_most_an_hour(s);
		so_many_each(s);
	}
	bank_sessions_close(&s);
	bank_sessions_close(&s);
}

static void in_a_database(void **state)
{
	struct bank_store *store = store_fixture();
	struct bank_sessions *s = open_shared(store), *other;
	struct token a;
	int64_t who;

	(void)state;
	known_until_ended(s);
	idle_and_at_most_an_hour(s);
	so_many_each(s);
	assert_int_equal(add(s, ALICE, T0, &a), BANK_OK);
	other = open_shared(store); /* and this one after a restart */
	assert_int_equal(find(other, &a, T0 + 1, &who), BANK_OK);
	bank_sessions_end(other, UK_ARRAY(a.text));
	assert_int_equal(find(s, &a, T0 + 1, &who), BANK_NO_SESSION);
	/* what ran out goes with the next one that comes */
	assert_int_equal(add(s, BOB, T0, &a), BANK_OK);
	assert_int_equal(add(s, ALICE, T0 + 2 * HOUR, &a), BANK_OK);
	assert_int_equal(store_fixture_count(store, "sessions"), 1);
	bank_sessions_close(&s);
	bank_sessions_close(&other);
	store_fixture_close(&store);
}

static void bounded(void **state)
{
	struct bank_sessions *s = open_room(3);
	struct token a, b, c, t;
	int64_t who;

	(void)state;
	assert_int_equal(add(s, 1, T0, &a), BANK_OK);
	assert_int_equal(add(s, 2, T0 + 1, &b), BANK_OK);
	assert_int_equal(add(s, 3, T0 + 2, &c), BANK_OK);
	assert_int_equal(find(s, &a, T0 + 3, &who), BANK_OK);
	assert_int_equal(add(s, 9, T0 + 4, &t), BANK_BUSY);
	/* room again when the least used one has run out */
	assert_int_equal(add(s, 9, T0 + 1 + IDLE, &t), BANK_OK);
	assert_int_equal(find(s, &b, T0 + 1 + IDLE, &who), BANK_NO_SESSION);
	assert_int_equal(find(s, &a, T0 + 1 + IDLE, &who), BANK_OK);
	assert_int_equal(add(s, 10, T0 + 1 + IDLE, &t), BANK_BUSY);
	bank_sessions_close(&s);
}

/* Thousands, so that chains and lists are real ones. */
static void many(void **state)
{
	enum { N = 2000 };
	static struct token t[N];
	struct bank_sessions *s = open_room(N);
	int64_t who;

	(void)state;
	for (int i = 0; i < N; i++)
		assert_int_equal(add(s, 1 + i / 4, T0, &t[i]), BANK_OK);
	for (int i = 0; i < N; i += 2)
		bank_sessions_end(s, UK_ARRAY(t[i].text));
	for (int i = 0; i < N; i++)
		assert_int_equal(find(s, &t[i], T0, &who),
		    i % 2 == 0 ? BANK_NO_SESSION : BANK_OK);
	bank_sessions_close(&s);
}

static uk_err use_one(void *arg)
{
	const struct bank_session_rules rules = { IDLE, HOUR, 4, EACH };
	struct bank_sessions *s = NULL;
	uk_err err = bank_sessions_open(crypto, &rules, &s);

	(void)arg;
	bank_sessions_close(&s);
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
		cmocka_unit_test(in_a_database),
		cmocka_unit_test(bounded),
		cmocka_unit_test(many),
		cmocka_unit_test(every_allocation),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name(
	    "sessions", tests, open_crypto, close_crypto);
}
