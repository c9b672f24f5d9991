/* LISTEN: a connection of its own, which is made anew when it is lost. */
#include "log.h"
#include "pg.h"
#include "queue.h"

#include <string.h>

struct bank_ear {
	char *where;
	PGconn *pg;
	int64_t tried_ms;
	bool missed; /* not told yet */
};

static bool lives(const struct bank_ear *e)
{
	return e->pg != NULL && PQstatus(e->pg) == CONNECTION_OK;
}

static void begin(struct bank_ear *e)
{
	PGresult *r;

	if (e->tried_ms != 0 &&
	    bank_pg_now_ms() - e->tried_ms < BANK_PG_PAUSE_MS)
		return;
	PQfinish(e->pg);
	e->pg = bank_pg_connect(e->where);
	e->tried_ms = bank_pg_now_ms();
	if (!lives(e))
		return;
	r = PQexec(e->pg, "LISTEN " BANK_PG_CHANNEL);
	/* What was said while nobody listened was missed. */
	e->missed = PQresultStatus(r) == PGRES_COMMAND_OK;
	PQclear(r);
	uk_log(
	    UK_LOG_INFO, "event=listen result=%s", e->missed ? "ok" : "failed");
	if (!e->missed) {
		PQfinish(e->pg);
		e->pg = NULL;
	}
}

void bank_pg_deafen(struct bank_ear **e)
{
	PQfinish((*e)->pg);
	uk_free((*e)->where);
	uk_free(*e);
	*e = NULL;
}

uk_err bank_pg_listen(struct bank_db *d, struct bank_ear **out)
{
	struct bank_ear *e = uk_new(sizeof(*e));

	*out = e;
	if (e == NULL || (e->where = uk_dup_str(d->where)) == NULL) {
		uk_free(e);
		*out = NULL;
		return uk_fail(UK_ERR_MEMORY);
	}
	begin(e); /* if it cannot be reached now, then later */
	return uk_ok();
}

int bank_pg_ear_fd(const struct bank_ear *e)
{
	return lives(e) ? PQsocket(e->pg) : -1;
}

/* "topic:number", as our servers say it; anybody who may use the database could
 * say something else. */
static bool read_news(const char *text, struct bank_news *out)
{
	const char *colon = strchr(text, ':');
	char *end = NULL;

	*out = (struct bank_news){ .id = 0 };
	if (colon == NULL ||
	    !uk_is_ok(uk_copy_str(out->topic, sizeof(out->topic),
		uk_view(text, (size_t)(colon - text)))) ||
	    !bank_topic_ok(out->topic))
		return false;
	out->id = strtoll(colon + 1, &end, 10);
	return end != colon + 1 && *end == '\0';
}

bool bank_pg_hear(struct bank_ear *e, struct bank_news *out)
{
	PGnotify *n;
	bool good = false;

	if (lives(e) && PQconsumeInput(e->pg) != 1) {
		PQfinish(e->pg);
		e->pg = NULL;
	}
	if (!lives(e))
		begin(e);
	if (e->missed) {
		e->missed = false;
		*out = (struct bank_news){ .id = 0 };
		return true;
	}
	while (!good && lives(e) && (n = PQnotifies(e->pg)) != NULL) {
		good = read_news(n->extra, out);
		PQfreemem(n);
	}
	return good;
}
