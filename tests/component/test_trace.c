/* The trace: what it counts, and above all what it does not write down. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "log.h"
#include "script_link.h"

#include <stdlib.h>
#include <string.h>

static uk_link *traced(const struct script_step *steps, size_t n)
{
	uk_link *inner = script_link(steps, n), *trace;

	script_reset();
	expect_ok(uk_trace_open(&inner, &trace));
	assert_null(inner);
	return trace;
}

static char *log_text;
static size_t log_size;

static FILE *open_log(void)
{
	FILE *sink = open_memstream(&log_text, &log_size);

	assert_non_null(sink);
	uk_log_to(sink, UK_LOG_DEBUG);
	return sink;
}

static void close_log(FILE *sink)
{
	uk_log_to(NULL, UK_LOG_OFF);
	fclose(sink);
}

static void writes_headers_lengths_and_status_words(void **state)
{
	const struct script_step steps[] = { { NULL, "DEADBEEF 9000", UK_OK },
		{ NULL, NULL, UK_ERR_CARD_REMOVED } };
	uk_link *l = traced(steps, 2);
	uint8_t room[32];
	uk_buf resp = UK_BUF(room);
	FILE *sink = open_log();
	uk_bytes cmd = hex("00883001 04 CAFEBABE 00");

	(void)state;
	expect_ok(uk_link_transmit(l, cmd, &resp, false));
	expect_code(
	    uk_link_transmit(l, cmd, &resp, false), UK_ERR_CARD_REMOVED);
	close_log(sink);
	assert_non_null(
	    strstr(log_text, "apdu 00883001: 10 bytes -> 6 bytes 9000"));
	assert_non_null(strstr(log_text, "-> card-removed"));
	/* neither what programs sign nor what cards answer */
	assert_null(strstr(log_text, "cafe"));
	assert_null(strstr(log_text, "dead"));
	free(log_text);
	uk_link_close(&l, UK_LEAVE_CARD);
}

static void writes_only_the_length_of_a_secret(void **state)
{
	const struct script_step steps[] = { { NULL, "63C2", UK_OK } };
	uk_link *l = traced(steps, 1);
	uint8_t room[32];
	uk_buf resp = UK_BUF(room);
	FILE *sink = open_log();

	(void)state;
	expect_ok(
	    uk_link_transmit(l, hex("00200081 04 31323334"), &resp, true));
	close_log(sink);
	assert_non_null(
	    strstr(log_text, "apdu secret: 9 bytes -> 2 bytes 63c2"));
	assert_null(strstr(log_text, "3132"));
	assert_null(strstr(log_text, "00200081"));
	free(log_text);
	assert_int_equal(script_log.secrets, 1); /* handed on */
	uk_link_close(&l, UK_LEAVE_CARD);
}

static void counts_commands(void **state)
{
	const struct script_step steps[] = { { NULL, "9000", UK_OK },
		{ NULL, NULL, UK_ERR_CARD_MUTE } };
	uk_link *l = traced(steps, 2);
	uk_link *plain = script_link(NULL, 0);
	uint8_t room[8];
	uk_buf resp = UK_BUF(room);
	uint32_t commands = 7;
	uint64_t micros = 7;

	(void)state;
	expect_ok(uk_link_transmit(l, hex("00840000"), &resp, false));
	expect_code(uk_link_transmit(l, hex("00840000"), &resp, false),
	    UK_ERR_CARD_MUTE);
	uk_trace_counts(l, &commands, &micros);
	assert_int_equal(commands, 2);
	uk_trace_counts(plain, &commands, &micros);
	assert_int_equal(commands, 0);
	assert_int_equal(micros, 0);
	uk_link_close(&plain, UK_LEAVE_CARD);
	uk_link_close(&l, UK_LEAVE_CARD);
}

static void hands_everything_on(void **state)
{
	uk_link *l = traced(NULL, 0);

	(void)state;
	expect_ok(uk_link_begin(l));
	uk_link_end(l, UK_RESET_CARD);
	assert_int_equal(script_log.begun, 1);
	assert_int_equal(script_log.ended, 1);
	assert_int_equal(script_log.fate, UK_RESET_CARD);
	uk_link_close(&l, UK_LEAVE_CARD);
	uk_link_close(&l, UK_LEAVE_CARD);
	assert_int_equal(script_log.closed, 1);
	assert_int_equal(script_log.fate, UK_LEAVE_CARD);
}

static uk_err open_and_close(void *arg)
{
	uk_link *inner = script_link(NULL, 0), *trace = arg;
	uk_err err = uk_trace_open(&inner, &trace);

	assert_null(inner);
	assert_int_equal(uk_is_ok(err), trace != NULL);
	uk_link_close(&trace, UK_LEAVE_CARD);
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
		cmocka_unit_test(writes_headers_lengths_and_status_words),
		cmocka_unit_test(writes_only_the_length_of_a_secret),
		cmocka_unit_test(counts_commands),
		cmocka_unit_test(hands_everything_on),
		cmocka_unit_test(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
