/*
 * Readers behind a socket: the client's end, against a reader that says what
 * the test wrote down. Messages are bytes of docs/virtual-card.md.
 */
#include "local.h"

#include "cmocka_all.h"
#include "fdpass.h"
#include "fixtures.h"
#include "mem.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT "02 00000002 01 00"
#define BEGIN   "03 00000000"
#define DONE    "82 00000000"
#define LEAVE   "06 00000001 00"
#define WATCH   "01 00000001 01"
#define NAME0   "Virtual Card Reader 00 00"
#define NAME1   "Virtual Card Reader 00 01"

/* What the reader expects and says, connection after connection: NULL, NULL
 * ends one, and the list. */
struct step {
	const char *expects, *says;
};

enum { STEPS_MAX = 10 };

struct rig {
	int ours; /* of the pair */
	struct uk_readers_config config;
	const struct step *script;
	size_t conversations;
	uk_bytes expects[STEPS_MAX],
	    says[STEPS_MAX]; /* of the script's steps */
	pthread_t thread;
	bool wrong;
};

/* Other threads may not end the test, so this one notes what is wrong. */
static bool play_step(int fd, uk_bytes expects, uk_bytes says)
{
	uint8_t got[256];
	size_t n = 0;

	while (n < expects.n) {
		ssize_t r = recv(fd, got + n, expects.n - n, 0);

		if (r <= 0)
			return false;
		n += (size_t)r;
	}
	if (!uk_bytes_eq(uk_view(got, n), expects))
		return false;
	return says.n == 0 ||
	       send(fd, says.p, says.n, MSG_NOSIGNAL) == (ssize_t)says.n;
}

static void *play(void *arg)
{
	struct rig *g = arg;
	size_t at = 0;

	for (size_t i = 0; i < g->conversations; i++, at++) {
		int fd = uk_fd_receive(g->ours, true);

		if (fd < 0) /* nobody can come any more */
			break;
		for (; g->script[at].expects != NULL; at++)
			g->wrong = !play_step(
				       fd, g->expects[at], g->says[at]) ||
				   g->wrong;
		if (g->script[at].says != NULL)
			(void)close(fd); /* hangs up */
	}
	return NULL;
}

static void start(struct rig *g, const struct step *script, size_t n)
{
	char address[16];
	int ends[2];

	*g = (struct rig){ .script = script, .conversations = n };
	for (size_t at = 0, i = 0; i < n; at++) {
		if (script[at].expects == NULL) {
			i++;
			continue;
		}
		g->expects[at] = hex(script[at].expects);
		g->says[at] = hex(script[at].says);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	g->ours = ends[0];
	(void)snprintf(address, sizeof(address), "fd:%d", ends[1]);
	g->config.no_pcsc = true;
	expect_ok(uk_readers_add(&g->config, address));
	assert_int_equal(pthread_create(&g->thread, NULL, play, g), 0);
}

static void end(struct rig *g)
{
	int fd;

	assert_int_equal(sscanf(g->config.local[0], "fd:%d", &fd), 1);
	(void)close(fd);
	(void)pthread_join(g->thread, NULL);
	assert_false(g->wrong);
	(void)close(g->ours);
}

static void test_addresses(void **state)
{
	static const char *const wrong[] = { "", "unix:", "unix:relative",
		"fd:", "fd:x", "fd:-1", "fd:1x", "fd:65536", "/run/reader",

		("unix:/0123456789012345678901234567890123456789012345678901234"
		 "567890123456789012345678901234567890123456789012345678") };
	struct uk_readers_config c = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_code(uk_readers_add(&c, wrong[i]), UK_ERR_FORMAT);
	for (int i = 0; i < UK_LOCALS_MAX; i++)
		expect_ok(
		    uk_readers_add(&c, i % 2 == 0 ? "unix:/run/r" : "fd:0"));
	expect_code(uk_readers_add(&c, "fd:0"), UK_ERR_TOO_SMALL);
}

static void test_names(void **state)
{
	static const char *const wrong[] = { "", "Virtual Card Reader",
		"Virtual Card Reader 0 0", "Virtual Card Reader 00 00 ",
		"Virtual Card Reader 00 0x", "Virtual Card Reader +1 00",
		"Virtual Card Reader  00 00" };
	char name[UK_READER_NAME_MAX];
	unsigned number, slot;

	(void)state;
	uk_local_name(3, 12, name);
	assert_string_equal(name, "Virtual Card Reader 03 12");
	assert_true(uk_local_parse_name(name, &number, &slot));
	assert_int_equal(number, 3);
	assert_int_equal(slot, 12);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(uk_local_parse_name(wrong[i], &number, &slot));
}

static const struct step states[] = {
	{ WATCH, "81 0000000F 02 01 00000007 02 3B00 00 00000003 00" },
	{ NULL, NULL },
};

static void test_list(void **state)
{
	uk_reader_state list[4];
	uk_readers *r;
	struct rig g;
	size_t n;

	(void)state;
	start(&g, states, 1);
	expect_ok(uk_readers_open(&g.config, &r));
	expect_ok(uk_readers_list(r, list, 4, &n));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, NAME0);
	assert_true(list[0].present);
	assert_int_equal(list[0].events, 7);
	expect_bytes(uk_view(list[0].atr, list[0].atr_len), hex("3B00"));
	assert_string_equal(list[1].name, NAME1);
	assert_false(list[1].present);
	assert_int_equal(list[1].events, 3);
	expect_code(uk_readers_list(r, list, 1, &n), UK_ERR_TOO_SMALL);
	uk_readers_close(&r);
	end(&g);
}

