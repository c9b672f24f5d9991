/*
 * What the server counts about itself, and the text of it in the format that
 * Prometheus reads (text format 0.0.4). Numbers only: nothing of customers.
 */
#ifndef BANK_METRICS_H
#define BANK_METRICS_H

#include "mem.h"
#include "proto.h"

struct bank_metrics;

UK_RESULT bank_metrics_open(struct bank_metrics **out);
void bank_metrics_close(struct bank_metrics **m); /* accepts NULL */

/* A request was answered. route: a literal; what goes beyond the room for
 * routes is counted as "other". */
void bank_metrics_request(
    struct bank_metrics *m, const char *route, enum bank_code code);
/* How long it took, from its last byte to the answer's being handed over. */
void bank_metrics_latency(struct bank_metrics *m, int64_t us);
/* So many answers waited for one commit. */
void bank_metrics_commit(struct bank_metrics *m, size_t answers);
/* A certificate was looked for among those remembered. */
void bank_metrics_certificate(struct bank_metrics *m, bool found);
void bank_metrics_accepted(struct bank_metrics *m); /* a connection */
/* A round was served again, as the database had taken it back. */
void bank_metrics_retried(struct bank_metrics *m);
/* A merchant was called. */
void bank_metrics_callback(struct bank_metrics *m, bool acknowledged);

/* What is not counted but read when somebody asks. */
struct bank_gauges {
	size_t connections, connections_max;
	int64_t crl_good_seconds; /* 0: run out */
	int64_t uptime_seconds;
	size_t sessions, waiting;
	int64_t bills_open, callbacks_waiting, callbacks_given_up;
};
/* Replaces *out. */
UK_RESULT bank_metrics_text(
    const struct bank_metrics *m, const struct bank_gauges *g, uk_blob *out);

#endif
