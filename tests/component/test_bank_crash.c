/*
 * kill -9 in the middle of transfers: every order is posted exactly once.
 *
 * Nothing here depends on how fast the machine is: a server is killed some
 * answers after it has started, and the customer waits for the next one.
 */
#include "bank_fixture.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	KILLS = 30,
	ANSWERS_MAX = 10, /* a login and an order are five */
	PAUSE_US_MAX = 4000,
	WAIT_S = 60 /* for a server that does not come back at all */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int lives;   /* servers started so far */
	int answers; /* that the customer got in this life */
	int finished;
	bool killing, broken;
} shared = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 1, 0, 0, true,
	false };

static struct timespec deadline(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += WAIT_S;
	return t;
}

/* --- the customer -------------------------------------------------------- */

static int life(void)
{
	int now;

	pthread_mutex_lock(&shared.lock);
	now = shared.lives;
	pthread_mutex_unlock(&shared.lock);
	return now;
}

/* An answer is told to whoever kills; no answer: wait for the next life. */
static bool go_on(const json_t *answer, int in_life)
{
	struct timespec until = deadline();
	int rc = 0;

	pthread_mutex_lock(&shared.lock);
	if (answer != NULL && in_life == shared.lives)
		shared.answers++;
	while (answer == NULL && in_life == shared.lives && rc == 0)
		rc = pthread_cond_timedwait(
		    &shared.changed, &shared.lock, &until);
	pthread_cond_broadcast(&shared.changed);
	pthread_mutex_unlock(&shared.lock);
	return rc == 0;
}

static bool has_state(const json_t *answer, const char *state)
{
	const char *s = json_string_value(json_object_get(answer, "state"));

	return s != NULL && strcmp(s, state) == 0;
}

static json_t *prepare_or_confirm(
    struct fx_link *l, const char *number, json_t *prepared)
{
	uk_blob text;
	json_t *answer;

	if (prepared == NULL)
		return fx_call(
		    l, "/v1/orders", fx_order(number, "A-1", "B-1", 1));
	text = fx_b64(prepared, "text");
	answer = fx_confirm(l, number, uk_blob_view(&text), "alice-sign");
	uk_blob_free(&text);
	return answer;
}

static bool says_no_session(const json_t *answer)
{
	const char *code = json_string_value(
	    json_object_get(json_object_get(answer, "error"), "code"));

	return code != NULL && strcmp(code, "no-session") == 0;
}

/* One order until its receipt is there, whatever happens in between. The only
 * refusal that a killed server may give is that it has forgotten sessions. */
static bool transfer(struct fx_link *l, const char *number)
{
	json_t *prepared = NULL;
	bool good = true, posted = false;

	while (good && !posted) {
		int in = life();
		json_t *answer = prepare_or_confirm(l, number, prepared);
		bool forgotten = says_no_session(answer);

		good = go_on(answer, in);
		posted = has_state(answer, "posted");
		json_decref(prepared);
		prepared = has_state(answer, "prepared") ? json_incref(answer)
							 : NULL;
		if (answer != NULL && !posted && !forgotten && prepared == NULL)
			good = false;
		json_decref(answer);
		if (!forgotten)
			continue;
		in = life();
		answer = fx_login_as(l, "alice-login", NULL, NULL);
		good = good && go_on(answer, in);
		json_decref(answer);
	}
	json_decref(prepared);
	return good;
}

static bool still_killing(void)
{
	bool yes;

	pthread_mutex_lock(&shared.lock);
	yes = shared.killing;
	pthread_mutex_unlock(&shared.lock);
	return yes;
}

static void *customer(void *arg)
{
	struct fx_link l;
	char number[32];
	bool good = true;

	(void)arg;
	fx_link_open(&l);
	for (int i = 0; good && still_killing(); i++) {
		snprintf(number, sizeof(number), "crash-%d", i);
		good = transfer(&l, number);
		pthread_mutex_lock(&shared.lock);
		shared.finished += good;
		shared.broken = !good;
		pthread_cond_broadcast(&shared.changed);
		pthread_mutex_unlock(&shared.lock);
	}
	fx_link_close(&l);
	return NULL;
}

/* --- the kills ----------------------------------------------------------- */

static bool wait_for_answers(int n)
{
	struct timespec until = deadline();
	int rc = 0;
	bool good;

	pthread_mutex_lock(&shared.lock);
	while (shared.answers < n && !shared.broken && rc == 0)
		rc = pthread_cond_timedwait(
		    &shared.changed, &shared.lock, &until);
	good = shared.answers >= n;
	pthread_mutex_unlock(&shared.lock);
	return good;
}

static void kill_and_start(void)
{
	fx_kill(SIGKILL);
	fx_start();
	pthread_mutex_lock(&shared.lock);
	shared.lives++;
	shared.answers = 0;
	pthread_cond_broadcast(&shared.changed);
	pthread_mutex_unlock(&shared.lock);
}

static unsigned random_below(unsigned n)
{
	static unsigned seed = 20261120;

	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void killed_in_the_middle(void **state)
{
	const char *audit[] = { "audit", "--dir", fx_dir(), NULL };
	struct fx_link l;
	pthread_t thread;
	bool good = true;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, customer, NULL), 0);
	for (int i = 0; i < KILLS && good; i++) {
		good = wait_for_answers((int)random_below(ANSWERS_MAX) + 1);
		/* and somewhere inside the next request */
		nanosleep(&(struct timespec){ 0,
			      (long)random_below(PAUSE_US_MAX) * 1000 },
		    NULL);
		if (good)
			kill_and_start();
	}
	pthread_mutex_lock(&shared.lock);
	shared.killing = false;
	pthread_mutex_unlock(&shared.lock);
	pthread_join(thread, NULL);
	print_message("%d orders, %d kills\n", shared.finished, KILLS);
	assert_true(good);
	assert_false(shared.broken);
	assert_true(shared.finished > 0);

	fx_link_open(&l);
	json_decref(fx_login_as(&l, "alice-login", NULL, NULL));
	assert_int_equal(fx_balance(&l, "A-1"), 100000 - shared.finished);
	fx_link_close(&l);
	fx_kill(SIGTERM);
	assert_int_equal(fx_bankd(audit), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_in_the_middle),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name(
	    "bank and kill -9", tests, fx_open, fx_close);
}
