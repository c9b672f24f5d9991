/*
 * The channel against scripted links. Command bytes are written by hand from
 * ISO/IEC 7816-4:2020, 5.1 to 5.3; GET RESPONSE is 00 C0 00 00 Le (5.3.4,
 * 11.8.1).
 */
#include "channel.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "script_link.h"
#include "sw.h"

#include <string.h>

enum { ROOM = 70000 };

static uint8_t room[ROOM];

struct run {
	uk_channel *ch;
	uk_buf out;
	uint16_t sw;
};

static struct run start(uk_link *link, struct uk_limits limits)
{
	struct run r = { NULL, UK_BUF(room), 0 };

	script_reset();
	expect_ok(uk_channel_open(&link, &r.ch));
	assert_null(link);
	uk_channel_limit(r.ch, limits);
	return r;
}

static const struct uk_limits any_card = { 255, 256, false };
static const struct uk_limits extended = { 65535, 65536, true };

static const uk_cmd read_all = { .ins = 0xb0, .le = UK_LE_MAX };

static uk_err transmit_and_close(struct run *r, const uk_cmd *cmd)
{
	uk_err err = uk_channel_transmit(r->ch, cmd, &r->out, &r->sw);

	uk_channel_close(&r->ch, UK_LEAVE_CARD);
	assert_int_equal(script_log.closed, 1);
	return err;
}

/* Hex of n bytes AA with a status word, in storage that lives until the next.
 */
static const char *filled(size_t n, const char *sw)
{
	static char text[2 * ROOM + 8];

	memset(text, 'a', 2 * n);
	memcpy(text + 2 * n, sw, 5);
	return text;
}

/* --- lengths ------------------------------------------------------------- */

