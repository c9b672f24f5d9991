/* The stream over a bad line: two ends and what lies between them. */
#include "arq.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

static struct trm_arq host, terminal;
static int64_t now;

/* What the line does to the byte number `at` that passes over it. */
struct line {
	size_t passed, at, run; /* run bytes from `at` on */
	uint8_t flip;           /* 0: they are lost */
};
static struct line line;

static void carry(struct trm_arq *from, struct trm_arq *to)
{
	uk_bytes out = trm_arq_pending(from);

	for (size_t i = 0; i < out.n; i++) {
		uint8_t byte = out.p[i];
		bool hit = line.passed >= line.at &&
			   line.passed < line.at + line.run;

		line.passed++;
		if (hit && line.flip == 0)
			continue;
		if (hit)
			byte ^= line.flip;
		trm_arq_feed(to, uk_view(&byte, 1), now);
	}
	trm_arq_written(from, out.n);
}

static void quiet(void)
{
	while (trm_arq_pending(&host).n + trm_arq_pending(&terminal).n > 0) {
		carry(&host, &terminal);
		carry(&terminal, &host);
	}
}

static void wait_for_deadline(void)
{
	int64_t a = trm_arq_deadline(&host), b = trm_arq_deadline(&terminal);

	now = a < 0 || (b >= 0 && b < a) ? b : a;
	trm_arq_tick(&host, now);
	trm_arq_tick(&terminal, now);
}

static bool something_waits(void)
{
	return trm_arq_deadline(&host) >= 0 || trm_arq_deadline(&terminal) >= 0;
}

static void settle(void)
{
	quiet();
	while (something_waits()) {
		wait_for_deadline();
		quiet();
	}
}

static void begin(const struct line *l)
{
	now = 0;
	line = *l;
	trm_arq_init(&host, true);
	trm_arq_init(&terminal, false);
	trm_arq_open(&host, 0x01020304, now);
	settle();
}

static const struct line clean = { 0, 0, 0, 0 };

static void test_open(void **state)
{
	(void)state;
	trm_arq_init(&host, true);
	trm_arq_open(&host, 0x01020304, 0);
	expect_bytes(trm_arq_pending(&host),
	    hex("00 02 11 01 09 01020304 D56CBDCB 00")); /* test_frame */
	begin(&clean);
	assert_int_equal(host.state, TRM_ARQ_READY);
	assert_int_equal(terminal.state, TRM_ARQ_READY);
	assert_int_equal(terminal.number, 0x01020304);
}

static void say(struct trm_arq *from, struct trm_arq *to, uk_bytes text)
{
	size_t sent = 0, heard = 0;

	while (heard < text.n) {
		uk_bytes got;

		sent += trm_arq_send(from, uk_bytes_from(text, sent), now);
		quiet();
		got = trm_arq_received(to);
		if (got.n == 0) {
			assert_true(something_waits());
			wait_for_deadline();
			quiet();
			continue;
		}
		expect_bytes(
		    got, uk_bytes_first(uk_bytes_from(text, heard), got.n));
		heard += got.n;
		trm_arq_taken(to, got.n);
	}
	settle();
	assert_int_equal(trm_arq_received(to).n, 0);
}

static uint8_t text[70000];

static void test_long_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * i >> 7);
	begin(&clean);
	say(&host, &terminal, UK_ARRAY(text));
	say(&terminal, &host, UK_ARRAY(text));
	assert_int_equal(now, 0); /* nothing had to be waited for */
}

/* A conversation of a few short texts, with one run of bytes hit anywhere. */
static void talk(const struct line *l)
{
	begin(l);
	assert_int_equal(host.state, TRM_ARQ_READY);
	for (size_t i = 0; i < 3; i++) {
		say(&host, &terminal, uk_view_str("00A4040C"));
		say(&terminal, &host, uk_view_str("9000"));
	}
}

