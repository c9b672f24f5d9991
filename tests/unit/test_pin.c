/* Sources of a PIN: a descriptor, and a terminal played by a pty. */
#include "cli_pin.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const struct pin_question question = { "log in", "Card", 2, NULL };

static uk_err ask_pipe(const char *text, size_t n, uk_pin *pin)
{
	struct pin_asker a = { PIN_FROM_FD, NULL, -1 };
	int fds[2];
	uk_err err;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, n), n);
	close(fds[1]);
	a.fd = fds[0];
	err = pin_ask(&a, &question, pin);
	close(fds[0]);
	return err;
}

static void descriptor(void **state)
{
	static const char long_one[] =
	    "1234567890123456789012345678901234567890"
	    "1234567890123456789012345\n";
	static const struct {
		const char *text;
		enum uk_code err;
		const char *pin;
	} rows[] = {
		{ "1234\n", UK_OK, "1234" }, { "1234", UK_OK, "1234" },
		{ "1234\n5678\n", UK_OK, "1234" },
		{ "\n", UK_ERR_PIN_LENGTH, NULL },
		{ "", UK_ERR_PIN_LENGTH, NULL },
		{ long_one, UK_ERR_PIN_LENGTH, NULL }, /* 65 bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uk_pin pin;

		expect_code(ask_pipe(rows[i].text, strlen(rows[i].text), &pin),
		    rows[i].err);
		if (rows[i].pin != NULL)
			expect_bytes(
			    uk_pin_view(&pin), uk_view_str(rows[i].pin));
		uk_wipe(&pin, sizeof(pin));
	}
}

static void one_line_each_time(void **state)
{
	struct pin_asker a = { PIN_FROM_FD, NULL, -1 };
	int fds[2];
	uk_pin pin;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "1111\n2222\n", 10), 10);
	close(fds[1]);
	a.fd = fds[0];
	expect_ok(pin_ask(&a, &question, &pin));
	expect_bytes(uk_pin_view(&pin), uk_view_str("1111"));
	expect_ok(pin_ask(&a, &question, &pin));
	expect_bytes(uk_pin_view(&pin), uk_view_str("2222"));
	expect_code(pin_ask(&a, &question, &pin), UK_ERR_PIN_LENGTH);
	close(fds[0]);
}

/* Types `keys` at a terminal after the prompt; what it showed goes to *seen. */
static uk_err ask_terminal(
    const char *keys, uk_pin *pin, char *seen, size_t cap)
{
	struct pin_asker a = { PIN_FROM_TTY, NULL, -1 };
	struct termios before, after;
	int master, slave;
	ssize_t n;
	uk_err err;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &before), 0);
	if (fork() == 0) {
		char c;

		/* The prompt ends with ": "; typed earlier, keys would be
		 * flushed away. */
		do {
			if (read(master, &c, 1) != 1)
				_exit(1);
		} while (c != ':');
		usleep(100000);
		_exit(write(master, keys, strlen(keys)) < 0);
	}
	a.fd = slave;
	err = pin_ask(&a, &question, pin);
	assert_int_equal(tcgetattr(slave, &after), 0);
	assert_int_equal(before.c_lflag, after.c_lflag);
	fcntl(master, F_SETFL, O_NONBLOCK);
	n = read(master, seen, cap - 1);
	seen[n > 0 ? n : 0] = '\0';
	close(master);
	close(slave);
	return err;
}

static void terminal(void **state)
{
	static const struct {
		const char *keys;
		enum uk_code err;
		const char *pin;
	} rows[] = {
		{ "1234\r", UK_OK, "1234" },
		{ "1235\1774\n", UK_OK, "1234" },
		{ "12\xc3\xa9\1773\r", UK_OK, "123" }, /* one key, two bytes */
		{ "999\025"
		  "1234\r",
		    UK_OK, "1234" },                  /* Ctrl-U */
		{ "12\003", UK_ERR_CANCELLED, NULL }, /* Ctrl-C */
		{ "\r", UK_ERR_PIN_LENGTH, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char seen[256];
		uk_pin pin;

		expect_code(
		    ask_terminal(rows[i].keys, &pin, seen, sizeof(seen)),
		    rows[i].err);
		if (rows[i].pin != NULL)
			expect_bytes(
			    uk_pin_view(&pin), uk_view_str(rows[i].pin));
		assert_null(strstr(seen, "1234")); /* no echo */
		uk_wipe(&pin, sizeof(pin));
	}
}

static void nobody(void **state)
{
	struct pin_asker a = { PIN_FROM_NOBODY, NULL, -1 };
	uk_pin pin;

	(void)state;
	expect_code(pin_ask(&a, &question, &pin), UK_ERR_NOT_FOUND);
	assert_false(pin_is_person(&a));
}

static void choosing(void **state)
{
	struct pin_asker a = pin_choose(0, "prog");

	(void)state;
	assert_int_equal(a.source, PIN_FROM_FD);
	assert_false(pin_is_person(&a));
	a = pin_choose(-1, "prog");
	assert_int_equal(a.source, PIN_FROM_PINENTRY);
	assert_true(pin_is_person(&a));
}

static void tries(void **state)
{
	char text[80];

	(void)state;
	assert_string_equal(pin_tries_text(-1, text, sizeof(text)), "");
	assert_string_equal(
	    pin_tries_text(2, text, sizeof(text)), "2 tries left");
	assert_non_null(
	    strstr(pin_tries_text(1, text, sizeof(text)), "LAST TRY"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptor),
		cmocka_unit_test(one_line_each_time),
		cmocka_unit_test(terminal),
		cmocka_unit_test(nobody),
		cmocka_unit_test(choosing),
		cmocka_unit_test(tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
