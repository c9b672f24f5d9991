/* Host and terminal with a line between them: pairing, conversations, noise. */
#include "link.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"

#include <string.h>

static struct trm_link *host, *terminal;
static int64_t now;

/* --- the terminal's side ------------------------------------------------- */

static struct trm_secret known;
static const char *shown; /* the code on its screen */

static bool find(void *arg, uk_bytes id, struct trm_secret *out)
{
	(void)arg;
	if (!uk_bytes_eq(id, UK_ARRAY(known.id)))
		return false;
	*out = known;
	return true;
}

static bool take_code(void *arg, uint8_t code[TRM_PAIRING_CODE])
{
	(void)arg;
	if (shown == NULL)
		return false;
	memcpy(code, shown, TRM_PAIRING_CODE);
	shown = NULL;
	return true;
}

static struct trm_link_terminal settings = {
	.name = "phone", .point = { 4, 7 }, .find = find, .take_code = take_code
};

/* --- the line ------------------------------------------------------------ */

static size_t passed, spoil_at;
static bool cut; /* the cable is out */

static void carry(struct trm_link *from, struct trm_link *to)
{
	uk_bytes out = trm_link_pending(from);

	for (size_t i = 0; i < out.n && !cut; i++) {
		uint8_t byte = out.p[i];

		if (passed++ == spoil_at)
			byte ^= 0x55;
		trm_link_feed(to, uk_view(&byte, 1), now);
	}
	trm_link_written(from, out.n, now);
}

static void quiet(void)
{
	while (trm_link_pending(host).n + trm_link_pending(terminal).n > 0) {
		carry(host, terminal);
		carry(terminal, host);
	}
}

/* Until nothing is waited for any more. */
static void settle(void)
{
	quiet();
	for (;;) {
		int64_t a = trm_link_deadline(host);
		int64_t b = trm_link_deadline(terminal);

		if (a < 0 && b < 0)
			return;
		now = a < 0 || (b >= 0 && b < a) ? b : a;
		trm_link_tick(host, now);
		trm_link_tick(terminal, now);
		quiet();
	}
}

static int make(void **state)
{
	(void)state;
	now = 0;
	passed = 0;
	spoil_at = SIZE_MAX;
	cut = false;
	settings.plain = false;
	known = (struct trm_secret){ { 1 }, { 2 } };
	shown = NULL;
	expect_ok(trm_link_new_host("desk", &host));
	expect_ok(trm_link_new_terminal(&settings, &terminal));
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	trm_link_free(&host);
	trm_link_free(&terminal);
	return 0;
}

/* --- conversations ------------------------------------------------------- */

static void open_with(const struct trm_secret *secret)
{
	static uint32_t number = 100;

	expect_ok(trm_link_open(host, secret, ++number, now));
	settle();
}

static void say(struct trm_link *from, struct trm_link *to, uk_bytes text)
{
	uk_bytes heard;

	expect_ok(trm_link_send(from, text, now));
	settle();
	assert_true(trm_link_next(to, &heard, now));
	expect_bytes(heard, text);
	assert_false(trm_link_next(to, &heard, now));
	settle();
}

static void expect_up(void)
{
	assert_int_equal(trm_link_state(host), TRM_LINK_UP);
	assert_int_equal(trm_link_state(terminal), TRM_LINK_UP);
	say(host, terminal, uk_view_str("00A4040C"));
	say(terminal, host, uk_view_str("9000"));
}

static void expect_refused(enum uk_code why)
{
	uk_bytes heard;

	assert_int_equal(trm_link_state(host), TRM_LINK_REFUSED);
	expect_code(trm_link_why(host), why);
	assert_int_not_equal(trm_link_state(terminal), TRM_LINK_UP);
	expect_code(
	    trm_link_send(host, uk_view_str("x"), now), UK_ERR_CONDITIONS);
	assert_false(trm_link_next(terminal, &heard, now));
}

static uint8_t longest[TRM_LINK_MESSAGE];

static void test_paired(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = (uint8_t)(i * 7 >> 3);
	open_with(&known);
	expect_up();
	say(host, terminal, UK_ARRAY(longest));
	say(terminal, host, UK_ARRAY(longest));
	say(host, terminal, UK_NONE);
	assert_int_equal(now, 0); /* nothing had to be repeated */
}

static void test_strangers(void **state)
{
	struct trm_secret other = known;

	(void)state;
	other.key[31] ^= 1;
	open_with(&other);
	expect_refused(UK_ERR_SIGNATURE);
	other = known;
	other.id[0] ^= 1;
	open_with(&other);
	expect_refused(UK_ERR_SIGNATURE);
	open_with(&known);
	expect_up();
}

/* In the clear only where the terminal was told to. */
static void test_plain(void **state)
{
	uk_bytes heard;

	(void)state;
	open_with(NULL);
	assert_int_equal(trm_link_state(terminal), TRM_LINK_REFUSED);
	expect_ok(trm_link_send(host, uk_view_str("x"), now));
	settle();
	assert_false(trm_link_next(terminal, &heard, now));
	settings.plain = true;
	open_with(NULL);
	expect_up();
	say(host, terminal, UK_ARRAY(longest));
}

/* A stream of the same number is another stream: what was said on the one
 * before does not go on in it. */