/* One and a half states at once, then the rest. */
static const struct step changing[] = {
	{ WATCH, "81 00000007 01 00 00000001 00" },
	{ "", "81 00000009 01 01 00000002 02 3B00 81 000000" },
	{ "", "07 01 00 00000003 00" },
	{ NULL, NULL },
};

static void test_wait(void **state)
{
	uk_reader_state list[4];
	uk_readers *r;
	struct rig g;
	size_t n = 0;

	(void)state;
	start(&g, changing, 1);
	expect_ok(uk_readers_open(&g.config, &r));
	while (n == 0 || list[0].events != 3) {
		expect_ok(uk_readers_wait(r, list, n, 5000));
		expect_ok(uk_readers_list(r, list, 4, &n));
	}
	uk_readers_close(&r);
	end(&g);
}

/* The reader hangs up, and does not know us when we come again. */
static void test_gone(void **state)
{
	static const struct step script[] = {
		{ WATCH, "81 00000007 01 00 00000001 00" },
		{ NULL, "hang up" },
		{ WATCH, "" },
		{ NULL, "hang up" },
		{ WATCH, "" },
		{ NULL, "hang up" },
	};
	uk_reader_state list[4];
	uk_readers *r;
	struct rig g;
	size_t n = 0;

	(void)state;
	start(&g, script, 3); /* or twice, as it happens */
	expect_ok(uk_readers_open(&g.config, &r));
	expect_ok(uk_readers_list(r, list, 4, &n));
	if (n > 0) /* else that was seen already */
		expect_ok(uk_readers_wait(r, list, n, 5000));
	expect_ok(uk_readers_list(r, list, 4, &n));
	assert_int_equal(n, 0);
	uk_readers_close(&r);
	end(&g);
}

static void *cancel(void *arg)
{
	uk_readers_cancel(arg);
	return NULL;
}

static void test_cancel_and_timeout(void **state)
{
	uk_reader_state list[4];
	pthread_t thread;
	uk_readers *r;
	struct rig g;
	size_t n;

	(void)state;
	start(&g, states, 1);
	expect_ok(uk_readers_open(&g.config, &r));
	expect_ok(uk_readers_list(r, list, 4, &n));
	expect_code(uk_readers_wait(r, list, n, 20), UK_ERR_TIMEOUT);
	/* Before the wait, and into it. */
	uk_readers_cancel(r);
	expect_code(uk_readers_wait(r, list, n, 20000), UK_ERR_CANCELLED);
	expect_code(uk_readers_wait(r, list, n, 20), UK_ERR_TIMEOUT);
	assert_int_equal(pthread_create(&thread, NULL, cancel, r), 0);
	expect_code(uk_readers_wait(r, list, n, 20000), UK_ERR_CANCELLED);
	(void)pthread_join(thread, NULL);
	uk_readers_close(&r);
	end(&g);
}

