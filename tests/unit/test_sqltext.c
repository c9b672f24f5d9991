/* One text of SQL for two engines. */
#include "sqltext.h"

#include "cmocka_all.h"
#include "fixtures.h"

static const struct bank_sql_word words[] = {
	{ "INTEGER PRIMARY KEY", "BIGSERIAL PRIMARY KEY" },
	{ "INTEGER", "BIGINT" },
	{ "FOR UPDATE", "" },
};

static const struct {
	bool numbered;
	const char *from, *to; /* NULL: refused */
} cases[] = {
	{ true, "SELECT a FROM b WHERE c = ? AND d = ?",
	    "SELECT a FROM b WHERE c = $1 AND d = $2" },
	{ true, "x = ?2 OR ?1 < ?2 - ?12", "x = $2 OR $1 < $2 - $12" },
	{ false, "x = ? OR y = ?2", "x = ? OR y = ?2" },
	{ true, "x = '?' AND \"?\" = ? AND z = 'it''s ?'",
	    "x = '?' AND \"?\" = $1 AND z = 'it''s ?'" },
	{ true, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)",
	    "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, n BIGINT)" },
	{ true, "INTEGERS xINTEGER _INTEGER INTEGER_ 'INTEGER' (INTEGER)",
	    "INTEGERS xINTEGER _INTEGER INTEGER_ 'INTEGER' (BIGINT)" },
	{ true, "SELECT 1 FOR UPDATE", "SELECT 1 " },
	{ true, "", "" },
	{ true, "x = 'open", NULL },
	{ true, "x = \"open", NULL },
	{ true, "x = ? AND y = ?1", NULL },
	{ true, "x = ?1 AND y = ?", NULL },
};

static void translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uk_blob out = { NULL, 0 };
		uk_err err = bank_sql_translate(
		    words, 3, cases[i].numbered, cases[i].from, &out);

		if (cases[i].to == NULL) {
			expect_code(err, UK_ERR_FORMAT);
		} else {
			expect_ok(err);
			expect_bytes(
			    uk_blob_view(&out), uk_view_str(cases[i].to));
		}
		uk_blob_free(&out);
	}
}

static uk_err translate_once(void *arg)
{
	uk_blob out = { NULL, 0 };
	uk_err err = bank_sql_translate(words, 3, true, arg, &out);

	uk_blob_free(&out);
	return err;
}

static void out_of_memory(void **state)
{
	(void)state;
	fail_every_allocation(
	    translate_once, (void *)(uintptr_t) "INTEGER ? 'x'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(translated),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests_name("sqltext", tests, NULL, NULL);
}