static void test_same_number(void **state)
{
	unsigned before;

	(void)state;
	settings.plain = true;
	for (int i = 0; i < 2; i++) {
		before = trm_link_streams(terminal);
		expect_ok(trm_link_open(host, NULL, 77, now));
		settle();
		expect_up();
		assert_int_equal(trm_link_streams(terminal), before + 1);
	}
}

static void pair(const char *typed)
{
	static uint32_t number = 5000;

	expect_ok(trm_link_pair(host, uk_view_str(typed), ++number, now));
	settle();
}

static void test_pairing(void **state)
{
	struct trm_paired a, b;

	(void)state;
	shown = "12345678";
	pair("12345678");
	assert_int_equal(trm_link_state(host), TRM_LINK_PAIRED);
	assert_int_equal(trm_link_state(terminal), TRM_LINK_PAIRED);
	assert_true(trm_link_paired(host, &a));
	assert_true(trm_link_paired(terminal, &b));
	assert_false(trm_link_paired(host, &b));
	assert_string_equal(a.name, "phone");
	assert_int_equal(a.point[1], 7);
	known = a.secret;
	open_with(&a.secret);
	expect_up();
}

static void test_pairing_refused(void **state)
{
	struct trm_paired p;

	(void)state;
	pair("12345678");
	expect_refused(UK_ERR_CONDITIONS); /* it shows no code */
	shown = "12345678";
	pair("12345679");
	expect_refused(UK_ERR_SIGNATURE);
	assert_false(trm_link_paired(terminal, &p));
	pair("12345678"); /* the code is used up */
	expect_refused(UK_ERR_CONDITIONS);
	assert_false(trm_link_paired(host, &p));
}

/* One spoilt byte anywhere in pairing, opening and talking: repeated by the
 * stream, unseen above. */
static void test_noise(void **state)
{
	size_t all = 1;

	for (size_t at = 0; at < all; at++) {
		struct trm_paired p;

		make(state);
		spoil_at = at;
		shown = "12345678";
		pair("12345678");
		assert_true(trm_link_paired(host, &p));
		known = p.secret;
		open_with(&p.secret);
		expect_up();
		all = passed;
		unmake(state);
	}
	make(state);
}

/* The cable is pulled and put back: both know, and a new stream works. */
static void test_cable(void **state)
{
	(void)state;
	open_with(&known);
	expect_up();
	cut = true;
	expect_ok(trm_link_send(host, uk_view_str("x"), now));
	expect_ok(trm_link_send(terminal, uk_view_str("y"), now));
	settle();
	assert_int_equal(trm_link_state(host), TRM_LINK_DOWN);
	assert_int_equal(trm_link_state(terminal), TRM_LINK_DOWN);
	cut = false;
	open_with(&known);
	expect_up();
	/* A terminal that was started again calls. */
	trm_link_call(terminal);
	settle();
	assert_int_equal(trm_link_state(host), TRM_LINK_DOWN);
}

/* The host asks again whether there is room now. */
static void wait_once(void)
{
	quiet();
	if (trm_link_deadline(host) >= 0) {
		now = trm_link_deadline(host);
		trm_link_tick(host, now);
	}
	quiet();
}

/* Nobody listens: so much is taken and no more, and nothing is lost of it. */
static void test_slow(void **state)
{
	size_t sent = 0, got = 0;
	uk_bytes heard;

	(void)state;
	open_with(&known);
	while (uk_is_ok(trm_link_send(host, UK_ARRAY(longest), now))) {
		sent++;
		for (int i = 0; i < 10; i++)
			wait_once(); /* longer than a dead one is given */
	}
	assert_true(sent >= 3 && sent < 20);
	while (trm_link_next(terminal, &heard, now)) {
		expect_bytes(heard, UK_ARRAY(longest));
		got++;
		wait_once();
	}
	assert_int_equal(got, sent);
}

static void test_no_memory(void **state)
{
	struct trm_link *l;

	(void)state;
	for (unsigned long n = 1;; n++) {
		uk_err err;

		uk_mem_fail_nth(n);
		err = trm_link_new_terminal(&settings, &l);
		uk_mem_fail_nth(0);
		if (uk_is_ok(err))
			break;
		expect_code(err, UK_ERR_MEMORY);
		assert_null(l);
	}
	trm_link_free(&l);
	uk_mem_fail_nth(1);
	expect_code(trm_link_open(host, &known, 1, now), UK_ERR_MEMORY);
	uk_mem_fail_nth(0);
	assert_int_equal(trm_link_state(host), TRM_LINK_DOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_paired, make, unmake),
		cmocka_unit_test_setup_teardown(test_strangers, make, unmake),
		cmocka_unit_test_setup_teardown(test_plain, make, unmake),
		cmocka_unit_test_setup_teardown(test_same_number, make, unmake),
		cmocka_unit_test_setup_teardown(test_pairing, make, unmake),
		cmocka_unit_test_setup_teardown(
		    test_pairing_refused, make, unmake),
		cmocka_unit_test_setup_teardown(test_noise, NULL, unmake),
		cmocka_unit_test_setup_teardown(test_cable, make, unmake),
		cmocka_unit_test_setup_teardown(test_slow, make, unmake),
		cmocka_unit_test_setup_teardown(test_no_memory, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