static void asks_for_no_more_than_the_limits_allow(void **state)
{
	static const struct {
		struct uk_limits limits;
		const char *sent;
	} rows[] = {
		{ { 255, 256, false }, "00B0000000" },
		{ { 65535, 65536, false }, "00B00000000000" },
		{ { 65535, 2048, false }, "00B00000000800" },
		{ { 0, 0, false }, "00B0000000" }, /* absurd: any ISO card */
		{ { 99999, 99999, false }, "00B00000000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script_step step = { rows[i].sent, "0102 9000", UK_OK };
		struct run r = start(script_link(&step, 1), rows[i].limits);

		expect_ok(transmit_and_close(&r, &read_all));
		expect_bytes(uk_buf_view(&r.out), hex("0102"));
		assert_int_equal(r.sw, 0x9000);
	}
}

static void long_data_goes_extended_when_allowed(void **state)
{
	static uint8_t data[256];
	static char sent[2 * sizeof(data) + 16];
	uk_cmd cmd = { .ins = 0xd6, .data = UK_ARRAY(data) };
	struct script_step step = { sent, "9000", UK_OK };
	struct run r = start(script_link(&step, 1), extended);

	(void)state;
	strcpy(sent, "00D60000 000100"); /* Lc: 00, 0100 */
	memset(sent + strlen(sent), '0', 2 * sizeof(data));
	expect_ok(transmit_and_close(&r, &cmd));
}

static void long_data_is_chained_when_only_that_is_allowed(void **state)
{
	static uint8_t data[260];
	static char first[2 * 255 + 16];
	uk_cmd cmd = { .ins = 0x2a,
		.p1 = 0x9e,
		.p2 = 0x9a,
		.data = UK_ARRAY(data),
		.le = 256 };
	struct script_step steps[] = {
		{ first, "9000", UK_OK },
		{ "002A9E9A 05 0000000000 00", "AABB 9000", UK_OK },
	};
	struct run r = start(
	    SCRIPT(steps), (struct uk_limits){ 255, 256, true });

	(void)state;
	strcpy(first, "102A9E9AFF");
	memset(first + strlen(first), '0', 2 * 255);
	expect_ok(transmit_and_close(&r, &cmd));
	expect_bytes(uk_buf_view(&r.out), hex("AABB"));
}

static void chain_ends_at_the_first_refusal(void **state)
{
	static uint8_t data[600];
	uk_cmd cmd = { .ins = 0x2a, .data = UK_ARRAY(data) };
	struct script_step steps[] = { { NULL, "6884", UK_OK } };
	struct run r = start(
	    SCRIPT(steps), (struct uk_limits){ 255, 256, true });

	(void)state;
	expect_code(transmit_and_close(&r, &cmd), UK_ERR_UNSUPPORTED);
	assert_int_equal(r.sw, 0x6884);
	assert_int_equal(script_log.commands, 1);
}

static void data_in_the_middle_of_a_chain_is_garbage(void **state)
{
	static uint8_t data[600];
	uk_cmd cmd = { .ins = 0x2a, .data = UK_ARRAY(data) };
	struct script_step steps[] = { { NULL, "01 9000", UK_OK } };
	struct run r = start(
	    SCRIPT(steps), (struct uk_limits){ 255, 256, true });

	(void)state;
	expect_code(transmit_and_close(&r, &cmd), UK_ERR_CARD_MUTE);
}

static void what_cannot_be_sent_is_not_sent(void **state)
{
	static uint8_t data[65536];
	uk_cmd long_one = { .ins = 0xd6, .data = uk_view(data, 256) };
	uk_cmd absurd = { .ins = 0xd6, .data = UK_ARRAY(data) };
	struct run r = start(script_link(NULL, 0), any_card);

	(void)state;
	expect_code(transmit_and_close(&r, &long_one), UK_ERR_UNSUPPORTED);
	r = start(script_link(NULL, 0), extended);
	expect_code(transmit_and_close(&r, &absurd), UK_ERR_ARGUMENT);
	assert_int_equal(script_log.commands, 0);
}

/* --- 6Cxx ---------------------------------------------------------------- */

static void wrong_le_is_repeated_once(void **state)
{
	struct script_step good[] = {
		{ "00B0000000", "6C03", UK_OK },
		{ "00B0000003", "010203 9000", UK_OK },
	};
	struct script_step stubborn[] = {
		{ "00B0000000", "6C03", UK_OK },
		{ "00B0000003", "6C02", UK_OK },
	};
	struct run r = start(SCRIPT(good), any_card);

	(void)state;
	expect_ok(transmit_and_close(&r, &read_all));
	expect_bytes(uk_buf_view(&r.out), hex("010203"));
	r = start(SCRIPT(stubborn), any_card);
	expect_code(transmit_and_close(&r, &read_all), UK_ERR_CARD_STATUS);
	assert_int_equal(r.sw, 0x6c02);
}

/* A second VERIFY would cost a second try. */
static void a_secret_is_never_sent_twice(void **state)
{
	uint8_t pin[4] = { 0x31, 0x32, 0x33, 0x34 };
	uk_cmd verify = {
		.ins = 0x20, .p2 = 0x81, .data = UK_ARRAY(pin), .secret = true
	};
	struct script_step step = { "00200081 04 31323334", "6C10", UK_OK };
	struct run r = start(script_link(&step, 1), any_card);

	(void)state;
	expect_code(transmit_and_close(&r, &verify), UK_ERR_CARD_STATUS);
	verify.le = 256;
	step.command = "00200081 04 31323334 00";
	r = start(script_link(&step, 1), any_card);
	expect_code(transmit_and_close(&r, &verify), UK_ERR_CARD_STATUS);
	assert_int_equal(script_log.commands, 1);
	assert_int_equal(script_log.secrets, 1);
}

/* The command buffer stands at the front of the channel. */
static void a_secret_is_gone_after_sending(void **state)
{
	static const char pin[] = "c0rrect-h0rse";
	uk_cmd verify = { .ins = 0x20,
		.p2 = 0x81,
		.data = uk_view(pin, sizeof(pin)),
		.secret = true };
	struct script_step steps[] = { { NULL, "9000", UK_OK },
		{ NULL, NULL, UK_ERR_CARD_REMOVED }, { NULL, "9000", UK_OK } };
	struct run r = start(SCRIPT(steps), any_card);

	(void)state;
	expect_ok(uk_channel_transmit(r.ch, &verify, NULL, NULL));
	assert_null(memmem(r.ch, UK_APDU_MAX, pin, sizeof(pin)));
	expect_code(uk_channel_transmit(r.ch, &verify, NULL, NULL),
	    UK_ERR_CARD_REMOVED);
	assert_null(memmem(r.ch, UK_APDU_MAX, pin, sizeof(pin)));
	/* and it would have been found */
	verify.secret = false;
	expect_ok(uk_channel_transmit(r.ch, &verify, NULL, NULL));
	assert_non_null(memmem(r.ch, UK_APDU_MAX, pin, sizeof(pin)));
	uk_channel_close(&r.ch, UK_LEAVE_CARD);
}

/* What comes back for a secret is one as well, in pieces too. */
static void a_secret_answer_is_gone(void **state)
{
	static const char plain[] = "battery-staple";
	/* "battery-" 61 07, "staple" NUL */
	struct script_step steps[] = {
		{ NULL, "626174746572792D 6107", UK_OK },
		{ "00C0000007", "6C07", UK_OK },
		{ "00C0000007", "737461706C6500 9000", UK_OK },
		{ NULL, "626174746572792D 9000", UK_OK },
	};
	struct run r = start(SCRIPT(steps), any_card);
	enum { BOTH = UK_APDU_MAX + UK_RESPONSE_MAX };
	uint8_t got[32], in[1] = { 0 };
	uk_buf out = UK_BUF(got);
	uk_cmd decipher = { .ins = 0x2a,
		.p1 = 0x80,
		.p2 = 0x86,
		.data = UK_ARRAY(in),
		.le = UK_LE_SHORT_MAX,
		.secret = true };

	(void)state;
	expect_ok(uk_channel_transmit(r.ch, &decipher, &out, NULL));
	expect_bytes(uk_buf_view(&out), UK_ARRAY(plain));
	assert_int_equal(script_log.secrets, 3);
	assert_null(memmem(r.ch, BOTH, plain, 6));
	assert_null(memmem(r.ch, BOTH, plain + 8, 6));
	/* and it would have been found */
	decipher.secret = false;
	expect_ok(uk_channel_transmit(r.ch, &decipher, &out, NULL));
	assert_non_null(memmem(r.ch, BOTH, plain, 6));
	uk_channel_close(&r.ch, UK_LEAVE_CARD);
}

/* --- 61xx ---------------------------------------------------------------- */

static void collects_what_is_left(void **state)
{
	struct script_step steps[] = {
		{ "00B0000000", "0102 6102", UK_OK },
		{ "00C0000002", "0304 6100", UK_OK },
		{ "00C0000000", "6C01", UK_OK },
		{ "00C0000001", "05 9000", UK_OK },
	};
	struct run r = start(SCRIPT(steps), any_card);

	(void)state;
	expect_ok(transmit_and_close(&r, &read_all));
	expect_bytes(uk_buf_view(&r.out), hex("0102030405"));
	assert_int_equal(r.sw, 0x9000);
}

static void keeps_data_that_comes_with_a_warning(void **state)
{
	struct script_step steps[] = { { NULL, "0102 6282", UK_OK } };
	struct run r = start(SCRIPT(steps), any_card);
	uk_err err = transmit_and_close(&r, &read_all);

	(void)state;
	expect_code(err, UK_ERR_CARD_STATUS);
	assert_int_equal(err.sw, 0x6282);
	expect_bytes(uk_buf_view(&r.out), hex("0102"));
}

/* CVE-2025-49010: GET RESPONSE wrote behind the caller's buffer. */
static void get_response_never_overflows_the_callers_buffer(void **state)
{
	uint8_t small[300], *guard = small + 258;
	struct script_step steps[] = {
		{ NULL, NULL, UK_OK },
		{ NULL, "AAAA 6102", UK_OK },
		{ NULL, "AAAA 9000", UK_OK },
	};
	struct run r = start(SCRIPT(steps), any_card);

	(void)state;
	steps[0].answer = filled(256, "6102");
	memset(small, 0x55, sizeof(small));
	r.out = uk_buf_over(small, 258);
	expect_code(transmit_and_close(&r, &read_all), UK_ERR_TOO_SMALL);
	assert_int_equal(r.out.len, 0); /* never cut, never half */
	for (size_t i = 0; i < 42; i++)
		assert_int_equal(guard[i], 0x55);
}

/* CVE-2025-49010's neighbour: an answer that never ends. */
static void endless_answer_without_data_ends_at_once(void **state)
{
	struct script_step steps[] = {
		{ NULL, "6110", UK_OK },
		{ NULL, "6110", UK_OK },
	};
	struct run r = start(SCRIPT(steps), any_card);

	(void)state;
	expect_code(transmit_and_close(&r, &read_all), UK_ERR_CARD_MUTE);
	assert_int_equal(script_log.commands, 2);
}

static uk_err one_byte_and_more(
    uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	(void)l;
	(void)cmd;
	(void)secret;
	script_log.commands++;
	uk_put(resp, hex("01 6101"));
	return uk_ok();
}

static void close_nothing(uk_link *l, enum uk_card_fate fate)
{
	(void)l;
	(void)fate;
	script_log.closed++;
}

static void endless_answer_in_drops_ends_too(void **state)
{
	static const struct uk_link_ops ops = { .transmit = one_byte_and_more,
		.close = close_nothing };
	uk_link endless = { &ops };
	struct run r = start(&endless, any_card);

	(void)state;
	expect_code(transmit_and_close(&r, &read_all), UK_ERR_CARD_MUTE);
	assert_int_equal(script_log.commands, 1 + 256 + 8);
	assert_int_equal(r.out.len, 0);
}

static bool yes(uk_link *l)
{
	(void)l;
	return true;
}

/* Over T=0, whatever the card says of extended lengths. */
static void short_links_make_short_limits(void **state)
{
	static const struct uk_link_ops ops = { .short_only = yes,
		.close = close_nothing };
	uk_link brief = { &ops }, *inner = &brief, *traced;
	struct uk_limits limits;
	struct run r;

	(void)state;
	expect_ok(uk_trace_open(&inner, &traced));
	r = start(traced, extended);
	limits = uk_channel_limits(r.ch);
	assert_int_equal(limits.max_command, 255);
	assert_int_equal(limits.max_response, 256);
	assert_true(limits.chaining);
	uk_channel_close(&r.ch, UK_LEAVE_CARD);
}

/* Whatever is left of an allowance, the command that exceeds it is not sent. */
static void no_more_than_is_allowed(void **state)
{
	const struct script_step steps[] = {
		{ "00B00000 00", "AA 6101", UK_OK },
		{ "00C00000 01", "BB 6101", UK_OK },
		{ "00B00000 00", "CC 9000", UK_OK },
	};
	struct run r = start(SCRIPT(steps), any_card);

	(void)state;
	uk_channel_allow(r.ch, 2);
	expect_code(uk_channel_transmit(r.ch, &read_all, &r.out, &r.sw),
	    UK_ERR_CARD_MUTE);
	assert_int_equal(r.out.len, 0);
	assert_int_equal(r.sw, 0);
	expect_code(uk_channel_transmit(r.ch, &read_all, &r.out, NULL),
	    UK_ERR_CARD_MUTE);
	assert_int_equal(script_log.commands, 2);
	uk_channel_allow(r.ch, 1);
	expect_ok(transmit_and_close(&r, &read_all));
	assert_int_equal(script_log.commands, 3);
}

static void more_than_64_kib_is_garbage(void **state)
{
	static const char piece[] = "6100";
	struct script_step steps[] = {
		{ NULL, NULL, UK_OK },
		{ NULL, "0101 9000", UK_OK },
	};
	struct run r = start(SCRIPT(steps), extended);

	(void)state;
	steps[0].answer = filled(65535, piece);
	expect_code(transmit_and_close(&r, &read_all), UK_ERR_CARD_MUTE);
}

/* --- answers ------------------------------------------------------------- */

static void answers_that_are_none(void **state)
{
	static const char *const answers[] = { "", "90", "1234", "0102 3000" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct script_step step = { NULL, answers[i], UK_OK };
		struct run r = start(script_link(&step, 1), any_card);

		expect_code(
		    transmit_and_close(&r, &read_all), UK_ERR_CARD_MUTE);
		assert_int_equal(r.sw, 0);
	}
}

static void nobody_wants_data(void **state)
{
	uk_cmd verify = { .ins = 0x20, .p2 = 0x81 };
	struct script_step steps[] = {
		{ NULL, "6102", UK_OK }, /* T=0 habit: done, and more to say */
		{ NULL, "AA 9000", UK_OK },
		{ NULL, "AA 9000", UK_OK },
	};
	struct run r = start(SCRIPT(steps), any_card);

	(void)state;
	expect_ok(uk_channel_transmit(r.ch, &verify, NULL, &r.sw));
	assert_int_equal(r.sw, 0x9000);
	expect_ok(uk_channel_transmit(r.ch, &verify, NULL, NULL));
	expect_code(
	    uk_channel_transmit(r.ch, &read_all, NULL, NULL), UK_ERR_CARD_MUTE);
	uk_channel_close(&r.ch, UK_RESET_CARD);
	assert_int_equal(script_log.fate, UK_RESET_CARD);
}

/* "Return code ignored": a failure leaves nothing that could be used. */
static void a_failed_exchange_leaves_nothing(void **state)
{
	struct script_step steps[] = {
		{ NULL, "0102 6110", UK_OK },
		{ NULL, NULL, UK_ERR_CARD_REMOVED },
	};
	struct run r = start(SCRIPT(steps), any_card);

	(void)state;
	uk_put_u8(&r.out, 0x77);
	expect_code(transmit_and_close(&r, &read_all), UK_ERR_CARD_REMOVED);
	assert_int_equal(r.sw, 0);
	expect_bytes(uk_buf_view(&r.out), hex("77"));
}

/* --- the rest ------------------------------------------------------------ */

static void begins_and_ends(void **state)
{
	struct run r = start(script_link(NULL, 0), any_card);

	(void)state;
	script_begin_fails(UK_ERR_CARD_RESET);
	expect_code(uk_channel_begin(r.ch), UK_ERR_CARD_RESET);
	assert_int_equal(script_log.begun, 0);
	expect_ok(uk_channel_begin(r.ch));
	uk_channel_end(r.ch, UK_RESET_CARD);
	assert_int_equal(script_log.ended, 1);
	assert_int_equal(script_log.fate, UK_RESET_CARD);
	uk_channel_close(&r.ch, UK_LEAVE_CARD);
	uk_channel_close(&r.ch, UK_LEAVE_CARD);
	assert_int_equal(script_log.closed, 1);
}

/* The link is taken over also when there is no memory for the channel. */
static uk_err open_and_close(void *arg)
{
	uk_link *link = script_link(NULL, 0);
	uk_channel *ch = arg;
	uk_err err = uk_channel_open(&link, &ch);

	assert_null(link);
	assert_int_equal(uk_is_ok(err), ch != NULL);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	return err;
}

static void survives_without_memory(void **state)
{
	(void)state;
	script_reset();
	assert_int_equal(fail_every_allocation(open_and_close, NULL), 2);
	assert_int_equal(script_log.closed, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_no_more_than_the_limits_allow),
		cmocka_unit_test(short_links_make_short_limits),
		cmocka_unit_test(long_data_goes_extended_when_allowed),
		cmocka_unit_test(
		    long_data_is_chained_when_only_that_is_allowed),
		cmocka_unit_test(chain_ends_at_the_first_refusal),
		cmocka_unit_test(data_in_the_middle_of_a_chain_is_garbage),
		cmocka_unit_test(what_cannot_be_sent_is_not_sent),
		cmocka_unit_test(wrong_le_is_repeated_once),
		cmocka_unit_test(a_secret_is_never_sent_twice),
		cmocka_unit_test(a_secret_is_gone_after_sending),
		cmocka_unit_test(a_secret_answer_is_gone),
		cmocka_unit_test(collects_what_is_left),
		cmocka_unit_test(keeps_data_that_comes_with_a_warning),
		cmocka_unit_test(
		    get_response_never_overflows_the_callers_buffer),
		cmocka_unit_test(endless_answer_without_data_ends_at_once),
		cmocka_unit_test(endless_answer_in_drops_ends_too),
		cmocka_unit_test(no_more_than_is_allowed),
		cmocka_unit_test(more_than_64_kib_is_garbage),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(nobody_wants_data),
		cmocka_unit_test(a_failed_exchange_leaves_nothing),
		cmocka_unit_test(begins_and_ends),
		cmocka_unit_test(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