static void test_noise_anywhere(void **state)
{
	static const uint8_t flips[] = { 0x00, 0x01, 0x80, 0xff };
	size_t all;

	(void)state;
	talk(&clean);
	all = line.passed;
	assert_true(all > 100);
	for (size_t f = 0; f < sizeof(flips); f++) {
		for (size_t at = 0; at < all; at++)
			talk(&(struct line){ 0, at, 1, flips[f] });
		for (size_t at = 0; at < all; at += 7)
			talk(&(struct line){ 0, at, 40, flips[f] });
	}
}

/* Nobody answers: after some tries it is known. */
static void test_lost(void **state)
{
	const struct line dead = { 0, 0, SIZE_MAX, 0 };

	(void)state;
	begin(&dead);
	assert_int_equal(host.state, TRM_ARQ_LOST);
	begin(&clean);
	line = dead;
	assert_int_equal(trm_arq_send(&host, uk_view_str("x"), now), 1);
	settle();
	assert_int_equal(host.state, TRM_ARQ_LOST);
	assert_true(now < 60000);
	assert_int_equal(trm_arq_send(&host, uk_view_str("x"), now), 0);
}

/* A terminal that was started again knows of no stream, and says so. */
static void test_terminal_anew(void **state)
{
	(void)state;
	begin(&clean);
	trm_arq_init(&terminal, false);
	assert_int_equal(trm_arq_send(&host, uk_view_str("x"), now), 1);
	quiet();
	assert_int_equal(host.state, TRM_ARQ_LOST);
	trm_arq_open(&host, 7, now);
	settle();
	say(&host, &terminal, uk_view_str("again"));
	/* And by itself, when it starts. */
	trm_arq_init(&terminal, false);
	trm_arq_call(&terminal);
	quiet();
	assert_int_equal(host.state, TRM_ARQ_LOST);
}

/* A host that was started again opens another stream: the old one's bytes are
 * forgotten, so that the new one is not told what the old one asked. */
static void test_host_anew(void **state)
{
	(void)state;
	begin(&clean);
	assert_int_equal(trm_arq_send(&host, uk_view_str("old"), now), 3);
	quiet();
	assert_int_equal(trm_arq_received(&terminal).n, 3);
	trm_arq_init(&host, true);
	trm_arq_open(&host, 8, now);
	settle();
	assert_int_equal(trm_arq_received(&terminal).n, 0);
	say(&host, &terminal, uk_view_str("new"));
}

/* What the terminal had said to the old host is not for the new one. */
static void test_host_anew_unanswered(void **state)
{
	(void)state;
	begin(&clean);
	assert_int_equal(trm_arq_send(&terminal, uk_view_str("old"), now), 3);
	trm_arq_init(&host, true);
	trm_arq_open(&host, 9, now);
	settle();
	assert_int_equal(trm_arq_received(&host).n, 0);
	say(&terminal, &host, uk_view_str("new"));
}

/* Who does not take what has come holds the other side up, and loses nothing.
 */
static void test_slow_reader(void **state)
{
	size_t sent = 0;

	(void)state;
	begin(&clean);
	for (int i = 0; i < 3; i++) {
		sent += trm_arq_send(
		    &host, uk_bytes_from(UK_ARRAY(text), sent), now);
		quiet();
	}
	assert_int_equal(trm_arq_received(&terminal).n, TRM_ARQ_ROOM);
	expect_bytes(trm_arq_received(&terminal),
	    uk_bytes_first(UK_ARRAY(text), TRM_ARQ_ROOM));
	trm_arq_taken(&terminal, TRM_ARQ_ROOM);
	settle();
	expect_bytes(trm_arq_received(&terminal),
	    uk_view(text + TRM_ARQ_ROOM, sent - TRM_ARQ_ROOM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_noise_anywhere),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_terminal_anew),
		cmocka_unit_test(test_host_anew),
		cmocka_unit_test(test_host_anew_unanswered),
		cmocka_unit_test(test_slow_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
