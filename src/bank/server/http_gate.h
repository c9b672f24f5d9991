/*
 * In front of libevent's HTTP server: what has come from a connection goes on
 * to it only as whole heads that framing.h lets pass, one request at a time.
 *
 * That keeps three things from happening: that a request is taken for another
 * one than the front before us took it for; that libevent answers with pages of
 * its own; and that it reads on without end behind a request whose answer takes
 * its time. A request that is refused is replaced by a
 * plain one, so that its answer comes in its turn, behind those of the requests
 * before it; what follows it is dropped.
 */
#ifndef BANK_HTTP_GATE_H
#define BANK_HTTP_GATE_H

#include "mem.h"
#include "proto.h"

struct bank_gate;
struct bufferevent;
struct evhttp_request;

UK_RESULT bank_gate_open(struct bank_gate **out);
/* After the servers, before the event base. Accepts NULL. */
void bank_gate_close(struct bank_gate **gate);

/* A connection that begins; false: no memory, nothing is changed. */
bool bank_gate_guard(struct bank_gate *gate, struct bufferevent *bev);
/* A request has come out of it: BANK_OK, or with what it has to be refused. The
 * fields that the answer needs then are there. */
enum bank_code bank_gate_judge(
    struct bank_gate *gate, struct evhttp_request *req);
/* Now and then: connections without TLS that have ended are let go. */
void bank_gate_sweep(struct bank_gate *gate);

#endif
