/* The operator's door. */
#include "ops.h"

#include "framing.h"
#include "metrics.h"
#include "trusted.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 16, SECONDS = 5 };

struct bank_ops {
	struct bank *bank;
	struct bank_ops_view view;
	struct evhttp *http;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* or empty */
	unsigned port;
	int64_t began;
	bool stopping;
};

/* --- answers ------------------------------------------------------------- */

static void answer(
    struct evhttp_request *req, int status, const char *type, uk_bytes text)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evbuffer_add(evhttp_request_get_output_buffer(req), text.p, text.n);
	evhttp_send_reply(req, status, NULL, NULL);
}

static void say(struct evhttp_request *req, int status, const char *line)
{
	answer(req, status, "text/plain; charset=utf-8", uk_view_str(line));
}

static void on_health(struct evhttp_request *req, void *arg)
{
	(void)arg;
	say(req, 200, "alive\n");
}

static bool database_answers(struct bank_store *s)
{
	bank_query q = bank_query_of(s, "SELECT count(*) FROM migrations");
	bool row = bank_query_row(&q);

	return uk_is_ok(bank_query_end(&q)) && row;
}

/* How long the bank's own certificate is good by its CA and that one's list;
 * 0: it is not. What is true of it is true of the customers' certificates. */
static int64_t good_for(struct bank *b, int64_t now)
{
	struct uk_trust_question q = {
		.cert = b->certificate, .purpose = UK_FOR_BANK, .now = now
	};
	int64_t until = now;

	return uk_is_ok(uk_trust_ask(bank_trust(b, UK_FOR_LOGIN), &q, &until))
		   ? until - now
		   : 0;
}

static const char *why_not_ready(struct bank_ops *o)
{
	if (o->stopping)
		return "stopping\n";
	if (good_for(o->bank, time(NULL)) <= 0)
		return "the bank's own certificate is not good, or the "
		       "revocation list has run out\n";
	if (!uk_is_ok(bank_sign_probe(o->bank)))
		return "the bank's signing key does not sign\n";
	if (!database_answers(o->bank->store))
		return "the database does not answer\n";
	return NULL;
}

static void on_ready(struct evhttp_request *req, void *arg)
{
	const char *why = why_not_ready(arg);

	say(req, why == NULL ? 200 : 503, why == NULL ? "ready\n" : why);
}

/* A figure of the database; 0 if it does not answer, which /readyz tells. */
static int64_t count_of(struct bank_store *s, const char *sql)
{
	bank_query q = bank_query_of(s, sql);
	int64_t n = 0;

	return uk_is_ok(bank_query_id(&q, &n)) ? n : 0;
}

static void look_into_books(struct bank *b, struct bank_gauges *g)
{
	g->sessions = bank_sessions_count(b->sessions);
	g->bills_open = count_of(b->store,
	    "SELECT count(*) FROM bills WHERE state IN ('open', 'shown')");
	g->callbacks_waiting = count_of(b->store,
	    "SELECT count(*) FROM deliveries WHERE state = 'waiting'");
	g->callbacks_given_up = count_of(b->store,
	    "SELECT count(*) FROM deliveries WHERE state = 'given-up'");
}

static void on_metrics(struct evhttp_request *req, void *arg)
{
	struct bank_ops *o = arg;
	int64_t now = time(NULL);
	struct bank_gauges g = {
		.connections = bank_connections_used(o->view.connections),
		.connections_max = (size_t)o->bank->config.max_connections,
		.crl_good_seconds = good_for(o->bank, now),
		.uptime_seconds = now - o->began,
		.waiting = bank_watch_used(o->view.watch),
	};
	uk_blob text = { NULL, 0 };

	look_into_books(o->bank, &g);
	if (uk_is_ok(bank_metrics_text(o->bank->metrics, &g, &text)))
		answer(req, 200, "text/plain; version=0.0.4; charset=utf-8",
		    uk_blob_view(&text));
	else
		say(req, 500, "out of memory\n");
	uk_blob_free(&text);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	static const struct {
		const char *path;
		void (*answer)(struct evhttp_request *req, void *arg);
	} rows[] = {
		{ "/healthz", on_health },
		{ "/readyz", on_ready },
		{ "/metrics", on_metrics },
	};
	struct bank_ops *o = arg;
	enum bank_code refusal = bank_gate_judge(o->view.gate, req);
	const char *path = evhttp_uri_get_path(
	    evhttp_request_get_evhttp_uri(req));

	if (refusal == BANK_OK &&
	    evhttp_request_get_command(req) != EVHTTP_REQ_GET)
		refusal = BANK_METHOD;
	if (refusal == BANK_METHOD)
		evhttp_add_header(
		    evhttp_request_get_output_headers(req), "Allow", "GET");
	if (refusal != BANK_OK) {
		say(req, bank_code_http(refusal), "");
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(path, rows[i].path) != 0)
			continue;
		rows[i].answer(req, o);
		return;
	}
	say(req, 404, "try /healthz, /readyz or /metrics\n");
}

