/* The log is silent unless asked, and only then. */
#include "cmocka_all.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>

static size_t lines_at(enum uk_log_level level, char **text)
{
	size_t n, lines = 0;
	FILE *sink = open_memstream(text, &n);

	assert_non_null(sink);
	uk_log_to(sink, level);
	uk_log(UK_LOG_ERROR, "error %d", 1);
	uk_log(UK_LOG_INFO, "info %s", "two");
	uk_log(UK_LOG_DEBUG, "debug");
	uk_log(UK_LOG_OFF, "never");
	uk_log_to(NULL, UK_LOG_DEBUG);
	uk_log(UK_LOG_ERROR, "after the end");
	fclose(sink);
	for (const char *p = *text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	return lines;
}

static void writes_up_to_the_level(void **state)
{
	(void)state;
	for (int level = UK_LOG_OFF; level <= UK_LOG_DEBUG; level++) {
		char *text = NULL;

		assert_int_equal(
		    lines_at((enum uk_log_level)level, &text), level);
		assert_null(strstr(text, "never"));
		assert_null(strstr(text, "after"));
		free(text);
	}
}

static void says_time_process_level_text(void **state)
{
	char *text = NULL;
	int year, pid, used = 0;

	(void)state;
	assert_int_equal(lines_at(UK_LOG_INFO, &text), 2);
	assert_int_equal(sscanf(text, "%4d-%*d-%*dT%*d:%*d:%*d.%*3dZ %d%n",
			     &year, &pid, &used),
	    2);
	assert_true(year >= 2024);
	assert_true(strncmp(text + used, " error error 1\n", 15) == 0);
	assert_non_null(strstr(text, " info info two\n"));
	free(text);
}

static void knows_whether_it_is_on(void **state)
{
	(void)state;
	assert_false(uk_log_on(UK_LOG_ERROR));
	uk_log_to(stderr, UK_LOG_INFO);
	assert_true(uk_log_on(UK_LOG_ERROR));
	assert_true(uk_log_on(UK_LOG_INFO));
	assert_false(uk_log_on(UK_LOG_DEBUG));
	assert_false(uk_log_on(UK_LOG_OFF));
	uk_log_to(NULL, UK_LOG_DEBUG);
	assert_false(uk_log_on(UK_LOG_ERROR));
}

/* RFC 8259: written out by hand. */
static void json_lines(void **state)
{
	static const char want[] =
	    "\"level\": \"info\", \"event\": \"x\", \"n\": \"-1\","
	    " \"reason\": \"two \\u005c words\", \"text\": \"and \\u0022it\"}\n"
	    "{\"time\": \"";
	char *text = NULL;
	size_t n;
	FILE *sink = open_memstream(&text, &n);

	(void)state;
	assert_non_null(sink);
	uk_log_to(sink, UK_LOG_INFO);
	uk_log_format(UK_LOG_JSON);
	uk_log(UK_LOG_INFO, "event=%s n=%d reason=\"two \\ words\" and \"it",
	    "x", -1);
	uk_log(UK_LOG_INFO, "words");
	uk_log_format(UK_LOG_PLAIN);
	uk_log_to(NULL, UK_LOG_OFF);
	fclose(sink);
	assert_memory_equal(text, "{\"time\": \"2", 11);
	assert_non_null(strstr(text, want));
	assert_non_null(
	    strstr(text, "\"level\": \"info\", \"text\": \"words\"}\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_up_to_the_level),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(says_time_process_level_text),
		cmocka_unit_test(knows_whether_it_is_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
