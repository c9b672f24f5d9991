/* OCSP on the event loop. */
#include "status_loop.h"

#include "curl_loop.h"
#include "log.h"
#include "status.h"

#include <event2/event.h>
#include <event2/http.h>

#include <time.h>

struct flight {
	struct bank_status_loop *all;
	CURL *curl; /* NULL: a free place */
	struct curl_slist *headers;
	struct bank_status_question question;
	uk_blob request, answer;
};

struct waiter {
	struct bank_status_loop *all;
	struct evhttp_request *req; /* NULL: a free place */
	uint8_t certificate[BANK_FINGERPRINT];
	bool ready;
};

struct bank_status_loop {
	struct bank *bank;
	struct bank_answers *answers;
	struct bank_curl *curl;
	struct event *wake;
	struct flight flights[BANK_STATUS_FLIGHTS];
	struct waiter waiters[BANK_STATUS_WAITERS];
};

/* --- who waits ----------------------------------------------------------- */

static void on_gone(struct evhttp_connection *c, void *arg)
{
	struct waiter *w = arg;

	(void)c;
	w->req = NULL;
}

static struct evhttp_request *release(struct waiter *w)
{
	struct evhttp_request *req = w->req;
	struct evhttp_connection *c = evhttp_request_get_connection(req);

	if (c != NULL)
		evhttp_connection_set_closecb(c, NULL, NULL);
	w->req = NULL;
	return req;
}

/* From the loop: not while answers are being given. */
static void on_wake(evutil_socket_t fd, short events, void *arg)
{
	struct bank_status_loop *l = arg;

	(void)fd, (void)events;
	for (size_t i = 0; i < BANK_STATUS_WAITERS; i++) {
		struct waiter *w = &l->waiters[i];

		if (w->req != NULL && w->ready)
			bank_answers_take(l->answers, release(w));
	}
}

static void wake(
    struct bank_status_loop *l, const uint8_t certificate[BANK_FINGERPRINT])
{
	for (size_t i = 0; i < BANK_STATUS_WAITERS; i++) {
		struct waiter *w = &l->waiters[i];

		w->ready = w->ready ||
			   uk_bytes_eq(UK_ARRAY(w->certificate),
			       uk_view(certificate, BANK_FINGERPRINT));
	}
	event_active(l->wake, EV_TIMEOUT, 1);
}

static bool is_being_asked(const struct bank_status_loop *l, uk_bytes c)
{
	for (size_t i = 0; i < BANK_STATUS_FLIGHTS; i++) {
		const struct flight *f = &l->flights[i];

		if (f->curl != NULL &&
		    uk_bytes_eq(UK_ARRAY(f->question.certificate), c))
			return true;
	}
	return false;
}

void bank_status_loop_wait(struct bank_status_loop *l,
    struct evhttp_request *req, const uint8_t certificate[BANK_FINGERPRINT])
{
	struct waiter *w = l->waiters;
	uk_bytes c = uk_view(certificate, BANK_FINGERPRINT);

	while (w < l->waiters + BANK_STATUS_WAITERS && w->req != NULL)
		w++;
	if (w == l->waiters + BANK_STATUS_WAITERS) {
		bank_answers_send(
		    l->answers, req, BANK_BUSY, bank_error_json(BANK_BUSY));
		return;
	}
	*w = (struct waiter){ .all = l, .req = req };
	UK_IGNORE(uk_copy_exact(w->certificate, BANK_FINGERPRINT, c));
	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(req), on_gone, w);
	/* The answer may have been faster than the commit before us. */
	w->ready = !is_being_asked(l, c);
	if (w->ready)
		event_active(l->wake, EV_TIMEOUT, 1);
}

/* --- asking -------------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;
	uk_bytes piece = uk_view(data, size * n);

	if (f->answer.n + piece.n > UK_OCSP_ANSWER_MAX ||
	    !uk_is_ok(uk_blob_add(&f->answer, piece)))
		return 0; /* the question ends with an error */
	return piece.n;
}

