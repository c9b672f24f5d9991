/*
 * A bank's database, of the engine that the test was called with (db_fixture),
 * with the customers 1, 2 and 3: for tests of what is kept in it.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "store.h"

/* Fails the running test if it cannot be made. */
struct bank_store *store_fixture(void);
void store_fixture_close(struct bank_store **s);
/* Rows of a table; name: a string literal. */
long store_fixture_count(struct bank_store *s, const char *table);

#endif
