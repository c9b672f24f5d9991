/* A bank's database. */
#include "store_fixture.h"

#include "cmocka_all.h"
#include "customers.h"
#include "db_fixture.h"

#include <stdio.h>

struct bank_store *store_fixture(void)
{
	struct bank_store *s = NULL;
	uk_err err = bank_store_open(db_fresh(), &s);
	int64_t id;

	assert_true(uk_is_ok(err));
	for (const char *name = "abc"; *name != '\0'; name++) {
		err = bank_customer_make(s, uk_view(name, 1), &id);
		assert_true(uk_is_ok(err));
	}
	return s;
}

void store_fixture_close(struct bank_store **s)
{
	bank_store_close(s);
}

long store_fixture_count(struct bank_store *s, const char *table)
{
	static char sql[8][64]; /* statements are kept by address */
	static unsigned next;
	char *text = sql[next++ % 8];
	bank_query q;
	long n = -1;
	uk_err err;

	(void)snprintf(text, sizeof(sql[0]), "SELECT count(*) FROM %s", table);
	q = bank_query_of(s, text);
	if (bank_query_row(&q))
		n = (long)bank_col_int(&q, 0);
	err = bank_query_end(&q);
	assert_true(uk_is_ok(err));
	return n;
}
