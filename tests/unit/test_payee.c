/* Names of payees, worked out by hand. */
#include "payee.h"

#include "cmocka_all.h"

static void names(void **state)
{
	static const struct {
		const char *typed, *holder;
		enum bank_payee match;
	} rows[] = {
		{ "Bob", "Bob", BANK_PAYEE_EXACT },
		{ "bob", "BOB", BANK_PAYEE_EXACT },
		{ "Bob's Books, Ltd.", "BOBS BOOKS LTD", BANK_PAYEE_EXACT },
		{ "O Brien", "O'Brien", BANK_PAYEE_EXACT },
		{ "Bob Miller", "Miller Bob", BANK_PAYEE_CLOSE },
		{ "Miller", "Bob Miller", BANK_PAYEE_CLOSE },
		{ "Bob J. Miller", "bob miller", BANK_PAYEE_CLOSE },
		{ "Bobby", "Bob", BANK_PAYEE_NONE },
		{ "Rob", "Bob", BANK_PAYEE_NONE },
		{ "Bob Smith", "Bob Miller", BANK_PAYEE_NONE },
		{ "", "Bob", BANK_PAYEE_NONE },
		{ "...", "Bob", BANK_PAYEE_NONE },
		{ "...", "...", BANK_PAYEE_NONE },
		/* beyond ASCII every byte counts */
		{ "\xe5\xbc\xa0\xe4\xb8\x89", "\xe5\xbc\xa0\xe4\xb8\x89",
		    BANK_PAYEE_EXACT },
		{ "\xe5\xbc\xa0\xe4\xb8\x89", "\xe5\xbc\xa0\xe5\x9b\x9b",
		    BANK_PAYEE_NONE },
		/* Cyrillic letters that look like Latin ones are others */
		{ "B\xd0\xbe"
		  "b",
		    "Bob", BANK_PAYEE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(bank_payee_match(uk_view_str(rows[i].typed),
				     uk_view_str(rows[i].holder)),
		    rows[i].match);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

	return cmocka_run_group_tests_name("payee", tests, NULL, NULL);
}
