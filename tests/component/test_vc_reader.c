/*
 * The reader socket from outside: plain bytes in, plain bytes out, as
 * docs/virtual-card.md has them. Everything happens in this one thread: a
 * client sends, the reader has its round, the client looks what has come.
 */
#include "vc_reader.h"

#include "cmocka_all.h"
#include "fdpass.h"
#include "fixtures.h"
#include "vcard_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCH      "01 00000001 01"
#define CONNECT(n) "02 00000002 01 " n
#define BEGIN      "03 00000000"
#define END        "04 00000001 00"
#define END_RESET  "04 00000001 01"
#define LEAVE      "06 00000001 00"
#define SELECT     "05 0000000D 00A4040C08F0756B65792E3031"
#define VERIFY     "05 00000009 00200081 0431323334"
#define TRIES      "05 00000004 00200081"
#define DONE       "82 00000000"
#define GOOD       "83 00000002 9000"
#define LEFT_3     "83 00000002 63C3"
#define ERROR(e)   "84 00000001 " e
#define NO_SLOT    ERROR("02")
#define NO_CARD    ERROR("03")
#define REMOVED    ERROR("04")
#define RESET      ERROR("05")
#define ORDER      ERROR("07")

enum { PLUGS = 2, CLIENTS = 4 };

struct rig {
	int pair; /* connections are handed over here */
	struct vc_plug *plugs[PLUGS];
	struct vc_reader *reader;
	int fds[CLIENTS];
};

/* Two rounds: one that takes a connection, one that hears it. */
static void rounds(struct rig *g)
{
	struct pollfd fds[1 + VC_CLIENTS_MAX];

	for (int i = 0; i < 2; i++) {
		(void)poll(fds, vc_reader_poll(g->reader, fds), 0);
		vc_reader_serve(g->reader, fds);
		vc_reader_settle(g->reader);
	}
}

static void come(struct rig *g, int who)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(uk_fd_send(g->pair, ends[1]));
	(void)close(ends[1]);
	g->fds[who] = ends[0];
	rounds(g);
}

static int set_up(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));
	struct vc_slot_option slot = { 0 };
	int ends[2];

	if (g == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
		return -1;
	for (int i = 0; i < PLUGS; i++) {
		struct vc_card *card = card_in_use(NULL, 0x11, false);

		expect_ok(vc_plug_hold(&slot, &card, &g->plugs[i]));
		g->plugs[i]->events = 0x10;
	}
	g->pair = ends[0];
	expect_ok(vc_reader_open(ends[1], g->plugs, PLUGS, &g->reader));
	for (int i = 0; i < CLIENTS; i++)
		come(g, i);
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *g = *state;

	vc_reader_close(&g->reader);
	for (int i = 0; i < PLUGS; i++)
		vc_plug_close(&g->plugs[i]);
	for (int i = 0; i < CLIENTS; i++)
		(void)close(g->fds[i]);
	(void)close(g->pair);
	free(g);
	return 0;
}

static void say(struct rig *g, int who, const char *text)
{
	uk_bytes v = hex(text);

	assert_int_equal(send(g->fds[who], v.p, v.n, MSG_NOSIGNAL), v.n);
	rounds(g);
}

/* What has come for this one, whole. */
static void expect_heard(struct rig *g, int who, const char *text)
{
	uint8_t got[4096];
	ssize_t n;

	rounds(g);
	n = recv(g->fds[who], got, sizeof(got), MSG_DONTWAIT);
	expect_bytes(uk_view(got, n < 0 ? 0 : (size_t)n), hex(text));
}

static void expect_hung_up(struct rig *g, int who)
{
	uint8_t byte;

	rounds(g);
	assert_int_equal(recv(g->fds[who], &byte, 1, MSG_DONTWAIT), 0);
}

static void ask(struct rig *g, int who, const char *text, const char *answer)
{
	say(g, who, text);
	expect_heard(g, who, answer);
}

#define ATR "0E 3B8A018073D401C054756B65793B"

static void test_watching(void **state)
{
	struct rig *g = *state;

	ask(g, 0, WATCH, "81 00000029 02 01 00000010 " ATR " 01 00000010 " ATR);
	expect_heard(g, 0, ""); /* nothing new, nothing said */
	vc_plug_pull(g->plugs[1]);
	expect_heard(g, 0, "81 0000001B 02 01 00000010 " ATR " 00 00000011 00");
	vc_plug_pull(g->plugs[1]); /* once is enough */
	vc_plug_insert(g->plugs[0]);
	expect_heard(g, 0, "");
	vc_plug_insert(g->plugs[1]);
	expect_heard(
	    g, 0, "81 00000029 02 01 00000010 " ATR " 01 00000012 " ATR);
	/* Who comes later sees the same. */
	ask(g, 1, WATCH, "81 00000029 02 01 00000010 " ATR " 01 00000012 " ATR);
	say(g, 0, BEGIN); /* who watches has nothing to ask */
	expect_hung_up(g, 0);
}