static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct bank_ops *o = arg;
	struct bufferevent *bev = bufferevent_socket_new(
	    base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (bev != NULL)
		(void)bank_gate_guard(o->view.gate, bev);
	return bev;
}

/* --- the place ----------------------------------------------------------- */

/* -1: not a port. */
static long port_of(const char *place)
{
	char *end;
	long n = strtol(place, &end, 10);

	return place[0] >= '0' && place[0] <= '9' && *end == '\0' && n <= 65535
		   ? n
		   : -1;
}

bool bank_ops_place_ok(const char *place)
{
	struct sockaddr_un a;

	if (place[0] == '/')
		return strlen(place) < sizeof(a.sun_path);
	return place[0] == '\0' || port_of(place) >= 0;
}

static int bind_port(struct bank_ops *o, long port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&a, n) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
		close(fd);
		return -1;
	}
	o->port = ntohs(a.sin_port);
	return fd;
}

/* One that nobody listens at is left over from before. */
static bool is_left_over(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;
	bool dead = fd >= 0 && stat(a->sun_path, &st) == 0 &&
		    S_ISSOCK(st.st_mode) &&
		    connect(fd, (const struct sockaddr *)a, sizeof(*a)) != 0 &&
		    errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return dead;
}

static int bind_path(struct bank_ops *o, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, rc;

	if (!uk_is_ok(
		uk_copy_str(a.sun_path, sizeof(a.sun_path), uk_view_str(path))))
		return -1;
	if (is_left_over(&a))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	mask = umask(0177); /* nobody else from the first moment on */
	rc = bind(fd, (const struct sockaddr *)&a, sizeof(a));
	umask(mask);
	if (rc != 0) {
		close(fd);
		return -1;
	}
	UK_IGNORE(uk_copy_str(o->path, sizeof(o->path), uk_view_str(path)));
	return fd;
}

static uk_err open_door(struct bank_ops *o, struct event_base *base)
{
	const char *place = o->bank->config.operator_place;
	int fd = place[0] == '/' ? bind_path(o, place)
				 : bind_port(o, port_of(place));
	struct evconnlistener *listener;

	if (fd < 0)
		return uk_fail(UK_ERR_IO);
	listener = evconnlistener_new(
	    base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, BACKLOG, fd);
	if (listener == NULL) {
		close(fd);
		return uk_fail(UK_ERR_MEMORY);
	}
	if (evhttp_bind_listener(o->http, listener) == NULL) {
		evconnlistener_free(listener);
		return uk_fail(UK_ERR_MEMORY);
	}
	return uk_ok();
}

uk_err bank_ops_open(struct event_base *base, struct bank *b,
    const struct bank_ops_view *view, struct bank_ops **out)
{
	struct bank_ops *o;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (b->config.operator_place[0] == '\0')
		return uk_ok();
	if (!bank_ops_place_ok(b->config.operator_place)) {
		errno = EINVAL;
		return uk_fail(UK_ERR_IO);
	}
	o = uk_new(sizeof(*o));
	if (o == NULL)
		return err;
	o->bank = b;
	o->view = *view;
	o->began = time(NULL);
	o->http = evhttp_new(base);
	if (o->http == NULL)
		goto out;
	evhttp_set_allowed_methods(o->http, 0xffff);
	evhttp_set_max_headers_size(o->http, BANK_HEAD_MAX);
	evhttp_set_max_body_size(o->http, BANK_BODY_MAX);
	evhttp_set_timeout(o->http, SECONDS);
	evhttp_set_bevcb(o->http, on_connection, o);
	evhttp_set_gencb(o->http, on_request, o);
	err = open_door(o, base);
	if (!uk_is_ok(err))
		goto out;
	*out = o;
	o = NULL; /* handed over */
out:
	bank_ops_close(&o);
	return err;
}

void bank_ops_close(struct bank_ops **o)
{
	if (*o == NULL)
		return;
	if ((*o)->http != NULL)
		evhttp_free((*o)->http);
	if ((*o)->path[0] != '\0')
		(void)unlink((*o)->path);
	uk_free(*o);
	*o = NULL;
}

unsigned bank_ops_port(const struct bank_ops *o)
{
	return o->port;
}

void bank_ops_stopping(struct bank_ops *o)
{
	if (o != NULL)
		o->stopping = true;
}
