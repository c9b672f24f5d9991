/*
 * An empty database for a test, of the engine that the test program was called
 * with: `test_x` uses SQLite, `test_x postgresql` a PostgreSQL server of its
 * own (pg-server).
 */
#ifndef DB_FIXTURE_H
#define DB_FIXTURE_H

#include <stdbool.h>

bool db_choose(int argc, char *const *argv); /* false: no such engine */
bool db_is_postgresql(void);

/* Group set-up and tear-down: a folder, and a server if there is to be one. */
int db_open(void **state);
int db_close(void **state);
const char *db_folder(void);

/* An empty one; where it is (bank_store_open). The last one is forgotten. */
const char *db_fresh(void);
const char *db_where(void); /* the last one */
/* kill -9 of the server, and the start of another over the same files. */
void db_kill(void);
void db_start(void);

#endif
