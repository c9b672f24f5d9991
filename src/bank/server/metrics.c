/* Counters, and their text. */
#include "metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ROUTES = 96, LINE_MAX_BYTES = 256 };

/* Upper ends, in microseconds; one more has none. */
static const int64_t latency_ends[] = { 250, 500, 1000, 2500, 5000, 10000,
	25000, 50000, 100000, 250000, 1000000, 5000000 };
static const int64_t batch_ends[] = { 1, 2, 4, 8, 16, 32, 64 };

enum {
	LATENCY_ENDS = sizeof(latency_ends) / sizeof(latency_ends[0]),
	BATCH_ENDS = sizeof(batch_ends) / sizeof(batch_ends[0])
};

struct histogram {
	uint64_t buckets[LATENCY_ENDS + 1]; /* room for the longer list */
	uint64_t count, sum;
};

struct route_counts {
	const char *route; /* NULL: free */
	uint64_t codes[BANK_CODE_COUNT];
};

struct bank_metrics {
	struct route_counts routes[ROUTES];
	uint64_t others[BANK_CODE_COUNT];
	struct histogram latency, batch;
	uint64_t certificates[2]; /* checked anew, remembered */
	uint64_t accepted, retried;
	uint64_t callbacks[2]; /* not acknowledged, acknowledged */
};

uk_err bank_metrics_open(struct bank_metrics **out)
{
	*out = uk_new(sizeof(**out));
	return *out == NULL ? uk_fail(UK_ERR_MEMORY) : uk_ok();
}

void bank_metrics_close(struct bank_metrics **m)
{
	uk_free(*m);
	*m = NULL;
}

/* --- counting ------------------------------------------------------------ */

/* Two literals with the same text may be one route. */
static struct route_counts *find_text(struct bank_metrics *m, const char *route)
{
	for (size_t i = 0; i < ROUTES; i++) {
		struct route_counts *r = &m->routes[i];

		if (r->route == NULL)
			r->route = route;
		if (strcmp(r->route, route) == 0)
			return r;
	}
	return NULL;
}

static uint64_t *codes_of(struct bank_metrics *m, const char *route)
{
	struct route_counts *r;

	for (size_t i = 0; i < ROUTES; i++) {
		if (m->routes[i].route == route)
			return m->routes[i].codes;
	}
	r = find_text(m, route);
	return r == NULL ? m->others : r->codes;
}

void bank_metrics_request(
    struct bank_metrics *m, const char *route, enum bank_code code)
{
	codes_of(m, route)[code < BANK_CODE_COUNT ? code : BANK_INTERNAL]++;
}

static void observe(
    struct histogram *h, const int64_t *ends, size_t n, int64_t value)
{
	size_t i = 0;

	while (i < n && value > ends[i])
		i++;
	h->buckets[i]++;
	h->count++;
	h->sum += (uint64_t)value;
}

void bank_metrics_latency(struct bank_metrics *m, int64_t us)
{
	observe(&m->latency, latency_ends, LATENCY_ENDS, us);
}

void bank_metrics_commit(struct bank_metrics *m, size_t answers)
{
	observe(&m->batch, batch_ends, BATCH_ENDS, (int64_t)answers);
}

void bank_metrics_certificate(struct bank_metrics *m, bool found)
{
	m->certificates[found]++;
}

void bank_metrics_accepted(struct bank_metrics *m)
{
	m->accepted++;
}

void bank_metrics_retried(struct bank_metrics *m)
{
	m->retried++;
}

void bank_metrics_callback(struct bank_metrics *m, bool acknowledged)
{
	m->callbacks[acknowledged]++;
}

/* --- the text ------------------------------------------------------------ */

struct page {
	uk_blob *out;
	uk_err err;
};

__attribute__((format(printf, 2, 3))) static void put(
    struct page *p, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (!uk_is_ok(p->err))
		return;
	p->err = n < 0 || (size_t)n >= sizeof(line)
		     ? uk_fail(UK_ERR_TOO_SMALL)
		     : uk_blob_add(p->out, uk_view(line, (size_t)n));
}

static void put_head(
    struct page *p, const char *name, const char *type, const char *help)
{
	put(p, "# HELP ukey_bank_%s %s\n# TYPE ukey_bank_%s %s\n", name, help,
	    name, type);
}

