/* Exit codes: every cause has one of its own, every foreign code has a cause,
 * and docs/exit-codes.md says the same. */
#include "exitcode.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "proto.h"

#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <string.h>

static void all_different(void **state)
{
	bool used[126] = { false };

	(void)state;
	for (int i = 0; i < CLI_CAUSE_COUNT; i++) {
		const struct cli_row *row = cli_row((enum cli_cause)i);

		/* A missing row is answered with the one of CLI_INTERNAL. */
		if (i != CLI_INTERNAL)
			assert_ptr_not_equal(row, cli_row(CLI_INTERNAL));
		assert_in_range(row->exit, 0, 125);
		assert_false(used[row->exit]);
		used[row->exit] = true;
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    row->name, cli_row((enum cli_cause)k)->name);
		/* One line that says what to do: at least two clauses. */
		assert_null(strchr(row->text, '\n'));
		if (i != CLI_DONE && i != CLI_EXISTS)
			assert_non_null(strchr(row->text, ':'));
	}
}

/* The same list in the same order: compared by name. */
static void every_uk_code(void **state)
{
	(void)state;
	for (unsigned i = 0; i < UK_CODE_COUNT; i++) {
		uk_err err = { (uint16_t)i, 0 };
		const char *name = cli_row(cli_from_err(err).cause)->name;

		if (i == UK_ERR_NOT_LOGGED_IN) /* of the card, not the bank */
			assert_string_equal(name, "pin-needed");
		else
			assert_string_equal(name, uk_err_name(err));
	}
	assert_int_equal(cli_from_err((uk_err){ 999, 0 }).cause, CLI_INTERNAL);
}

static void every_bank_code(void **state)
{
	(void)state;
	assert_true(cli_is_ok(cli_from_bank_code(BANK_OK)));
	for (unsigned i = 1; i < BANK_CUSTOMER_CODES; i++) {
		char name[64];

		snprintf(name, sizeof(name), "said-%s",
		    bank_code_name((enum bank_code)i));
		assert_string_equal(
		    cli_row(cli_from_bank_code((enum bank_code)i).cause)->name,
		    name);
	}
}

static void every_fault(void **state)
{
	bool used[CLI_CAUSE_COUNT] = { false };

	(void)state;
	for (unsigned i = BC_UNREACHABLE; i < BC_FAULT_COUNT; i++) {
		enum cli_cause c =
		    cli_from_bank(bc_fail((enum bc_fault)i)).cause;

		assert_int_not_equal(c, CLI_INTERNAL);
		assert_false(used[c]);
		used[c] = true;
	}
	assert_int_equal(
	    cli_from_bank(bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_MEMORY))).cause,
	    CLI_MEMORY);
}

static void module_codes(void **state)
{
	static const struct {
		CK_RV rv;
		enum cli_cause cause;
	} rows[] = {
		{ CKR_OK, CLI_DONE },
		{ CKR_PIN_INCORRECT, CLI_PIN_WRONG },
		{ CKR_PIN_LOCKED, CLI_PIN_BLOCKED },
		{ CKR_TOKEN_NOT_RECOGNIZED, CLI_CARD_UNKNOWN },
		{ CKR_TOKEN_NOT_PRESENT, CLI_NO_CARD },
		{ CKR_DEVICE_REMOVED, CLI_CARD_REMOVED },
		{ CKR_FUNCTION_REJECTED, CLI_CARD_REFUSES_BANK },
		{ CKR_GENERAL_ERROR, CLI_MODULE_FAILED },
		{ 0x80001234, CLI_MODULE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(cli_from_ckr(rows[i].rv).cause, rows[i].cause);
}

/* Rows of the page: | 23 | `no-reader` | text | */
static void page_is_the_table(void **state)
{
	FILE *page = fopen(EXIT_CODES, "r");
	char line[512], wanted[512];
	int rows = 0;

	(void)state;
	assert_non_null(page);
	while (fgets(line, sizeof(line), page) != NULL) {
		int code, end = 0;

		if (sscanf(line, "| %d | `%n", &code, &end) != 1 || end == 0)
			continue;
		rows++;
		for (int i = 0; i < CLI_CAUSE_COUNT; i++) {
			const struct cli_row *r = cli_row((enum cli_cause)i);

			if (r->exit != code)
				continue;
			snprintf(wanted, sizeof(wanted), "| %d | `%s` | %s |\n",
			    r->exit, r->name, r->text);
			assert_string_equal(line, wanted);
		}
	}
	fclose(page);
	assert_int_equal(rows, CLI_CAUSE_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_different),
		cmocka_unit_test(every_uk_code),
		cmocka_unit_test(every_bank_code),
		cmocka_unit_test(every_fault),
		cmocka_unit_test(module_codes),
		cmocka_unit_test(page_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
