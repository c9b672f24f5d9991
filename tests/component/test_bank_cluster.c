/*
 * Several servers over one PostgreSQL, clients that ask any of them, and kill
 * -9 of servers and of the database: every order is posted exactly once. With
 * CRASH_ORDERS=N in the environment each client has N orders instead of 250.
 *
 * Nothing here depends on how fast the machine is: something is killed some
 * answers after the last time, and clients repeat what was not answered.
 */
#include "bank_fixture.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CLIENTS = 4,
	ORDERS = 250, /* of each client */
	KILLS = 8,
	ANSWERS = 240,     /* at most, between two kills */
	DATABASE_EACH = 4, /* of so many kills one is the database's */
	PAUSE_US = 20000,  /* before the same is asked again */
	TRIES = 3000,
	RACERS = 100,
	WINNERS = 37
};

static atomic_int answers, running;

static unsigned random_of(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

static void rest(void)
{
	nanosleep(&(struct timespec){ 0, PAUSE_US * 1000 }, NULL);
}

/* --- a client ------------------------------------------------------------ */

struct client {
	pthread_t thread;
	struct fx_link link;
	unsigned seed;
	int number, posted;
	bool broken;
	char code[64]; /* of the last answer */
};

static const char *code_of(const json_t *answer)
{
	const char *code = json_string_value(
	    json_object_get(json_object_get(answer, "error"), "code"));

	return answer == NULL ? "none" : code == NULL ? "ok" : code;
}

static bool has_state(const json_t *answer, const char *state)
{
	const char *s = json_string_value(json_object_get(answer, "state"));

	return s != NULL && strcmp(s, state) == 0;
}

/* What a client may be told while things are killed; all of it means: again. */
static bool may_be_again(const char *code)
{
	static const char *const codes[] = { "none", "busy", "internal",
		"no-session", "nonce-unknown" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(code, codes[i]) == 0)
			return true;
	}
	return false;
}

/* Anybody may be asked: there is no "own" server. */
static void choose(struct client *c)
{
	fx_link_to(&c->link, (int)random_of(&c->seed, FX_SERVERS));
}

static void login(struct client *c)
{
	for (int i = 0; i < TRIES; i++) {
		json_t *answer;
		bool good;

		choose(c);
		answer = fx_login_as(&c->link, "alice-login", NULL, NULL);
		good = answer != NULL && strcmp(code_of(answer), "ok") == 0;
		json_decref(answer);
		if (good)
			return;
		rest();
	}
	c->broken = true;
}

static json_t *ask(struct client *c, const char *number, int64_t amount,
    const json_t *prepared)
{
	uk_blob text;
	json_t *answer;

	choose(c);
	if (prepared == NULL)
		return fx_call(&c->link, "/v1/orders",
		    fx_order(number, "A-1", "B-1", amount));
	text = fx_b64(prepared, "text");
	answer = fx_confirm(
	    &c->link, number, uk_blob_view(&text), "alice-sign");
	uk_blob_free(&text);
	return answer;
}

/* Until there is a receipt, or an answer that says no for good. */
static bool transfer(struct client *c, const char *number, int64_t amount)
{
	json_t *prepared = NULL;
	bool posted = false, ended = false;

	for (int i = 0; i < TRIES && !ended; i++) {
		json_t *answer = ask(c, number, amount, prepared);

		snprintf(c->code, sizeof(c->code), "%s", code_of(answer));
		atomic_fetch_add(&answers, answer != NULL);
		posted = has_state(answer, "posted");
		if (has_state(answer, "prepared")) {
			json_decref(prepared);
			prepared = json_incref(answer);
		} else if (strcmp(c->code, "no-session") == 0) {
			login(c);
		} else if (!posted && may_be_again(c->code)) {
			rest();
		} else {
			ended = true;
		}
		json_decref(answer);
	}
	json_decref(prepared);
	return posted;
}

static int orders_each(void)
{
	const char *n = getenv("CRASH_ORDERS");

	return n == NULL ? ORDERS : atoi(n);
}

