/* kill -9 in the middle of transfers: every order is posted exactly once. */
#include "bank_fixture.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KILLS = 30, ORDERS_MAX = 100000 };

static atomic_bool killing = true;
static atomic_int finished;

/* Tries one order until its receipt is there, whatever happens in between. */
static void transfer(struct fx_link *l, const char *number)
{
	for (int tries = 0; tries < 200; tries++) {
		json_t *a = fx_call(
		    l, "/v1/orders", fx_order(number, "A-1", "B-1", 1));
		const char *state = json_string_value(
		    json_object_get(a, "state"));

		if (state != NULL && strcmp(state, "prepared") == 0) {
			uk_blob text = fx_b64(a, "text");

			json_decref(a);
			a = fx_confirm(
			    l, number, uk_blob_view(&text), "alice-sign");
			uk_blob_free(&text);
			state = json_string_value(json_object_get(a, "state"));
		}
		if (state != NULL && strcmp(state, "posted") == 0) {
			json_decref(a);
			return;
		}
		/* sessions are in memory: gone with the server */
		if (strcmp(fx_code(a), "no-session") == 0)
			json_decref(fx_login_as(l, "alice-login", NULL, NULL));
		else
			nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
	}
	fail_msg("order %s never got through", number);
}

static void *customer(void *arg)
{
	struct fx_link l;
	char number[32];

	(void)arg;
	fx_link_open(&l);
	for (int i = 0; i < ORDERS_MAX && atomic_load(&killing); i++) {
		snprintf(number, sizeof(number), "crash-%d", i);
		transfer(&l, number);
		atomic_fetch_add(&finished, 1);
	}
	fx_link_close(&l);
	return NULL;
}

static void killed_in_the_middle(void **state)
{
	const char *audit[] = { "audit", "--dir", fx_dir(), NULL };
	struct fx_link l;
	pthread_t thread;
	unsigned seed = 20261120;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, customer, NULL), 0);
	for (int i = 0; i < KILLS; i++) {
		/* between 20 and 100 ms into the work */
		seed = seed * 1103515245 + 12345;
		nanosleep(&(struct timespec){ 0,
			      20000000 + (long)(seed >> 16) % 80 * 1000000 },
		    NULL);
		fx_kill(SIGKILL);
		fx_start();
	}
	atomic_store(&killing, false);
	pthread_join(thread, NULL);
	print_message("%d orders, %d kills\n", atomic_load(&finished), KILLS);
	assert_true(atomic_load(&finished) > 0);

	fx_link_open(&l);
	json_decref(fx_login_as(&l, "alice-login", NULL, NULL));
	assert_int_equal(
	    fx_balance(&l, "A-1"), 100000 - atomic_load(&finished));
	fx_link_close(&l);
	fx_kill(SIGTERM);
	assert_int_equal(fx_bankd(audit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_in_the_middle),
	};

	return cmocka_run_group_tests_name(
	    "bank and kill -9", tests, fx_open, fx_close);
}