static void test_a_conversation(void **state)
{
	struct rig *g = *state;

	ask(g, 0, CONNECT("00"), DONE);
	ask(g, 0, BEGIN, DONE);
	ask(g, 0, SELECT, GOOD);
	ask(g, 0, VERIFY, GOOD);
	ask(g, 0, END, DONE);
	ask(g, 0, LEAVE, DONE);
	expect_hung_up(g, 0);
	/* It was left as it was. */
	ask(g, 1, CONNECT("00"), DONE);
	ask(g, 1, TRIES, GOOD);
	/* The other slot is another card. */
	ask(g, 2, CONNECT("01"), DONE);
	ask(g, 2, SELECT, GOOD);
	ask(g, 2, TRIES, LEFT_3);
}

static void test_pieces_and_crowds(void **state)
{
	struct rig *g = *state;

	say(g, 0, "02");
	say(g, 0, "0000000201");
	expect_heard(g, 0, "");
	ask(g, 0, "00 03000000", DONE);
	ask(g, 0, "00 " SELECT VERIFY TRIES END LEAVE,
	    DONE GOOD GOOD GOOD DONE DONE);
	expect_hung_up(g, 0);
}

static void test_transactions(void **state)
{
	struct rig *g = *state;

	for (int i = 0; i < 4; i++)
		ask(g, i, CONNECT("00"), DONE);
	ask(g, 0, BEGIN, DONE);
	ask(g, 2, BEGIN, ""); /* in this order they wait */
	ask(g, 1, SELECT, "");
	ask(g, 3, BEGIN, "");
	ask(g, 0, SELECT, GOOD);
	expect_heard(g, 1, "");
	ask(g, 0, END, DONE);
	expect_heard(g, 2, DONE);
	expect_heard(g, 1, "");
	ask(g, 0, BEGIN, ""); /* at the end of the line */
	ask(g, 2, END, DONE);
	expect_heard(g, 1, GOOD);
	expect_heard(g, 3, DONE);
	expect_heard(g, 0, "");
	ask(g, 3, LEAVE, DONE);
	expect_heard(g, 0, DONE);
}

/* Another's transaction is no matter of the other slot. */
static void test_slots_are_apart(void **state)
{
	struct rig *g = *state;

	ask(g, 0, CONNECT("00"), DONE);
	ask(g, 0, BEGIN, DONE);
	ask(g, 1, CONNECT("01"), DONE);
	ask(g, 1, BEGIN, DONE);
	ask(g, 1, END_RESET, DONE);
	ask(g, 0, SELECT, GOOD); /* nobody reset this one */
}

/* Who dies in the middle leaves a reset card to the next. */
static void test_death(void **state)
{
	struct rig *g = *state;

	ask(g, 0, CONNECT("00"), DONE);
	ask(g, 1, CONNECT("00"), DONE);
	ask(g, 0, BEGIN, DONE);
	ask(g, 0, SELECT, GOOD);
	ask(g, 0, VERIFY, GOOD);
	ask(g, 1, BEGIN, "");
	(void)shutdown(g->fds[0], SHUT_RDWR);
	expect_heard(g, 1, RESET);
	ask(g, 1, BEGIN, DONE);
	ask(g, 1, SELECT, GOOD);
	ask(g, 1, TRIES, LEFT_3);
}

static void test_resets(void **state)
{
	struct rig *g = *state;

	ask(g, 0, CONNECT("00"), DONE);
	ask(g, 1, CONNECT("00"), DONE);
	ask(g, 0, BEGIN, DONE);
	ask(g, 0, END_RESET, DONE);
	ask(g, 0, BEGIN, RESET); /* as pcscd: who reset it hears it as well */
	ask(g, 0, BEGIN, DONE);
	ask(g, 0, END, DONE);
	ask(g, 1, SELECT, RESET); /* was not sent */
	assert_int_equal(g->plugs[0]->commands, 0);
	ask(g, 1, SELECT, GOOD);
	/* In a transaction, by nobody of ours: it goes on. */
	ask(g, 1, BEGIN, DONE);
	vc_plug_reset(g->plugs[0]);
	ask(g, 1, SELECT, RESET);
	ask(g, 1, SELECT, GOOD);
	ask(g, 0, BEGIN, RESET);
	ask(g, 0, BEGIN, "");
	ask(g, 1, END, DONE);
	expect_heard(g, 0, DONE);
}

