/* LISTEN: a connection of its own, which is made anew when it is lost. */
#include "log.h"
#include "pg.h"
#include "queue.h"

#include <string.h>

struct bank_ear {
	PGconn *pg;
	struct bank_pg_attempt attempt;
	bool listens;
	bool missed; /* not told yet */
};

static bool lives(const struct bank_ear *e)
{
	return e->listens && PQstatus(e->pg) == CONNECTION_OK;
}

/* What was said while nobody listened was missed. */
static void subscribe(struct bank_ear *e)
{
	PGresult *r = PQexec(e->pg, "LISTEN " BANK_PG_CHANNEL);

	e->listens = e->missed = PQresultStatus(r) == PGRES_COMMAND_OK;
	PQclear(r);
	uk_log(
	    UK_LOG_INFO, "event=listen result=%s", e->missed ? "ok" : "failed");
}

static void revive(struct bank_ear *e)
{
	if (uk_is_ok(bank_pg_revive(e->pg, &e->attempt)))
		subscribe(e);
}

void bank_pg_deafen(struct bank_ear **e)
{
	PQfinish((*e)->pg);
	uk_free(*e);
	*e = NULL;
}

uk_err bank_pg_listen(struct bank_db *d, struct bank_ear **out)
{
	struct bank_ear *e = uk_new(sizeof(*e));

	*out = e;
	if (e == NULL || (e->pg = bank_pg_connect(d->where)) == NULL) {
		uk_free(e);
		*out = NULL;
		return uk_fail(UK_ERR_MEMORY);
	}
	/* If it cannot be reached now, then later. */
	if (uk_is_ok(bank_pg_set_up(e->pg)))
		subscribe(e);
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

	if (lives(e) && PQconsumeInput(e->pg) != 1)
		e->listens = false;
	if (!lives(e))
		revive(e);
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
