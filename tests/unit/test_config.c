/* bankd.json: what is accepted, and what is said about the rest. */
#include "config.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_path(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/ukey-config-XXXXXX");
	fd = mkstemp(path);
	return fd >= 0 && close(fd) == 0 ? 0 : -1;
}

static int remove_path(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static const struct {
	const char *text, *why; /* part of the message */
} bad[] = {
	{ "", "end of file" },
	{ "[]", "object" },
	{ "{\"name\":\"B\",\"name\":\"C\"}", "duplicate" },
	{ "{\"host\":\"h\",\"port\":1}", "\"name\" is missing" },
	{ "{\"name\":\"B\",\"port\":1}", "\"host\" is missing" },
	{ "{\"name\":\"B\",\"host\":\"h\"}", "\"port\" is missing" },
	{ "{\"name\":1,\"host\":\"h\",\"port\":1}", "\"name\" must be text" },
	{ "{\"name\":\"\",\"host\":\"h\",\"port\":1}", "\"name\" must be" },
	{ "{\"name\":\"B\",\"host\":\"h\",\"port\":65536}", "0 to 65535" },
	{ "{\"name\":\"B\",\"host\":\"h\",\"port\":\"1\"}", "\"port\" must" },
	{ "{\"name\":\"B\",\"host\":\"h\",\"port\":1,\"prot\":2}",
	    "unknown setting \"prot\"" },
	{ "{\"name\":\"B\",\"host\":\"h\",\"port\":1,\"transferLimit\":0}",
	    "transferLimit" },
};

static void refusals(void **state)
{
	struct bank_config c;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_text(bad[i].text);
		expect_code(bank_config_read(path, &c, why, sizeof(why)),
		    UK_ERR_FORMAT);
		if (strstr(why, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].text, why);
	}
	expect_code(bank_config_read("/nonexistent", &c, why, sizeof(why)),
	    UK_ERR_NOT_FOUND);
}

static void written_and_read(void **state)
{
	struct bank_config c, d;
	char why[256];
	struct stat st;

	(void)state;
	bank_config_defaults(&c);
	c.port = 1234;
	c.transfer_limit = 99;
	expect_code(bank_config_write(path, &c), UK_ERR_EXISTS);
	(void)unlink(path);
	expect_ok(bank_config_write(path, &c));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	expect_ok(bank_config_read(path, &d, why, sizeof(why)));
	assert_memory_equal(&c, &d, sizeof(c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    refusals, make_path, remove_path),
		cmocka_unit_test_setup_teardown(
		    written_and_read, make_path, remove_path),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
