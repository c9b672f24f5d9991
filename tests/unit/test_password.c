/* Passwords. The hash: test.c of the reference implementation of Argon2
 * (github.com/P-H-C/phc-winner-argon2), argon2id, version 13. */
#include "password.h"

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

#include <string.h>

static const struct bank_password_cost cheap = { 8, 1, 1 };
static uk_pin of(const char *text)
{
	uk_pin pin;

	expect_ok(uk_pin_set(&pin, uk_view_str(text)));
	return pin;
}

static void published(void **state)
{
	static const char text[] =
	    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
	    "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
	uk_pin right = of("password"), wrong = of("passwore");

	(void)state;
	assert_true(bank_password_ok(crypto, &cheap, text, &right));
	assert_false(bank_password_ok(crypto, &cheap, text, &wrong));
}

static void made_and_checked(void **state)
{
	char one[BANK_PASSWORD_TEXT], two[BANK_PASSWORD_TEXT];
	uk_pin right = of("correct horse"), wrong = of("correct hors");
	const struct bank_password_cost other = { 16, 2, 2 };

	(void)state;
	expect_ok(bank_password_hash(crypto, &other, &right, one));
	expect_ok(bank_password_hash(crypto, &other, &right, two));
	assert_string_not_equal(one, two);
	assert_non_null(strstr(one, "$argon2id$v=19$m=16,t=2,p=2$"));
	/* by its own costs, whatever they are today */
	assert_true(bank_password_ok(crypto, &cheap, one, &right));
	assert_false(bank_password_ok(crypto, &cheap, one, &wrong));
}

static void refused(void **state)
{
	char text[BANK_PASSWORD_TEXT];
	uk_pin little = of("1234567"), enough = of("12345678");

	(void)state;
	expect_code(bank_password_hash(crypto, &cheap, &little, text),
	    UK_ERR_PIN_LENGTH);
	assert_string_equal(text, "");
	assert_false(bank_password_ok(crypto, &cheap, NULL, &enough));
	assert_false(bank_password_ok(crypto, &cheap, "", &enough));
	assert_false(bank_password_ok(crypto, &cheap, "12345678", &enough));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(made_and_checked),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
