/* What a card or a reader calls itself, made fit to be shown. */
#include "cli_module.h"
#include "cmocka_all.h"

#include <string.h>

static const struct {
	const char *field, *shown;
} texts[] = {
	{ "Bank card", "Bank card" },
	{ "Bank card                       ", "Bank card" },
	{ "", "" },
	{ "   ", "" },
	{ "\xe4\xb8\xad\xe5\x9b\xbd\xe9\x93\xb6\xe8\xa1\x8c",
	    "\xe4\xb8\xad\xe5\x9b\xbd\xe9\x93\xb6\xe8\xa1\x8c" },
	/* ECMA-48: ESC [ begins a control sequence, and so does U+009B */
	{ "a\x1b[2Jb", "a?[2Jb" },
	{ "a\xc2\x9b"
	  "2Jb",
	    "a?2Jb" },
	{ "a\nukey: paid\x7f", "a?ukey: paid?" },
	/* U+202E turns around what follows, U+200B is not seen */
	{ "a\xe2\x80\xae"
	  "b\xe2\x80\x8b"
	  "c",
	    "a?b?c" },
	/* not UTF-8: a lone byte, an overlong '/', a cut character */
	{ "a\x9b"
	  "b",
	    "a?b" },
	{ "a\xc0\xaf", "a??" },
	{ "a\xe4\xb8", "a??" },
};

static void what_is_shown(void **state)
{
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		module_text(out, sizeof(out),
		    (const CK_UTF8CHAR *)texts[i].field,
		    strlen(texts[i].field));
		assert_string_equal(out, texts[i].shown);
	}
}

/* What does not fit is cut between characters. */
static void bounded(void **state)
{
	static const CK_UTF8CHAR field[] = "ab\xe4\xb8\xad";
	char out[8];

	(void)state;
	memset(out, 'x', sizeof(out));
	module_text(out, 5, field, 5);
	assert_string_equal(out, "ab");
	assert_int_equal(out[5], 'x');
	module_text(out, 6, field, 5);
	assert_string_equal(out, (const char *)field);
	assert_int_equal(out[6], 'x');
	module_text(out, 1, field, 5);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests_name("module", tests, NULL, NULL);
}