/* One conversation with a card; what the reader says and what we make of it. */
static const struct answer {
	const char *says;
	enum uk_code code;
	bool over; /* the connection is good for nothing more */
} answers[] = {
	{ "83 00000004 AABB9000", UK_OK, false },
	{ "84 00000001 04", UK_ERR_CARD_REMOVED, false },
	{ "84 00000001 05", UK_ERR_CARD_RESET, false },
	{ "84 00000001 06", UK_ERR_CARD_MUTE, false },
	{ "84 00000001 07", UK_ERR_IO, false },
	{ "84 00000001 FF", UK_ERR_IO, false },
	{ "82 00000000", UK_ERR_CARD_REMOVED, true },    /* another answer */
	{ "05 00000001 00", UK_ERR_CARD_REMOVED, true }, /* a request */
	{ "83 00000001 90", UK_ERR_CARD_REMOVED, true }, /* too short */
	{ "83 FFFFFFFF", UK_ERR_CARD_REMOVED, true },    /* too long */
	{ "83 00000002 9000 00", UK_ERR_CARD_REMOVED, true } /* and more */
};

static void test_answers(void **state)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *a = &answers[i];
		const struct step script[] = {
			{ CONNECT, DONE },
			{ BEGIN, DONE },
			{ "05 00000004 00A4000C", a->says },
			{ a->over ? "" : "04 00000001 00",
			    a->over ? "" : DONE },
			{ a->over ? "" : LEAVE, a->over ? "" : DONE },
			{ NULL, NULL },
		};
		uint8_t storage[16];
		uk_buf out = UK_BUF(storage);
		uk_readers *r;
		uk_link *l;
		struct rig g;

		(void)state;
		start(&g, script, 1);
		expect_ok(uk_readers_open(&g.config, &r));
		expect_ok(uk_readers_connect(r, NAME0, &l));
		expect_ok(uk_link_begin(l));
		expect_code(
		    uk_link_transmit(l, hex("00A4000C"), &out, false), a->code);
		expect_bytes(
		    uk_buf_view(&out), hex(a->code == UK_OK ? "AABB9000" : ""));
		expect_code(
		    uk_link_control(l, 1, UK_NONE, &out), UK_ERR_UNSUPPORTED);
		if (a->over)
			expect_code(uk_link_begin(l), UK_ERR_CARD_REMOVED);
		uk_link_end(l, UK_LEAVE_CARD);
		uk_link_close(&l, UK_LEAVE_CARD);
		uk_readers_close(&r);
		end(&g);
	}
}

static void test_reset_and_room(void **state)
{
	static const struct step script[] = {
		{ CONNECT, DONE },
		{ BEGIN, "84 00000001 05" },
		{ BEGIN, DONE },
		{ "05 00000001 AA", "83 00000004 01029000" },
		{ "04 00000001 01", DONE },
		{ "06 00000001 01", DONE },
		{ NULL, NULL },
	};
	uint8_t storage[3];
	uk_buf out = UK_BUF(storage);
	uk_readers *r;
	uk_link *l;
	struct rig g;

	(void)state;
	start(&g, script, 1);
	expect_ok(uk_readers_open(&g.config, &r));
	expect_ok(uk_readers_connect(r, NAME0, &l));
	expect_code(uk_link_begin(l), UK_ERR_CARD_RESET);
	expect_ok(uk_link_begin(l));
	expect_code(
	    uk_link_transmit(l, hex("AA"), &out, true), UK_ERR_TOO_SMALL);
	assert_int_equal(out.len, 0);
	expect_code(uk_link_transmit(l, UK_NONE, &out, true), UK_ERR_ARGUMENT);
	uk_link_end(l, UK_RESET_CARD);
	uk_link_close(&l, UK_RESET_CARD);
	uk_readers_close(&r);
	end(&g);
}