static void put_one(struct page *p, const char *name, const char *type,
    const char *help, int64_t value)
{
	put_head(p, name, type, help);
	put(p, "ukey_bank_%s %" PRId64 "\n", name, value);
}

static void put_codes(struct page *p, const char *route, const uint64_t *codes)
{
	for (int i = 0; i < BANK_CODE_COUNT; i++) {
		if (codes[i] > 0)
			put(p,
			    "ukey_bank_requests_total{route=\"%s\",code=\"%s\"}"
			    " %" PRIu64 "\n",
			    route,
			    i == BANK_OK ? "ok"
					 : bank_code_name((enum bank_code)i),
			    codes[i]);
	}
}

/* scale: how many of the unit counted make one of the unit told. */
static void put_histogram(struct page *p, const char *name, const char *help,
    const struct histogram *h, const int64_t *ends, size_t n, double scale)
{
	uint64_t below = 0;

	put_head(p, name, "histogram", help);
	for (size_t i = 0; i < n; i++) {
		below += h->buckets[i];
		put(p, "ukey_bank_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
		    (double)ends[i] / scale, below);
	}
	put(p, "ukey_bank_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name,
	    h->count);
	put(p, "ukey_bank_%s_sum %.6f\n", name, (double)h->sum / scale);
	put(p, "ukey_bank_%s_count %" PRIu64 "\n", name, h->count);
}

static void put_gauges(struct page *p, const struct bank_gauges *g)
{
	put_one(p, "connections", "gauge", "Connections that are open.",
	    (int64_t)g->connections);
	put_one(p, "connections_max", "gauge", "And how many may be.",
	    (int64_t)g->connections_max);
	put_one(p, "crl_good_seconds", "gauge",
	    "So long are the revocation list and the bank's certificate good.",
	    g->crl_good_seconds);
	put_one(p, "sessions", "gauge", "Customers' sessions that are kept.",
	    (int64_t)g->sessions);
	put_one(p, "waiting_clients", "gauge",
	    "Clients that wait for news of bills.", (int64_t)g->waiting);
	put_one(p, "bills_open", "gauge", "Bills that can still be paid.",
	    g->bills_open);
	put_one(p, "callbacks_waiting", "gauge",
	    "Calls that merchants have not acknowledged yet.",
	    g->callbacks_waiting);
	put_one(p, "callbacks_given_up", "gauge",
	    "Calls that are tried no more.", g->callbacks_given_up);
	put_one(p, "uptime_seconds", "gauge", "Since the server started.",
	    g->uptime_seconds);
}

uk_err bank_metrics_text(
    const struct bank_metrics *m, const struct bank_gauges *g, uk_blob *out)
{
	struct page p = { out, uk_ok() };

	uk_blob_free(out);
	put_head(&p, "requests_total", "counter",
	    "Requests answered, by route and result.");
	for (size_t i = 0; i < ROUTES && m->routes[i].route != NULL; i++)
		put_codes(&p, m->routes[i].route, m->routes[i].codes);
	put_codes(&p, "other", m->others);
	put_histogram(&p, "request_seconds",
	    "From a request's last byte to its answer, the disk included.",
	    &m->latency, latency_ends, LATENCY_ENDS, 1e6);
	put_histogram(&p, "commit_answers",
	    "Answers that waited for one commit.", &m->batch, batch_ends,
	    BATCH_ENDS, 1);
	put_head(&p, "certificates_total", "counter",
	    "Certificates shown: known to be good, or checked.");
	put(&p, "ukey_bank_certificates_total{known=\"no\"} %" PRIu64 "\n",
	    m->certificates[0]);
	put(&p, "ukey_bank_certificates_total{known=\"yes\"} %" PRIu64 "\n",
	    m->certificates[1]);
	put_one(&p, "database_retries_total", "counter",
	    "Rounds served again, as the database had taken them back.",
	    (int64_t)m->retried);
	put_head(&p, "callbacks_total", "counter", "Calls to merchants.");
	put(&p, "ukey_bank_callbacks_total{acknowledged=\"no\"} %" PRIu64 "\n",
	    m->callbacks[0]);
	put(&p, "ukey_bank_callbacks_total{acknowledged=\"yes\"} %" PRIu64 "\n",
	    m->callbacks[1]);
	put_one(&p, "connections_total", "counter", "Connections accepted.",
	    (int64_t)m->accepted);
	put_gauges(&p, g);
	return p.err;
}
