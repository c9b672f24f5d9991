/* Pages for browsers (pages.h) over HTTP. */
#ifndef BANK_WEB_H
#define BANK_WEB_H

#include "bank.h"

struct evhttp_request;

/* Answers the request if its path is a page's; false: it is none of them, and
 * nothing was done. */
bool bank_web_answer(struct bank *b, struct evhttp_request *req);

#endif
