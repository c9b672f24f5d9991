/* The command line. */
#include "cli_options.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <getopt.h>
#include <string.h>

enum { WORDS = 12 };

/* Words of a line, split at blanks; lives until the next call. */
static cli_end parse(struct cli *cli, const char *line)
{
	static char text[256];
	char *argv[WORDS + 1] = { NULL }, *save = NULL;
	int argc = 0;

	expect_ok(uk_copy_str(text, sizeof(text), uk_view_str(line)));
	for (char *w = strtok_r(text, " ", &save); w != NULL && argc < WORDS;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	*cli = (struct cli){ 0 };
	optind = 0; /* glibc: start again */
	return options_parse(cli, argc, argv);
}

static void good(void **state)
{
	static struct cli cli;

	(void)state;
	assert_true(cli_is_ok(parse(&cli, "ukey login --json --pin-fd 3")));
	assert_string_equal(cli.opt.command, "login");
	assert_true(cli.opt.json);
	assert_int_equal(cli.opt.pin_fd, 3);
	assert_true(
	    cli_is_ok(parse(&cli, "ukey --bank https://b records --limit 7")));
	assert_string_equal(cli.opt.command, "records");
	assert_string_equal(cli.opt.bank, "https://b");
	assert_int_equal(cli.opt.limit, 7);
	assert_int_equal(cli.opt.pin_fd, -1);
	assert_true(cli_is_ok(parse(&cli, "ukey verify-receipt f.json")));
	assert_string_equal(cli.opt.argument, "f.json");
	assert_true(cli_is_ok(parse(
	    &cli, "ukey enrol --purpose login --name E --key 01 --fetch")));
	assert_string_equal(cli.opt.purpose, "login");
	assert_string_equal(cli.opt.name, "E");
	assert_string_equal(cli.opt.key, "01");
	assert_true(cli.opt.fetch);
}

static void bad(void **state)
{
	static const char *const lines[] = {
		"ukey",
		"ukey --nonsense login",
		"ukey login --pin 1234",
		"ukey login 1234",
		"ukey login --pin-fd x",
		"ukey login --pin-fd -1",
		"ukey login --pin-fd 3x",
		"ukey records --limit 0",
		"ukey records --limit 101",
		"ukey transfer --to",
		"ukey enrol --purpose",
		"ukey enrol login",
		"ukey verify-receipt",
		"ukey verify-receipt a b",
	};
	static struct cli cli;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (parse(&cli, lines[i]).cause != CLI_USAGE)
			fail_msg("taken: %s", lines[i]);
		assert_string_not_equal(cli.detail, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