static void *pay(void *arg)
{
	struct client *c = arg;
	int orders = orders_each();
	char number[32];

	fx_link_open(&c->link);
	login(c);
	for (int i = 0; i < orders && !c->broken; i++) {
		snprintf(number, sizeof(number), "c%d-%d", c->number, i);
		if (transfer(c, number, 1))
			c->posted++;
		else
			c->broken = true;
	}
	fx_link_close(&c->link);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

/* --- the kills ----------------------------------------------------------- */

static void wait_for(int n)
{
	int before = atomic_load(&answers);

	while (atomic_load(&running) > 0 && atomic_load(&answers) < before + n)
		nanosleep(&(struct timespec){ 0, 500000 }, NULL);
}

static void kill_something(unsigned *seed, int round)
{
	int victim = (int)random_of(seed, FX_SERVERS);

	if (round % DATABASE_EACH == DATABASE_EACH - 1) {
		db_kill();
		db_start();
		return;
	}
	fx_kill_nth(victim, SIGKILL);
	wait_for((int)random_of(seed, ANSWERS / 4)); /* the others go on */
	fx_start_nth(victim);
}

static int64_t balance_of(const char *who, const char *account)
{
	char name[32];
	struct fx_link l;
	int64_t balance;

	snprintf(name, sizeof(name), "%s-login", who);
	fx_link_open(&l);
	json_decref(fx_login_as(&l, name, NULL, NULL));
	balance = fx_balance(&l, account);
	fx_link_close(&l);
	return balance;
}

static void expect_good_books(void)
{
	const char *audit[] = { "audit", "--dir", fx_dir(), NULL };

	assert_int_equal(fx_bankd(audit), 0);
}

static void killed_at_random(void **state)
{
	struct client clients[CLIENTS] = { 0 };
	int64_t alice = balance_of("alice", "A-1");
	int64_t bob = balance_of("bob", "B-1");
	unsigned seed = 20261121;
	int posted = 0, kills = 0;

	(void)state;
	atomic_store(&running, CLIENTS);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i].number = i;
		clients[i].seed = (unsigned)i + 1;
		assert_int_equal(
		    pthread_create(&clients[i].thread, NULL, pay, &clients[i]),
		    0);
	}
	while (atomic_load(&running) > 0) {
		wait_for((int)random_of(&seed, ANSWERS) + 1);
		if (atomic_load(&running) > 0)
			kill_something(&seed, kills++);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		if (clients[i].broken)
			print_error("client %d: %s\n", i, clients[i].code);
		assert_false(clients[i].broken);
		posted += clients[i].posted;
	}
	print_message("%d transfers, %d kills\n", posted, kills);
	assert_true(kills >= KILLS);
	assert_int_equal(posted, CLIENTS * orders_each());
	assert_int_equal(balance_of("alice", "A-1"), alice - posted);
	assert_int_equal(balance_of("bob", "B-1"), bob + posted);
	expect_good_books();
}

/* --- one balance --------------------------------------------------------- */

static void *race(void *arg)
{
	struct client *c = arg;
	char number[32];

	fx_link_open(&c->link);
	login(c);
	snprintf(number, sizeof(number), "race-%d", c->number);
	c->posted = transfer(c, number, 100);
	fx_link_close(&c->link);
	return NULL;
}

/* Money for so many of them and no more, asked for at three servers at once. */
static void hundred_for_one_balance(void **state)
{
	struct client drain = { .seed = 7, .number = -1 };
	static struct client racers[RACERS];
	int64_t left = balance_of("alice", "A-1");
	int posted = 0, refused = 0;

	(void)state;
	fx_link_open(&drain.link);
	login(&drain);
	assert_true(transfer(&drain, "drain", left - WINNERS * 100 - 99));
	fx_link_close(&drain.link);
	for (int i = 0; i < RACERS; i++) {
		racers[i].number = i;
		racers[i].seed = (unsigned)i + 99;
		assert_int_equal(
		    pthread_create(&racers[i].thread, NULL, race, &racers[i]),
		    0);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		posted += racers[i].posted;
		refused += strcmp(racers[i].code, "insufficient-funds") == 0;
	}
	assert_int_equal(posted, WINNERS);
	assert_int_equal(refused, RACERS - WINNERS);
	assert_int_equal(balance_of("alice", "A-1"), 99);
	expect_good_books();
}

static int set_up(void **state)
{
	if (fx_make(state) != 0)
		return -1;
	for (int i = 0; i < FX_SERVERS; i++)
		fx_start_nth(i);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_random),
		cmocka_unit_test(hundred_for_one_balance),
	};

	char *const engine[] = { NULL, (char *)(uintptr_t) "postgresql" };

	if (!db_choose(2, engine))
		return 64;
	fx_origin_is("https://bank.example");
	fx_many_connections(true);
	return cmocka_run_group_tests_name(
	    "bank of several servers", tests, set_up, fx_close);
}