static void end_flight(struct flight *f)
{
	if (f->all != NULL)
		bank_curl_end(f->all->curl, f->curl);
	curl_slist_free_all(f->headers);
	bank_status_question_free(&f->question);
	uk_blob_free(&f->request);
	uk_blob_free(&f->answer);
	*f = (struct flight){ 0 };
}

static void finish(void *of, CURLcode rc)
{
	struct flight *f = of;
	struct bank_status_loop *l = f->all;
	uint8_t certificate[BANK_FINGERPRINT];
	long status = 0;

	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	if (rc != CURLE_OK || status != 200) {
		uk_log(UK_LOG_ERROR, "event=ocsp status=%ld reason=\"%s\"",
		    status, curl_easy_strerror(rc));
		uk_blob_free(&f->answer);
	}
	bank_status_answered(
	    l->bank, &f->question, uk_blob_view(&f->answer), time(NULL));
	UK_IGNORE(uk_copy_exact(certificate, sizeof(certificate),
	    UK_ARRAY(f->question.certificate)));
	end_flight(f);
	wake(l, certificate);
}

static bool set_up(struct flight *f, const struct bank_config *config)
{
	f->curl = bank_curl_new(
	    &(struct bank_curl_target){ .url = f->question.url,
		.ca = "",
		.plain = true, /* what comes is signed (RFC 6960, A.1) */
		.seconds = config->ocsp_seconds,
		.body = uk_blob_view(&f->request),
		.headers = f->headers,
		.take_body = take_body },
	    f);
	return f->curl != NULL;
}

static uk_err begin(struct bank_status_loop *l, struct flight *f,
    struct bank_status_question *q)
{
	*f = (struct flight){ .all = l, .question = *q };
	q->ocsp = NULL; /* handed over */
	UK_TRY(uk_ocsp_request(f->question.ocsp, &f->request));
	f->headers = curl_slist_append(
	    NULL, "Content-Type: application/ocsp-request");
	if (f->headers == NULL || !set_up(f, &l->bank->config))
		return uk_fail(UK_ERR_MEMORY);
	return bank_curl_start(l->curl, f->curl);
}

/* For bank.ask: false if there is no place. */
static bool ask(void *arg, struct bank_status_question *q)
{
	struct bank_status_loop *l = arg;
	struct flight *f = l->flights;

	while (f < l->flights + BANK_STATUS_FLIGHTS && f->curl != NULL)
		f++;
	if (f == l->flights + BANK_STATUS_FLIGHTS)
		return false;
	if (uk_is_ok(begin(l, f, q)))
		return true;
	end_flight(f);
	return false;
}

/* --- opening ------------------------------------------------------------- */

uk_err bank_status_loop_open(struct bank *b, struct event_base *base,
    struct bank_answers *answers, struct bank_status_loop **out)
{
	struct bank_status_loop *l = uk_new(sizeof(*l));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = l;
	if (l == NULL)
		return err;
	l->bank = b;
	l->answers = answers;
	l->wake = event_new(base, -1, 0, on_wake, l);
	if (l->wake != NULL)
		err = bank_curl_open(base, finish, &l->curl);
	if (!uk_is_ok(err)) {
		bank_status_loop_close(out);
		return err;
	}
	b->ask = ask;
	b->ask_arg = l;
	return uk_ok();
}

void bank_status_loop_close(struct bank_status_loop **l)
{
	if (*l == NULL)
		return;
	(*l)->bank->ask = NULL;
	for (size_t i = 0; i < BANK_STATUS_FLIGHTS; i++)
		end_flight(&(*l)->flights[i]);
	for (size_t i = 0; i < BANK_STATUS_WAITERS; i++) {
		if ((*l)->waiters[i].req != NULL)
			(void)release(&(*l)->waiters[i]);
	}
	bank_curl_close(&(*l)->curl);
	if ((*l)->wake != NULL)
		event_free((*l)->wake);
	uk_free(*l);
	*l = NULL;
}
