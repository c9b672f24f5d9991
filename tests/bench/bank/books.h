/* The books alone, without server, network and signatures: what a commit for
 * many is worth, on both engines. */
#ifndef BENCH_BOOKS_H
#define BENCH_BOOKS_H

#include <stddef.h>

struct books; /* an empty database with two accounts that have money */

/* where as bank_store_open has it. */
struct books *books_open(const char *where);
void books_close(struct books **b);
/* n transfers, so many in each commit; how many a second. */
double books_transfers(struct books *b, size_t n, size_t together);

/* A PostgreSQL server of our own in this folder (tests/testlib/pg-server);
 * where its fresh database is, or NULL if there is no PostgreSQL here. */
const char *books_pg_start(const char *folder);
void books_pg_stop(const char *folder);

/* Seconds of processor time that it has spent so far, all processes of it. */
double books_pg_cpu(const char *folder);

#endif
