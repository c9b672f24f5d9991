/* The configuration file. */
#include "cli_config.h"

#include "cmocka_all.h"
#include "fixtures.h"

static void good(void **state)
{
	struct config c = { .module = "/before" };
	unsigned line;

	(void)state;
	expect_ok(config_parse(uk_view_str("# my bank\n"
					   "\n"
					   "bank = https://bank.example\r\n"
					   "  ca=/etc/bank ca.pem  \n"
					   "token = pkcs11:token=a=b"),
	    &c, &line));
	assert_string_equal(c.bank, "https://bank.example");
	assert_string_equal(c.ca, "/etc/bank ca.pem");
	assert_string_equal(c.token, "pkcs11:token=a=b");
	assert_string_equal(c.module, "/before");
	expect_ok(config_parse(UK_NONE, &c, &line));
}

static void bad(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} rows[] = {
		{ "bank", 1 }, { "bank =", 1 }, { "= x", 1 },
		{ "ca = x\n\nbnak = x\n", 3 },
		{ "pin = 1234", 1 }, /* a PIN has no business here */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config c = { 0 };
		unsigned line;

		expect_code(config_parse(uk_view_str(rows[i].text), &c, &line),
		    UK_ERR_FORMAT);
		assert_int_equal(line, rows[i].line);
	}
}

static void values_are_never_cut(void **state)
{
	static char text[CONFIG_VALUE_MAX + 16];
	struct config c = { 0 };
	unsigned line;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		uk_buf b = uk_buf_over(text, sizeof(text));

		uk_put_str(&b, "ca=");
		uk_put_fill(&b, 'x', CONFIG_VALUE_MAX - 1 + (size_t)extra);
		expect_code(config_parse(uk_buf_view(&b), &c, &line),
		    extra == 0 ? UK_OK : UK_ERR_FORMAT);
	}
	expect_code(
	    config_parse(uk_view("ca=a\0b", 6), &c, &line), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(values_are_never_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
