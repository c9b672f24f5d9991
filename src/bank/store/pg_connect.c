/*
 * Connections to PostgreSQL: made at the beginning, and made anew when they are
 * lost. The latter never waits: between attempts, and while one goes on, those
 * who ask are told to come again, and the event loop goes on.
 */
#include "log.h"
#include "pg.h"

#include <poll.h>
#include <string.h>
#include <time.h>

PGconn *bank_pg_connect(const char *where)
{
	/* What `where` says of these counts: it comes last. */
	static const char *const names[] = { "connect_timeout",
		"client_encoding", "application_name", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"dbname", NULL };
	const char *const values[] = { "5", "UTF8", "ukey-bankd", "5", "2", "3",
		"5000", where, NULL };

	return PQconnectdbParams(names, values, 1);
}

/* --- settings ------------------------------------------------------------ */

/* Of what a session may set, what keeps one that was cut off from holding its
 * locks. An engine that does not know one of them says so and goes on. */
static const char *const settings[] = {
	"SET client_min_messages = 'warning'",
	"SET lock_timeout = '5s'",
	"SET idle_in_transaction_session_timeout = '3s'",
	"SET tcp_keepalives_idle = 5",
	"SET tcp_keepalives_interval = 2",
	"SET tcp_keepalives_count = 3",
	/* A transfer that was answered is on the disk. */
	("SELECT set_config('synchronous_commit', 'on', false)"
	 " WHERE current_setting('synchronous_commit') = 'off'"),
};

static void quiet(void *arg, const PGresult *r)
{
	(void)arg, (void)r; /* notices are no news, and not for stderr */
}

/* PQerrorMessage has lines. */
static void log_refusal(const PGconn *pg)
{
	const char *text = PQerrorMessage(pg);

	uk_log(UK_LOG_ERROR, "event=database connect=failed error=\"%.*s\"",
	    (int)strcspn(text, "\n"), text);
}

uk_err bank_pg_set_up(PGconn *pg)
{
	if (PQstatus(pg) != CONNECTION_OK) {
		log_refusal(pg);
		return uk_fail(UK_ERR_AGAIN);
	}
	PQsetNoticeReceiver(pg, quiet, NULL);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		PQclear(PQexec(pg, settings[i]));
	return uk_ok();
}

/* --- anew ---------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_ready(
    PGconn *pg, PostgresPollingStatusType wants, int64_t wait_ms)
{
	struct pollfd p = { .fd = PQsocket(pg),
		.events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT };

	return wait_ms >= 0 && poll(&p, 1, (int)wait_ms) > 0;
}

static bool in_progress(const struct bank_pg_attempt *a)
{
	return a->wants == PGRES_POLLING_READING ||
	       a->wants == PGRES_POLLING_WRITING;
}

/* libpq: PQresetStart, then wait as PQresetPoll says until it is done. */
static void begin(PGconn *pg, struct bank_pg_attempt *a, int64_t now)
{
	a->at_ms = now;
	a->wants = PGRES_POLLING_WRITING;
	a->going = PQresetStart(pg) == 1;
}

static void go_on(PGconn *pg, struct bank_pg_attempt *a, int64_t began)
{
	while (in_progress(a) &&
	       is_ready(pg, a->wants, began + BANK_PG_PATIENCE_MS - now_ms()))
		a->wants = PQresetPoll(pg);
	if (in_progress(a) && now_ms() - a->at_ms < BANK_PG_ATTEMPT_MS)
		return;
	a->going = false;
	a->at_ms = now_ms();
}

uk_err bank_pg_revive(PGconn *pg, struct bank_pg_attempt *a)
{
	int64_t now = now_ms();

	if (!a->going) {
		if (a->at_ms != 0 && now - a->at_ms < BANK_PG_PAUSE_MS)
			return uk_fail(UK_ERR_AGAIN);
		begin(pg, a, now);
	}
	if (a->going)
		go_on(pg, a, now);
	return a->going ? uk_fail(UK_ERR_AGAIN) : bank_pg_set_up(pg);
}
