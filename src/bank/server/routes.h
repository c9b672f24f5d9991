/*
 * From a request to its answer, without any network: which handler, who is
 * logged in, JSON in and out.
 */
#ifndef BANK_ROUTES_H
#define BANK_ROUTES_H

#include "bank.h"
#include "httpsig.h"

#include <jansson.h>

enum bank_method { BANK_GET, BANK_POST, BANK_OTHER_METHOD };

/* A handler that wants its answer to wait: the network does it (watch.h,
 * status_loop.h). */
struct bank_wait {
	enum {
		BANK_WAIT_NOT,
		BANK_WAIT_POLL,
		BANK_WAIT_STREAM,
		BANK_WAIT_STATUS
	} kind;
	int64_t after;   /* number of the last event that is known */
	int64_t seconds; /* BANK_WAIT_POLL: at most so long */
	/* BANK_WAIT_STATUS: whose status; then it is served again */
	uint8_t certificate[BANK_FINGERPRINT];
};

/*
 * The rest of a request, done together with that of others when no more of them
 * is to be read (answers.h): what was left is ended by bank_round_end, then
 * finish answers each. A request may be served again from its beginning, if the
 * database took all of it back; then this one is only freed.
 */
struct bank_later {
	/* NULL: nothing is left to do. */
	enum bank_code (*finish)(struct bank *b, void *arg, json_t **answer);
	void (*free)(void *arg);
	void *arg;
	/* For the log; kept when it is done. */
	const char *route;
	int64_t customer;
	const char *allow; /* BANK_METHOD: those that there are */
	/* Instead of an answer: filled in by the handler. */
	struct bank_wait wait;
	bool by_merchant; /* the answer has to be signed */
	/* It took its login challenge when it was served before (kept when it
	 * is served again). */
	bool nonce_taken;
};

/* Whom we talk to; all of it is borrowed. */
struct bank_peer {
	uk_bytes address;     /* text; none: unknown */
	uk_bytes certificate; /* DER, whose key was proved; none: no such */
	/* The connection's exporter (RFC 9266); NULL: TLS does not end here. */
	bool (*exporter)(void *arg, uint8_t out[BANK_EXPORTER_BYTES]);
	void *arg;
};

struct bank_call {
	/* filled in by the caller; all of it is borrowed */
	enum bank_method method;
	uk_bytes path; /* without the query */
	uk_bytes body;
	uk_bytes token; /* of "Authorization: Bearer"; may be none */
	/* Value of a query parameter, or NULL. */
	const char *(*query)(void *arg, const char *name);
	void *query_arg;
	struct bank_peer peer;
	int64_t now;
	/* The request as merchants sign it; without a field function it has no
	 * fields. */
	struct uk_http_message message;
	/* Where a handler may leave the rest, empty; NULL: nowhere. */
	struct bank_later *later;
	/* filled in on the way to the handler */
	uk_bytes order;   /* the part of the path that names it */
	int64_t customer; /* who is logged in; 0: nobody */
	int64_t merchant; /* who signed; 0: nobody */
};

/* *answer is new, never NULL unless memory ran out: the handler's answer or, if
 * the result is not BANK_OK, {"error":{...}}. */
enum bank_code bank_serve(
    struct bank *b, struct bank_call *call, json_t **answer);
/* If BANK_OK left something for later: the answer, and later is freed,
 * but for what the log needs. */
enum bank_code bank_serve_later(
    struct bank *b, struct bank_later *later, json_t **answer);
void bank_later_free(struct bank_later *later); /* and leaves it empty */
/* A request that was no HTTP: counted and logged. */
void bank_refused(struct bank *b, enum bank_code code);
/* The error object alone. */
json_t *bank_error_json(enum bank_code code);

#endif
