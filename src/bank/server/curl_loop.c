/* libcurl on the event loop (libcurl-multi(3)). */
#include "curl_loop.h"

#include "mem.h"

#include <event2/event.h>

struct bank_curl {
	struct event_base *base; /* borrowed */
	CURLM *multi;
	struct event *timer;
	bank_curl_done *done;
};

static void check_finished(struct bank_curl *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		void *of = NULL;

		if (m->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &of) ==
			CURLE_OK &&
		    of != NULL)
			c->done(of, m->data.result);
	}
}

static void on_socket(evutil_socket_t fd, short events, void *arg)
{
	struct bank_curl *c = arg;
	int running, what = 0;

	if (events & EV_READ)
		what |= CURL_CSELECT_IN;
	if (events & EV_WRITE)
		what |= CURL_CSELECT_OUT;
	curl_multi_socket_action(c->multi, fd, what, &running);
	check_finished(c);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct bank_curl *c = arg;
	int running;

	(void)fd, (void)events;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_finished(c);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct bank_curl *c = arg;
	const struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		event_del(c->timer);
	else
		event_add(c->timer, &t);
	return 0;
}

static int watch_socket(
    CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct bank_curl *c = arg;
	struct event *e = socket_arg;
	short wanted = EV_PERSIST;

	(void)easy;
	if (e != NULL)
		event_free(e);
	curl_multi_assign(c->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what & CURL_POLL_IN)
		wanted |= EV_READ;
	if (what & CURL_POLL_OUT)
		wanted |= EV_WRITE;
	e = event_new(c->base, fd, wanted, on_socket, c);
	if (e == NULL || event_add(e, NULL) != 0)
		return -1; /* the call ends with an error */
	curl_multi_assign(c->multi, fd, e);
	return 0;
}

uk_err bank_curl_open(
    struct event_base *base, bank_curl_done *done, struct bank_curl **out)
{
	struct bank_curl *c = uk_new(sizeof(*c));

	*out = c;
	if (c == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return uk_fail(UK_ERR_MEMORY);
	c->base = base;
	c->done = done;
	c->multi = curl_multi_init();
	c->timer = event_new(base, -1, 0, on_timer, c);
	if (c->multi == NULL || c->timer == NULL ||
	    curl_multi_setopt(
		c->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
	    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c) != CURLM_OK ||
	    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer) !=
		CURLM_OK ||
	    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c) != CURLM_OK) {
		bank_curl_close(out);
		return uk_fail(UK_ERR_MEMORY);
	}
	return uk_ok();
}

void bank_curl_close(struct bank_curl **c)
{
	if (*c == NULL)
		return;
	if ((*c)->multi != NULL)
		curl_multi_cleanup((*c)->multi);
	if ((*c)->timer != NULL)
		event_free((*c)->timer);
	uk_free(*c);
	*c = NULL;
}

/* --- one request --------------------------------------------------------- */

static CURLcode set_up(CURL *e, const struct bank_curl_target *t, void *of)
{
	CURLcode rc = CURLE_OK;

#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(e, option, value);               \
	} while (0)
	SET(CURLOPT_PROTOCOLS_STR, t->plain ? "http,https" : "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, ""); /* nobody's environment decides */
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (t->ca[0] != '\0') {
		SET(CURLOPT_CAINFO, t->ca);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_TIMEOUT, (long)t->seconds);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_URL, t->url);
	SET(CURLOPT_PRIVATE, of);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE, (long)t->body.n);
	SET(CURLOPT_POSTFIELDS, (const char *)t->body.p);
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_WRITEFUNCTION, t->take_body);
	SET(CURLOPT_WRITEDATA, of);
#undef SET
	return rc;
}

CURL *bank_curl_new(const struct bank_curl_target *t, void *of)
{
	CURL *e = curl_easy_init();

	if (e != NULL && set_up(e, t, of) != CURLE_OK) {
		curl_easy_cleanup(e);
		return NULL;
	}
	return e;
}

uk_err bank_curl_start(struct bank_curl *c, CURL *e)
{
	return curl_multi_add_handle(c->multi, e) == CURLM_OK
		   ? uk_ok()
		   : uk_fail(UK_ERR_MEMORY);
}

void bank_curl_end(struct bank_curl *c, CURL *e)
{
	if (e == NULL)
		return;
	curl_multi_remove_handle(c->multi, e);
	curl_easy_cleanup(e);
}
