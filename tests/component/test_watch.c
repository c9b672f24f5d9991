/* Clients that wait for bills, over real sockets: what a stream and a poll are
 * told, where they go on, and how they end; with the sanitizers, that what
 * breaks leaves nothing behind. The test says what time it is. */
#include "watch.h"

#include "bank.h"
#include "bill_events.h"
#include "bills.h"
#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"

#include <event2/event.h>
#include <event2/http.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NINES "9999999999999999999999999999999999999999999999999999999999999999"
#define PHONE "+8613800001234"

enum { NOW = 1000, BEAT = 15, ROOM = 20, IDLE = 100, PATIENCE = 20 };

static struct bank bank;
static struct event_base *base;
static struct evhttp *http;
static struct bank_answers *answers;
static struct bank_watch *watch;
static struct bank_later next; /* how the next request waits */
static uint16_t port;
static int64_t alice, bob, merchant;
static uint8_t token_room[BANK_SESSION_TEXT];
static uk_buf token;
static int beats, orders;

/* --- a server ------------------------------------------------------------- */

static enum bank_code serve(void *arg, struct evhttp_request *req,
    struct bank_later *later, json_t **answer)
{
	(void)arg, (void)req, (void)later;
	*answer = NULL;
	return BANK_NOT_FOUND;
}

static void seal(
    void *arg, struct evhttp_request *req, enum bank_code code, uk_bytes body)
{
	(void)arg, (void)req, (void)code, (void)body;
}

static void wait(
    void *arg, struct evhttp_request *req, const struct bank_later *later)
{
	(void)arg, (void)req, (void)later;
}

static void alive(void *arg, struct evhttp_connection *c)
{
	(void)arg, (void)c;
	beats++;
}

static void on_request(struct evhttp_request *req, void *arg)
{
	(void)arg;
	bank_watch_start(watch, req, uk_buf_view(&token), &next, NOW);
}

static void open_server(void)
{
	static const struct bank_answers_use use = { serve, seal, wait, NULL };
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	struct evhttp_bound_socket *bound;

	base = event_base_new();
	assert_int_equal(event_base_priority_init(base, BANK_PRIORITIES), 0);
	http = evhttp_new(base);
	evhttp_set_gencb(http, on_request, NULL);
	bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound),
			     (struct sockaddr *)&a, &n),
	    0);
	port = ntohs(a.sin_port);
	expect_ok(bank_answers_open(base, &bank, &use, &answers));
	expect_ok(
	    bank_watch_open(&bank, answers, ROOM, BEAT, alive, NULL, &watch));
}

static void make_people(void)
{
	int64_t shop, account;

	expect_ok(bank_begin(bank.store));
	expect_ok(bank_customer_make(bank.store, uk_view_str("Alice"), &alice));
	expect_ok(bank_customer_make(bank.store, uk_view_str("Bob"), &bob));
	expect_ok(bank_customer_make(bank.store, uk_view_str("Shop"), &shop));
	expect_ok(bank_account_make(bank.store, shop, uk_view_str("S"),
	    uk_view_str("Shop"), uk_view_str("CNY"), &account));
	expect_ok(bank_merchant_make(bank.store, uk_view_str("Shop"), account,
	    uk_view_str("https://shop/"), &merchant));
	expect_ok(bank_commit(bank.store));
	expect_ok(bank_phone_set(
	    bank.store, bank.fields, alice, uk_view_str(PHONE), NOW));
}

static int set_up(void **state)
{
	const struct bank_session_rules rules = { IDLE, 10 * IDLE, 8, 8 };
	int64_t expires;

	(void)state;
	bank = (struct bank){ .hsm = NULL };
	beats = orders = 0;
	expect_ok(uk_crypto_open(&bank.crypto));
	expect_ok(bank_metrics_open(&bank.metrics));
	expect_ok(bank_fields_read(bank.crypto,
	    uk_view_str("key 01020304 " NINES "\nindex " NINES "\n"),
	    &bank.fields));
	expect_ok(bank_store_open(db_fresh(), &bank.store));
	expect_ok(bank_sessions_open(bank.crypto, &rules, &bank.sessions));
	make_people();
	token = (uk_buf)UK_BUF(token_room);
	assert_int_equal(bank_sessions_add(bank.sessions, alice, UK_NONE, NOW,
			     &token, &expires),
	    BANK_OK);
	open_server();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bank_watch_close(&watch);
	bank_answers_close(&answers);
	evhttp_free(http);
	event_base_free(base);
	bank_sessions_close(&bank.sessions);
	bank_store_close(&bank.store);
	bank_fields_close(&bank.fields);
	bank_metrics_close(&bank.metrics);
	uk_crypto_close(&bank.crypto);
	return 0;
}

