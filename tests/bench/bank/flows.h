/* The bank's flows as phases: what is asked in one phase is signed between the
 * phases, so that the cards' work is in nobody's way. */
#ifndef BENCH_FLOWS_H
#define BENCH_FLOWS_H

#include "daemon.h"
#include "load.h"
#include "town.h"

struct phase {
	size_t good;
	double cpu;     /* seconds that the servers spent */
	double seconds; /* that passed */
	double p50, p99;
};
/* Requests a second of the server's processor time, and of the clock. */
double phase_per_cpu(const struct phase *p);
double phase_per_second(const struct phase *p);
struct phase phase_sum(const struct phase *a, const struct phase *b);

struct flow {
	struct town *town;
	struct daemon *daemon; /* one, or several one after the other */
	size_t daemons;        /* of them; 0 means 1 */
	SSL_CTX *tls;
	const char *front; /* path: over the front's socket, without TLS */
	unsigned connections;
	double rate; /* of the second phase; 0: as fast as it goes */
};

/* n logins of the residents in turn: their challenges, then their tokens. The
 * residents keep their sessions. */
void flow_logins(
    const struct flow *f, size_t n, struct phase *asked, struct phase *done);
/* n transfers: prepared, then confirmed. Everybody must be logged in. */
void flow_transfers(
    const struct flow *f, size_t n, struct phase *asked, struct phase *done);
/* n connections with a client certificate (flow->tls has it), one request on
 * each, such as "GET" and "/v1/bank"; resumed: all but the first go on with a
 * session. */
struct phase flow_fresh(const struct flow *f, const char *method,
    const char *path, size_t n, bool resumed);
/* n times GET path, with no session. */
struct phase flow_get(const struct flow *f, const char *path, size_t n);

#endif