static void test_refused(void **state)
{
	static const struct step script[] = {
		{ CONNECT, "84 00000001 03" },
		{ NULL, "hang up" },
		{ "02 00000002 01 01", "84 00000001 02" },
		{ NULL, "hang up" },
		{ CONNECT, "84 00000001 01" },
		{ NULL, "hang up" },
		{ CONNECT, "" },
		{ NULL, "hang up" },
	};
	uk_readers *r;
	uk_link *l;
	struct rig g;

	(void)state;
	start(&g, script, 4);
	expect_ok(uk_readers_open(&g.config, &r));
	expect_code(uk_readers_connect(r, NAME0, &l), UK_ERR_NO_CARD);
	expect_code(uk_readers_connect(r, NAME1, &l), UK_ERR_NO_READER);
	expect_code(uk_readers_connect(r, NAME0, &l), UK_ERR_UNSUPPORTED);
	expect_code(uk_readers_connect(r, NAME0, &l), UK_ERR_CARD_REMOVED);
	assert_null(l);
	uk_readers_close(&r);
	end(&g);
}

/* A number that now belongs to something else is left alone. */
static void test_not_a_pair(void **state)
{
	struct uk_readers_config c = { .no_pcsc = true };
	uk_reader_state list[4];
	char address[32];
	uint8_t byte;
	int ends[2], pipes[2];
	uk_readers *r;
	size_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(pipe(pipes), 0);
	(void)snprintf(address, sizeof(address), "fd:%d", ends[1]);
	expect_ok(uk_readers_add(&c, address));
	(void)snprintf(address, sizeof(address), "fd:%d", pipes[1]);
	expect_ok(uk_readers_add(&c, address));
	expect_ok(uk_readers_add(&c, "fd:60000"));
	expect_ok(uk_readers_add(&c, "unix:/nonexistent/reader"));
	expect_ok(uk_readers_open(&c, &r));
	expect_ok(uk_readers_list(r, list, 4, &n));
	assert_int_equal(n, 0);
	(void)close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	assert_int_equal(recv(ends[0], &byte, 1, MSG_DONTWAIT), -1);
	uk_readers_close(&r);
	(void)close(pipes[0]);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* A listening socket that hangs up; garbage instead of a state. */
static void test_bad_watch(void **state)
{
	static const struct step script[] = {
		{ WATCH, "84 00000001 01" },
		{ NULL, "hang up" },
		{ WATCH, "FF" },
		{ NULL, "hang up" },
	};
	uk_reader_state list[4];
	uk_readers *r;
	struct rig g;
	size_t n;

	(void)state;
	start(&g, script, 2);
	expect_ok(uk_readers_open(&g.config, &r));
	for (int i = 0; i < 2; i++) {
		expect_ok(uk_readers_list(r, list, 4, &n));
		assert_int_equal(n, 0);
	}
	uk_readers_close(&r);
	end(&g);
}

static uk_err open_and_connect(void *arg)
{
	static const struct step script[] = {
		{ CONNECT, DONE },
		{ LEAVE, DONE },
		{ NULL, NULL },
	};
	uk_readers *r = NULL;
	uk_link *l = NULL;
	struct rig g;
	uk_err err;

	(void)arg;
	start(&g, script, 1);
	err = uk_readers_open(&g.config, &r);
	if (uk_is_ok(err))
		err = uk_readers_connect(r, NAME0, &l);
	uk_link_close(&l, UK_LEAVE_CARD);
	uk_readers_close(&r);
	if (uk_is_ok(err)) {
		end(&g);
		return err;
	}
	(void)shutdown(g.ours, SHUT_RDWR); /* nobody came */
	(void)pthread_join(g.thread, NULL);
	(void)close(g.ours);
	return err;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	assert_int_equal(fail_every_allocation(open_and_connect, NULL), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_cancel_and_timeout),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_reset_and_room),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_a_pair),
		cmocka_unit_test(test_bad_watch),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