/* --- a client ------------------------------------------------------------- */

struct client {
	int fd;
	char text[65536]; /* all that came */
	size_t n;
};

static void begin(struct client *c, bool stream, int64_t customer,
    int64_t after, int64_t seconds)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: bank\r\n\r\n";
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	*c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	next = (struct bank_later){ .customer = customer,
		.wait = { .kind = stream ? BANK_WAIT_STREAM : BANK_WAIT_POLL,
		    .after = after,
		    .seconds = seconds } };
	assert_int_equal(connect(c->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(
	    write(c->fd, request, strlen(request)), (ssize_t)strlen(request));
}

static void end(struct client *c)
{
	close(c->fd);
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* The loop turns until the client has heard this. */
static bool hears(struct client *c, const char *what)
{
	time_t until = time(NULL) + PATIENCE;

	while (strstr(c->text, what) == NULL && time(NULL) < until) {
		struct pollfd p = { c->fd, POLLIN, 0 };
		ssize_t n = 0;

		event_base_loop(base, EVLOOP_NONBLOCK);
		if (poll(&p, 1, 5) == 1)
			n = recv(c->fd, c->text + c->n,
			    sizeof(c->text) - 1 - c->n, 0);
		if (n > 0)
			c->n += (size_t)n;
		else if (p.revents != 0)
			break; /* it has ended */
	}
	return strstr(c->text, what) != NULL;
}

/* What has come until now is gone. */
static void forget(struct client *c)
{
	memset(c->text, 0, c->n);
	c->n = 0;
}

static size_t count(const struct client *c, const char *what)
{
	size_t n = 0;

	for (const char *at = c->text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

/* --- the shop ------------------------------------------------------------- */

static int64_t place(void)
{
	char number[16];
	struct bank_bill b = { 0 };
	int64_t payer, id;
	struct bank_bill_wanted w = { .merchant = merchant,
		.amount = 100,
		.seconds = 600,
		.phone = uk_view_str(PHONE),
		.payee = uk_view_str("Tea"),
		.items = uk_view_str("[]"),
		.currency = uk_view_str("CNY"),
		.callback = uk_view_str("https://shop/") };

	(void)snprintf(number, sizeof(number), "M-%d", ++orders);
	w.order = uk_view_str(number);
	expect_ok(bank_bill_place(
	    bank.store, bank.crypto, bank.fields, &w, NOW, &b, &payer));
	assert_int_equal(payer, alice);
	id = b.id;
	bank_bill_free(&b);
	bank_answers_flush(answers);
	return id;
}

/* More of them than may be open, one after the other. */
static void many_events(int n)
{
	int64_t bill = place();

	expect_ok(bank_begin(bank.store));
	for (int i = 1; i < n; i++)
		expect_ok(bank_event_add(bank.store, alice, bill, "told", NOW));
	expect_ok(bank_commit(bank.store));
	bank_answers_flush(answers);
}

static void push(int64_t customer)
{
	bank_watch_mark(watch, customer);
	bank_watch_push(watch);
}

/* --- what they are told --------------------------------------------------- */

static void a_stream(void **state)
{
	struct client c;

	(void)state;
	place();
	place();
	begin(&c, true, alice, 1, 0);
	assert_true(hears(&c, "retry: 2000\n\n"));
	assert_true(strstr(c.text, "text/event-stream") != NULL);
	push(alice);
	assert_true(hears(&c, "id: 2\nevent: bill\ndata: {"));
	place();
	push(alice);
	assert_true(hears(&c, "id: 3\n"));
	push(alice);
	push(bob);
	bank_watch_tick(watch, NOW + BEAT, NOW + BEAT);
	assert_true(hears(&c, ":\n\n"));
	assert_int_equal(beats, 1);
	assert_int_equal(count(&c, "\nevent: bill\n"), 2); /* each once */
	assert_int_equal(count(&c, "id: 1\n"), 0);
	end(&c);
}

static void more_than_fit_at_once(void **state)
{
	static struct client c;
	char last[32];

	(void)state;
	many_events(2 * BANK_EVENTS_AT_ONCE + 3);
	begin(&c, true, alice, 0, 0);
	assert_true(hears(&c, "retry"));
	for (int i = 0; i < 3; i++) /* it stays marked */
		bank_watch_push(watch);
	(void)snprintf(
	    last, sizeof(last), "id: %d\n", 2 * BANK_EVENTS_AT_ONCE + 3);
	assert_true(hears(&c, last));
	assert_int_equal(
	    count(&c, "\nevent: bill\n"), 2 * BANK_EVENTS_AT_ONCE + 3);
	end(&c);
}

static void nobody_elses(void **state)
{
	struct client c;

	(void)state;
	begin(&c, true, bob, 0, 0);
	assert_true(hears(&c, "retry"));
	place();
	push(alice);
	push(bob);
	bank_watch_tick(watch, NOW + BEAT, NOW + BEAT);
	assert_true(hears(&c, ":\n\n"));
	assert_int_equal(count(&c, "event: bill"), 0);
	end(&c);
}

static void the_session_ends(void **state)
{
	struct client c;

	(void)state;
	begin(&c, true, alice, 0, 0);
	assert_true(hears(&c, "retry"));
	bank_watch_tick(watch, NOW + BEAT, NOW + BEAT);
	assert_true(hears(&c, ":\n\n"));
	bank_sessions_end(bank.sessions, uk_buf_view(&token));
	bank_watch_tick(watch, NOW + 2 * BEAT, NOW + 2 * BEAT);
	assert_true(hears(&c, "event: end\ndata: no-session\n\n"));
	assert_true(hears(&c, "0\r\n\r\n")); /* the last chunk */
	forget(&c);
	push(alice);
	assert_false(c.n > 0);
	end(&c);
}

/* The clock jumps: heartbeats come when they are due by a clock that nobody
 * sets, and sessions end by the one that was set. */
static void the_clock_is_set(void **state)
{
	enum { HOUR = 3600 };
	struct client c;

	(void)state;
	begin(&c, true, alice, 0, 0);
	assert_true(hears(&c, "retry"));
	bank_watch_tick(watch, NOW - HOUR, NOW + BEAT);
	assert_true(hears(&c, ":\n\n"));
	place();
	push(alice);
	assert_true(hears(&c, "id: 1\n"));
	bank_watch_tick(watch, NOW + 3 * HOUR, NOW + BEAT + 1); /* not yet */
	assert_int_equal(count(&c, "event: end"), 0);
	bank_watch_tick(watch, NOW + 3 * HOUR, NOW + 2 * BEAT);
	assert_true(hears(&c, "event: end\ndata: no-session\n\n"));
	forget(&c);
	end(&c);
}

static void a_poll(void **state)
{
	struct client c;

	(void)state;
	place();
	begin(&c, false, alice, 1, 10);
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	push(alice); /* nothing behind 1 */
	bank_watch_tick(watch, NOW + 9, NOW + 9);
	event_base_loop(base, EVLOOP_NONBLOCK);
	place();
	push(alice);
	assert_true(hears(&c, "\"last\":2"));
	assert_int_equal(count(&c, "\"bill\":"), 2);
	end(&c);
	begin(&c, false, alice, 2, 10);
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	bank_watch_tick(watch, NOW + 10, NOW + 10); /* its time is over */
	assert_true(hears(&c, "\"last\":2"));
	end(&c);
}

/* Those that break make room, and go on where they were. */
static void breaks(void **state)
{
	static struct client c[BANK_WATCH_EACH + 1];

	(void)state;
	place();
	for (int i = 0; i < BANK_WATCH_EACH; i++) {
		begin(&c[i], i % 2 == 0, alice, 0, 60);
		for (int k = 0; k < 20; k++)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	begin(&c[BANK_WATCH_EACH], true, alice, 0, 0);
	assert_true(hears(&c[BANK_WATCH_EACH], " 429 "));
	end(&c[BANK_WATCH_EACH]);
	end(&c[0]); /* a stream */
	end(&c[1]); /* a poll */
	begin(&c[0], true, alice, 0, 0);
	assert_true(hears(&c[0], "retry"));
	push(alice);
	assert_true(hears(&c[0], "id: 1\n"));
	end(&c[0]);
	begin(&c[0], true, alice, 1, 0);
	assert_true(hears(&c[0], "retry"));
	place();
	push(alice);
	assert_true(hears(&c[0], "id: 2\n"));
	assert_int_equal(count(&c[0], "id: 1\n"), 0);
	/* the others are there when the server leaves */
	for (int i = 0; i < BANK_WATCH_EACH; i++) {
		if (i != 1)
			close(c[i].fd);
	}
}

#define FRESH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_stream),
		FRESH(more_than_fit_at_once),
		FRESH(nobody_elses),
		FRESH(the_session_ends),
		FRESH(the_clock_is_set),
		FRESH(a_poll),
		FRESH(breaks),
	};

	if (!db_choose(argc, argv))
		return 2;

	return cmocka_run_group_tests(tests, db_open, db_close);
}
