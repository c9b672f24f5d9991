/* The parts of a PostgreSQL connection, for pg*.c. */
#ifndef BANK_PG_H
#define BANK_PG_H

#include "engine.h"

#include <libpq-fe.h>
#include <stdlib.h>

enum {
	BANK_PG_PARAMETERS = 48, /* of one statement */
	BANK_PG_SENT_MAX = 512,  /* statements before their ends are seen */
	/* Attempts to connect: the pause between them, how long one may take,
	 * and how long anybody waits for it at a time. */
	BANK_PG_PAUSE_MS = 500,
	BANK_PG_ATTEMPT_MS = 5000,
	BANK_PG_PATIENCE_MS = 200
};

/* An attempt to make a connection anew, which goes on from call to call. */
struct bank_pg_attempt {
	bool going;
	PostgresPollingStatusType wants;
	int64_t at_ms; /* when it began, or else ended; 0: there was none */
};

struct bank_db {
	PGconn *pg;
	char *where;
	unsigned statements; /* so many have been prepared */
	unsigned life;       /* grows with each connection */
	unsigned sent;       /* statements whose ends nobody has seen */
	struct bank_pg_attempt attempt;
};

struct bank_st {
	struct bank_db *db;
	uk_blob text; /* SQL with $1, $2... */
	char name[24];
	unsigned number, versions;
	unsigned life; /* of the connection that knows it, plus 1; 0: none */
	int count;     /* of parameters */
	Oid types[BANK_PG_PARAMETERS];
	const char *values[BANK_PG_PARAMETERS];
	int lengths[BANK_PG_PARAMETERS], formats[BANK_PG_PARAMETERS];
	uint64_t numbers[BANK_PG_PARAMETERS];
	PGresult *rows; /* NULL until the first step */
	int row;
};

#define BANK_PG_CHANNEL "ukey_bank"

/* pg_connect.c */
/* Waits for it; NULL: no memory. */
PGconn *bank_pg_connect(const char *where);
/* Our settings of a session; UK_ERR_AGAIN, and a line in the log: it is not
 * connected. */
UK_RESULT bank_pg_set_up(PGconn *pg);
/* Connects anew, with our settings. UK_ERR_AGAIN: not yet, ask again. So nobody
 * waits longer than BANK_PG_PATIENCE_MS for a host that says nothing. */
UK_RESULT bank_pg_revive(PGconn *pg, struct bank_pg_attempt *a);

/* pg_listen.c */
UK_RESULT bank_pg_listen(struct bank_db *d, struct bank_ear **out);
void bank_pg_deafen(struct bank_ear **e);
int bank_pg_ear_fd(const struct bank_ear *e);
bool bank_pg_hear(struct bank_ear *e, struct bank_news *out);

/* The one translation of libpq's errors; r may be NULL. */
UK_RESULT bank_pg_translate(struct bank_db *d, const PGresult *r);

#endif