static void test_removal(void **state)
{
	struct rig *g = *state;

	ask(g, 0, CONNECT("00"), DONE);
	ask(g, 1, CONNECT("00"), DONE);
	ask(g, 0, BEGIN, DONE);
	ask(g, 1, BEGIN, "");
	vc_plug_pull(g->plugs[0]);
	expect_heard(g, 1, REMOVED);
	ask(g, 0, SELECT, REMOVED);
	ask(g, 2, CONNECT("00"), NO_CARD);
	expect_hung_up(g, 2);
	vc_plug_insert(g->plugs[0]);
	ask(g, 0, SELECT, REMOVED); /* for good: it may be another card */
	ask(g, 1, BEGIN, REMOVED);
	/* The old transaction is none with the new card, nor its end. */
	ask(g, 3, CONNECT("00"), DONE);
	ask(g, 3, BEGIN, DONE);
	ask(g, 0, END, ORDER);
	ask(g, 0, LEAVE, DONE);
	ask(g, 3, SELECT, GOOD);
	/* Pulled by the command itself. */
	expect_ok(vc_faults_add(
	    &g->plugs[0]->faults, "at 2 remove", g->plugs[0]->commands));
	ask(g, 3, SELECT, GOOD);
	ask(g, 3, SELECT, REMOVED);
}

static void test_misuse(void **state)
{
	static const char *const wrong[] = {
		BEGIN,               /* before CONNECT */
		"82 00000000",       /* what readers say */
		"05 FFFFFFFF",       /* a length that cannot be */
		"FF",                /* no type */
		CONNECT("00") WATCH, /* both */
		CONNECT("00") CONNECT("01"),
	};
	struct rig *g = *state;

	ask(g, 0, CONNECT("02"), NO_SLOT);
	expect_hung_up(g, 0);
	ask(g, 1, "01 00000001 02", "84 00000001 01");
	expect_hung_up(g, 1);
	ask(g, 2, "02 00000002 00 00", "84 00000001 01");
	expect_hung_up(g, 2);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)close(g->fds[0]);
		come(g, 0);
		say(g, 0, wrong[i]);
		if (strncmp(wrong[i], "02", 2) == 0)
			expect_heard(g, 0, DONE);
		expect_hung_up(g, 0);
	}
	ask(g, 3, CONNECT("00"), DONE);
	ask(g, 3, END, ORDER);
	ask(g, 3, BEGIN, DONE);
	ask(g, 3, BEGIN, ORDER);
	ask(g, 3, SELECT, GOOD); /* it has done nothing unforgivable */
}

/* A byte without a connection, and more of them than there is room for. */
static void test_too_many(void **state)
{
	struct rig *g = *state;
	int last = -1;

	assert_int_equal(send(g->pair, "", 1, 0), 1);
	rounds(g);
	for (int i = 0; i < VC_CLIENTS_MAX - CLIENTS + 1; i++) {
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		assert_true(uk_fd_send(g->pair, ends[1]));
		(void)close(ends[1]);
		rounds(g);
		if (last >= 0 && i < VC_CLIENTS_MAX - CLIENTS)
			assert_int_equal(recv(last, ends, 1, MSG_DONTWAIT), -1);
		last = ends[0]; /* the others stay open until the end */
	}
	assert_int_equal(recv(last, &last, 1, MSG_DONTWAIT), 0);
	ask(g, 3, CONNECT("00"), DONE);
}

/* When nobody is left who could come, those who are there go on. */
static void test_nobody_comes(void **state)
{
	struct rig *g = *state;

	ask(g, 0, CONNECT("00"), DONE);
	(void)shutdown(g->pair, SHUT_RDWR);
	ask(g, 0, SELECT, GOOD);
	ask(g, 0, SELECT, GOOD);
}

static uk_err open_one(void *arg)
{
	struct rig *g = arg;
	struct vc_reader *r = NULL;
	uk_err err = vc_reader_open(dup(g->pair), g->plugs, PLUGS, &r);

	vc_reader_close(&r);
	return err;
}

static void test_out_of_memory(void **state)
{
	struct rig *g = *state;
	int ends[2];

	assert_true(fail_every_allocation(open_one, g) > 1);
	/* A client for whom there is no room is hung up on. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(uk_fd_send(g->pair, ends[1]));
	(void)close(ends[1]);
	uk_mem_fail_nth(1);
	rounds(g);
	uk_mem_fail_nth(0);
	assert_int_equal(recv(ends[0], ends, 1, MSG_DONTWAIT), 0);
	ask(g, 0, CONNECT("00"), DONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_watching),
		TEST(test_a_conversation),
		TEST(test_pieces_and_crowds),
		TEST(test_transactions),
		TEST(test_slots_are_apart),
		TEST(test_death),
		TEST(test_resets),
		TEST(test_removal),
		TEST(test_misuse),
		TEST(test_too_many),
		TEST(test_nobody_comes),
		TEST(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
