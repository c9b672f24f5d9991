/*
 * The operator's door: alive? ready? how much? Plain HTTP on a socket of its
 * own that customers cannot reach, off unless the setting "operator" names a
 * place: a port of the loopback address, or the path of a Unix socket (mode
 * 0600).
 *
 *	GET /healthz  200 while the server answers at all
 *	GET /readyz   200 if it can serve customers, 503 and why not
 *	GET /metrics  metrics.h
 */
#ifndef BANK_OPS_H
#define BANK_OPS_H

#include "bank.h"
#include "connections.h"
#include "http_gate.h"
#include "watch.h"

struct bank_ops;
struct event_base;

/* What it looks at, and what keeps its own connections clean. */
struct bank_ops_view {
	const struct bank_connections *connections;
	const struct bank_watch *watch;
	struct bank_gate *gate;
};

/* Is it a place? Empty is one: nowhere. */
bool bank_ops_place_ok(const char *place);

/* *out is NULL if the place is nowhere. All of these are borrowed. UK_ERR_IO:
 * the place is taken, errno says more. */
UK_RESULT bank_ops_open(struct event_base *base, struct bank *b,
    const struct bank_ops_view *view, struct bank_ops **out);
/* Before the event base; accepts NULL. */
void bank_ops_close(struct bank_ops **o);
/* The port that it really is; 0 for a Unix socket. */
unsigned bank_ops_port(const struct bank_ops *o);
/* From now on it is not ready: the server is about to stop. */
void bank_ops_stopping(struct bank_ops *o); /* accepts NULL */

#endif
