/*
 * The connections that are open: so many and no more, and none that keeps us
 * waiting. libevent's own time-out starts anew with every byte; a peer that
 * sends one byte now and then is caught here.
 */
#ifndef BANK_CONNECTIONS_H
#define BANK_CONNECTIONS_H

#include "metrics.h"

struct bank_connections;
struct bufferevent;
struct event_base;
struct evconnlistener;
struct evhttp_connection;
struct ssl_st;

/* At most room connections; each has `seconds` from being accepted, or from the
 * request before, to the end of its next request. What happens is counted in m
 * (borrowed). */
UK_RESULT bank_connections_open(struct event_base *base, size_t room,
    int64_t seconds, struct bank_metrics *m, struct bank_connections **out);
/* Before the event base goes; accepts NULL. */
void bank_connections_stop(struct bank_connections *c);
/* After the connections themselves, which go with the base. Accepts NULL. */
void bank_connections_close(struct bank_connections **c);
/* A listener that is held back while all places are taken; at most 4. */
void bank_connections_gate(
    struct bank_connections *c, struct evconnlistener *listener);
/* A new one; it is forgotten when ssl is freed. */
void bank_connections_add(
    struct bank_connections *c, struct ssl_st *ssl, struct bufferevent *bev);
/* A whole request has come in on this one. */
void bank_connections_alive(struct evhttp_connection *connection);
/* And its answer was handed over. */
void bank_connections_answered(struct evhttp_connection *connection);
size_t bank_connections_used(const struct bank_connections *c);
/* Hangs up on those that have had their answer and sent nothing since. */
void bank_connections_end_idle(struct bank_connections *c);
/* Hangs up on somebody who does not read; what was sent is not waited for. */
void bank_connection_cut(struct bufferevent *bev);

#endif
