/*
 * A load generator: many HTTPS connections in one thread, requests that were
 * made ahead, and what each answer took. What the server spent is read from
 * the server's own processor clock (daemon.h), so that what it costs to ask
 * does not count.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "mem.h"

#include <openssl/ssl.h>

enum { LOAD_PORTS = 4 };

struct load {
	/* Connections go to these in turn. */
	unsigned ports[LOAD_PORTS];
	size_t port_count;
	SSL_CTX *tls;      /* NULL: none, as behind a front */
	const char *front; /* path of its socket, instead of ports */
	unsigned connections;
	bool fresh;  /* a new connection for every request */
	bool resume; /* ... which goes on with the session before */
	double rate; /* requests a second, whatever comes back; 0: one after the
		      * other on each connection */
	size_t total;
	/* Bytes of request number i; they stay until its answer. */
	uk_bytes (*request)(void *arg, size_t i);
	/* May be NULL. body is gone afterwards. */
	void (*answer)(void *arg, size_t i, uk_bytes body);
	void *arg;
	/* results */
	size_t good, failed; /* answered 200; anything else */
	size_t resumed;      /* handshakes that were short */
	double seconds;
	double *ms; /* of each request, sorted; load_free */
};

/* What is wrong with the connections themselves goes to standard error and
 * counts as failed. */
void load_run(struct load *l);
double load_percentile(const struct load *l, double part); /* 0.5, 0.99 */
void load_free(struct load *l);

/* For servers of the CA in this file; the other two NULL: no client
 * certificate. What is sent is what cert holds. */
SSL_CTX *load_tls(const char *ca, const char *cert, const char *key);

/* "METHOD path HTTP/1.1" with what belongs around it; token may be NULL. */
void load_http(uk_blob *out, const char *method, const char *path,
    const char *token, uk_bytes body);

#endif
