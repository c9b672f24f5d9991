/*
 * From a request to its answer, without any network: which handler, who is
 * logged in, JSON in and out.
 */
#ifndef BANK_ROUTES_H
#define BANK_ROUTES_H

#include "bank.h"

#include <jansson.h>

enum bank_method { BANK_GET, BANK_POST, BANK_OTHER_METHOD };

struct bank_call {
	/* filled in by the caller; all of it is borrowed */
	enum bank_method method;
	uk_bytes path; /* without the query */
	uk_bytes body;
	uk_bytes token; /* of "Authorization: Bearer"; may be none */
	/* Value of a query parameter, or NULL. */
	const char *(*query)(void *arg, const char *name);
	void *query_arg;
	int64_t now;
	/* filled in on the way to the handler */
	uk_bytes order;   /* the part of the path that names it */
	int64_t customer; /* who is logged in; 0: nobody */
};

/* *answer is new, never NULL unless memory ran out: the handler's answer or, if
 * the result is not BANK_OK, {"error":{...}}. */
enum bank_code bank_serve(
    struct bank *b, struct bank_call *call, json_t **answer);
/* The error object alone. */
json_t *bank_error_json(enum bank_code code);

#endif
