/* Clients that wait for bills: streams of server-sent events over TLS, and what
 * a merchant's order takes until it is there. */
#ifndef BENCH_WAITING_H
#define BENCH_WAITING_H

#include "load.h"
#include "town.h"

struct waiting;

/* As many as this process may have open, at most n: raises its own limit. */
size_t waiting_possible(size_t n);
/* n streams, of the first n residents, who are logged in. */
struct waiting *waiting_open(
    const struct town *t, unsigned port, SSL_CTX *tls, size_t n);
void waiting_close(struct waiting **w);

/* Orders, each due by the rate, and for each the milliseconds ... */
struct deliveries {
	uk_blob *requests; /* order "wI" is number I */
	size_t count;
	double rate;
	double *answer; /* from when it was due to its answer */
	double *event;  /* from when it was due to the event at the client */
	double *after;  /* from its answer to the event; 0: the event was first
			 */
	size_t missing; /* events that have not come in time */
};

/* Fills the arrays, of count each, and sorts them. */
void waiting_deliver(struct waiting *w, struct deliveries *d);

#endif
