/* The dialogue with a pinentry program, played by shell scripts that answer as
 * the real programs do (codes of libgpg-error), and as they should not. */
#include "pinentry.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/ukey-pinentry-XXXXXX";
static char script[64], transcript[64];

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(script, sizeof(script), "%s/pinentry", folder);
	snprintf(transcript, sizeof(transcript), "%s/log", folder);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(script);
	unlink(transcript);
	return rmdir(folder);
}

/* A program that greets, answers GETPIN and CONFIRM with the given lines and
 * everything else with OK. */
static void write_script(const char *greeting, const char *answer)
{
	FILE *f = fopen(script, "w");

	assert_non_null(f);
	fprintf(f,
	    "#!/bin/sh\n"
	    "%s\n"
	    ": >%s\n"
	    "while IFS= read -r line; do\n"
	    "  printf '%%s\\n' \"$line\" >>%s\n"
	    "  case $line in\n"
	    "  GETPIN*|CONFIRM*) %s;;\n"
	    "  OPTION\\ ttytype*) echo 'ERR 83886254 Unknown option';;\n"
	    "  BYE) echo OK; exit 0;;\n"
	    "  *) echo '# a comment'; echo OK;;\n"
	    "  esac\n"
	    "done\n",
	    greeting, transcript, transcript, answer);
	fclose(f);
	assert_int_equal(chmod(script, 0700), 0);
}

static const struct pinentry_texts texts = { "ukey", "line 1\nline 2 100%",
	"PIN:", NULL };

static uk_err get_pin(uk_pin *pin)
{
	struct pinentry *p;
	uk_err err = pinentry_open(script, &p);

	if (uk_is_ok(err))
		err = pinentry_get_pin(p, &texts, pin);
	pinentry_close(&p);
	return err;
}

static void pins(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code err;
		const char *pin;
	} rows[] = {
		{ "echo 'D 1234'; echo OK", UK_OK, "1234" },
		{ "echo 'D 12%25%0A34'; echo OK", UK_OK, "12%\n34" },
		{ "echo 'D 12'; echo 'D 34'; echo OK", UK_OK, "1234" },
		{ "echo 'S PASSWORD_FROM_CACHE'; echo 'D 1'; echo OK", UK_OK,
		    "1" },
		/* an empty PIN is none */
		{ "echo OK", UK_ERR_PIN_LENGTH, NULL },
		{ "echo 'D '; echo OK", UK_ERR_PIN_LENGTH, NULL },
		{ "echo 'ERR 83886179 Operation cancelled <Pinentry>'",
		    UK_ERR_CANCELLED, NULL },
		{ "echo 'ERR 83886142 Timeout <Pinentry>'", UK_ERR_TIMEOUT,
		    NULL },
		{ "echo 'ERR 83918950 No tty'", UK_ERR_IO, NULL },
		{ "echo 'ERR what'", UK_ERR_IO, NULL },
		{ "exit 1", UK_ERR_IO, NULL },
		{ "echo 'D 1%zz'; echo OK", UK_ERR_FORMAT, NULL },
		{ "echo 'D 1%2'; echo OK", UK_ERR_FORMAT, NULL },
		{ "echo 'INQUIRE X'", UK_ERR_FORMAT, NULL },
		{ "echo 'nonsense'", UK_ERR_FORMAT, NULL },
		/* longer than a PIN, and longer than a line */
		{ "printf 'D %065d\\nOK\\n' 0", UK_ERR_PIN_LENGTH, NULL },
		{ "printf 'D %01200d\\nOK\\n' 0", UK_ERR_FORMAT, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uk_pin pin;

		write_script("echo 'OK Pleased to meet you'", rows[i].answer);
		expect_code(get_pin(&pin), rows[i].err);
		if (rows[i].pin != NULL)
			expect_bytes(
			    uk_pin_view(&pin), uk_view_str(rows[i].pin));
		uk_wipe(&pin, sizeof(pin));
	}
}

static void what_is_sent(void **state)
{
	char line[256], all[2048] = "";
	uk_pin pin;
	FILE *f;

	(void)state;
	setenv("DISPLAY", ":77", 1);
	setenv("TERM", "vt100", 1);
	write_script("echo OK", "echo 'D 1'; echo OK");
	expect_ok(get_pin(&pin));
	f = fopen(transcript, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		strncat(all, line, sizeof(all) - strlen(all) - 1);
	fclose(f);
	assert_non_null(strstr(all, "OPTION display=:77\n"));
	assert_non_null(strstr(all, "OPTION ttytype=vt100\n"));
	assert_non_null(strstr(all, "OPTION lc-ctype="));
	assert_non_null(strstr(all, "SETDESC line 1%0Aline 2 100%25\n"));
	assert_non_null(strstr(all, "SETPROMPT PIN:\nGETPIN\n"));
	assert_null(strstr(all, "SETERROR"));
}

static void confirming(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code err;
	} rows[] = {
		{ "echo OK", UK_OK },
		{ "echo 'ERR 83886179 cancelled'", UK_ERR_CANCELLED },
		{ "echo 'ERR 83886194 not confirmed'", UK_ERR_CANCELLED },
		{ "exit 0", UK_ERR_IO },
		{ "echo 'D yes'; echo OK", UK_ERR_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pinentry *p;

		write_script("echo OK", rows[i].answer);
		expect_ok(pinentry_open(script, &p));
		expect_code(pinentry_confirm(p, &texts), rows[i].err);
		pinentry_close(&p);
	}
}

static void long_texts_are_refused(void **state)
{
	static char text[1100];
	struct pinentry_texts t = { .description = text };
	struct pinentry *p;

	(void)state;
	write_script("echo OK", "echo OK");
	expect_ok(pinentry_open(script, &p));
	/* "SETDESC " and the line feed are nine of the 1000 bytes. */
	for (size_t i = 0; i < 991; i++)
		text[i] = 'x';
	expect_ok(pinentry_confirm(p, &t));
	text[991] = 'x';
	expect_code(pinentry_confirm(p, &t), UK_ERR_TOO_SMALL);
	pinentry_close(&p);
}

static void programs_that_do_not_start(void **state)
{
	struct pinentry *p;

	(void)state;
	expect_code(
	    pinentry_open("/nonexistent/pinentry", &p), UK_ERR_NOT_FOUND);
	assert_null(p);
	expect_code(pinentry_open("/bin/false", &p), UK_ERR_IO);
	write_script("echo 'ERR 1 no'", "echo OK");
	expect_code(pinentry_open(script, &p), UK_ERR_IO);
}

static void escapes(void **state)
{
	uint8_t s[32];
	uk_buf b = UK_BUF(s);

	(void)state;
	pinentry_escape(&b, uk_view_str("a%b\r\nc"));
	expect_bytes(uk_buf_view(&b), uk_view_str("a%25b%0D%0Ac"));
	b.len = 0;
	expect_ok(pinentry_unescape(&b, uk_view_str("a%25b%0d%0Ac")));
	expect_bytes(uk_buf_view(&b), uk_view_str("a%b\r\nc"));
	b = uk_buf_over(s, 2);
	expect_code(
	    pinentry_unescape(&b, uk_view_str("%41%42%43")), UK_ERR_TOO_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pins),
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(confirming),
		cmocka_unit_test(long_texts_are_refused),
		cmocka_unit_test(programs_that_do_not_start),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
