/* HTTPS: sockets, TLS and libevent's evhttp around bank_serve. */
#include "https.h"

#include "answers.h"
#include "authorise.h"
#include "connections.h"
#include "framing.h"
#include "front.h"
#include "http_gate.h"
#include "log.h"
#include "merchant_auth.h"
#include "newsroom.h"
#include "notify.h"
#include "ops.h"
#include "routes.h"
#include "secret.h"
#include "shop_loop.h"
#include "status_loop.h"
#include "tls.h"
#include "trusted.h"
#include "watch.h"
#include "web.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	BACKLOG = 4096, /* after a start anew everybody comes at once */
	LEAVING_PER_SECOND = 20,
	OTHER_FILES = 64, /* open besides the connections */
	SWEEP_MOST = 64   /* payments in a second */
};

/* One listener. */
enum door_kind {
	DOOR_MAIN,  /* TLS 1.3, logins by token */
	DOOR_CARDS, /* TLS with client certificates */
	DOOR_FRONT, /* no TLS: a Unix-domain socket for a front that ended it */
	DOORS
};

struct door {
	struct server *server;
	enum door_kind kind;
	struct evhttp *http;
	struct evhttp_bound_socket *bound; /* owned by http, as its listener */
	struct evconnlistener *listener;
	SSL_CTX *tls;
};

struct server {
	struct bank *bank;
	struct event_base *base;
	struct door doors[DOORS];
	struct bank_gate *gate;
	struct bank_connections *connections;
	struct bank_answers *answers;
	struct bank_watch *watch;
	struct bank_shop_loop *shop;
	struct bank_status_loop *statuses;
	struct bank_ops *ops;
	struct event *stop[2], *reload, *leaving, *sweep;
	int64_t rounds_left; /* of waiting for others before we leave */
	struct bank_newsroom *newsroom;
};

static struct bufferevent *accept_tls(struct event_base *base, void *arg)
{
	struct door *d = arg;
	SSL *ssl = SSL_new(d->tls);
	struct bufferevent *bev;

	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(
	    base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL) {
		SSL_free(ssl);
		return NULL;
	}
	/* Clients may hang up without close_notify; HTTP lengths tell a whole
	 * answer from a cut one. */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	bank_connections_add(d->server->connections, ssl, bev);
	(void)bank_gate_guard(d->server->gate, bev);
	return bev;
}

static struct bufferevent *accept_plain(struct event_base *base, void *arg)
{
	struct door *d = arg;
	struct bufferevent *bev = bufferevent_socket_new(
	    base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (bev != NULL)
		(void)bank_gate_guard(d->server->gate, bev);
	return bev;
}

/* --- who asks --------------------------------------------------------------
 */

static const struct door *door_of(
    const struct server *s, struct evhttp_request *req)
{
	const struct evhttp *http = evhttp_connection_get_server(
	    evhttp_request_get_connection(req));
	size_t i = DOORS - 1;

	while (i > 0 && s->doors[i].http != http)
		i--;
	return &s->doors[i];
}

/* der is what peer's certificate points to. */
static uk_err read_peer(const struct door *d, struct evhttp_request *req,
    struct bank_peer *peer, uk_blob *der)
{
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	const struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	const char *sent = evhttp_find_header(in, "Client-Cert");
	char *address = NULL;
	uint16_t port = 0;

	if (d->kind == DOOR_FRONT) {
		/* Nobody but the front can have written these headers. */
		peer->address = bank_front_address(
		    uk_view_str(evhttp_find_header(in, "X-Forwarded-For")));
		if (sent == NULL || sent[0] == '\0')
			return uk_ok();
		UK_TRY(bank_front_certificate(uk_view_str(sent), der));
		peer->certificate = uk_blob_view(der);
		return uk_ok();
	}
	evhttp_connection_get_peer(c, &address, &port);
	peer->address = uk_view_str(address);
	return bank_tls_peer(
	    bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(c)),
	    peer, der);
}

/* --- one request --------------------------------------------------------- */

static const char *find_query(void *arg, const char *name)
{
	return evhttp_find_header(arg, name);
}

static enum bank_method method_of(struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
		return BANK_GET;
	case EVHTTP_REQ_POST:
		return BANK_POST;
	default:
		return BANK_OTHER_METHOD;
	}
}

static uk_bytes bearer_of(struct evhttp_request *req)
{
	static const char scheme[] = "Bearer ";
	const char *h = evhttp_find_header(
	    evhttp_request_get_input_headers(req), "Authorization");
	uk_bytes v = uk_view_str(h);

	if (!uk_bytes_eq(
		uk_bytes_first(v, sizeof(scheme) - 1), uk_view_str(scheme)))
		return UK_NONE;
	return uk_bytes_from(v, sizeof(scheme) - 1);
}

/* Value number i of the field; name is in lower case. */
static bool find_field(void *arg, uk_bytes name, size_t i, uk_bytes *value)
{
	const struct evkeyval *h;
	struct evkeyvalq *all = evhttp_request_get_input_headers(arg);

	TAILQ_FOREACH(h, all, next)
	{
		if (strlen(h->key) != name.n ||
		    strncasecmp(h->key, (const char *)name.p, name.n) != 0 ||
		    i-- > 0)
			continue;
		*value = uk_view_str(h->value);
		return true;
	}
	return false;
}

/* The authority is ours, whatever Host says: what was signed for another one
 * does not verify. */
static struct uk_http_message message_of(
    const struct server *s, struct evhttp_request *req)
{
	static const char scheme[] = "https://";
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *query = uri == NULL ? NULL : evhttp_uri_get_query(uri);

	return (struct uk_http_message){
		.method = uk_view_str(
		    method_of(req) == BANK_POST ? "POST" : "GET"),
		.scheme = uk_view_str("https"),
		.authority = uk_bytes_from(
		    uk_view_str(s->bank->origin), sizeof(scheme) - 1),
		.path = uri == NULL ? UK_NONE
				    : uk_view_str(evhttp_uri_get_path(uri)),
		.query = uk_view_str(query),
		.has_query = query != NULL,
		.field = find_field,
		.arg = req,
	};
}

/* An answer to a merchant is signed; without a signature goes what answers a
 * request that has none, to which it could be bound. */
static void seal(
    void *arg, struct evhttp_request *req, enum bank_code code, uk_bytes body)
{
	struct server *s = arg;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct uk_http_message request = message_of(s, req);
	struct bank_sealed sealed;

	if (!uk_is_ok(bank_merchant_seal(s->bank, &request,
		bank_code_http(code), body, time(NULL), &sealed)))
		return;
	evhttp_add_header(headers, "Content-Digest", sealed.digest);
	evhttp_add_header(headers, "Signature-Input", sealed.input);
	evhttp_add_header(headers, "Signature", sealed.signature);
}

static void wait_for(
    void *arg, struct evhttp_request *req, const struct bank_later *later)
{
	struct server *s = arg;

	if (later->wait.kind == BANK_WAIT_STATUS)
		bank_status_loop_wait(
		    s->statuses, req, later->wait.certificate);
	else
		bank_watch_start(
		    s->watch, req, bearer_of(req), later, bank_steady_now());
}

/* What libevent has read of it stays until it is answered, so that it can be
 * served again. */
static enum bank_code serve(void *arg, struct evhttp_request *req,
    struct bank_later *later, json_t **answer)
{
	struct server *s = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	size_t n = evbuffer_get_length(in);
	struct evkeyvalq query = { NULL, NULL };
	const char *text = uri == NULL ? NULL : evhttp_uri_get_query(uri);
	struct bank_call call = { .method = method_of(req), .later = later };
	enum bank_code code = BANK_MALFORMED;
	uk_blob der = { NULL, 0 };

	TAILQ_INIT(&query);
	if (!uk_is_ok(read_peer(door_of(s, req), req, &call.peer, &der)))
		goto out;
	if (text != NULL && evhttp_parse_query_str(text, &query) != 0)
		goto out;
	call.path = uri == NULL ? UK_NONE
				: uk_view_str(evhttp_uri_get_path(uri));
	if (n > 0)
		call.body = uk_view(evbuffer_pullup(in, -1), n);
	call.token = bearer_of(req);
	call.query = find_query;
	call.query_arg = &query;
	call.now = time(NULL);
	call.message = message_of(s, req);
	code = bank_serve(s->bank, &call, answer);
out:
	if (*answer == NULL && later->finish == NULL &&
	    (code != BANK_OK || later->wait.kind == BANK_WAIT_NOT))
		*answer = bank_error_json(code);
	evhttp_clear_headers(&query);
	uk_blob_free(&der);
	return code;
}

/* Where a browser can log in, by the certificate of its connection. */
static bool has_pages(const struct door *d)
{
	const struct bank_config *c = &d->server->bank->config;

	return c->pages != 0 &&
	       (d->kind != DOOR_MAIN || c->main_certificates != 0);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct door *d = arg;
	struct server *s = d->server;
	enum bank_code refusal = bank_gate_judge(s->gate, req);

	if (d->tls != NULL)
		bank_connections_alive(evhttp_request_get_connection(req));
	if (refusal != BANK_OK) {
		bank_refused(s->bank, refusal);
		bank_answers_send(
		    s->answers, req, refusal, bank_error_json(refusal));
		return;
	}
	if (has_pages(d) && bank_web_answer(s->bank, req))
		return;
	bank_answers_take(s->answers, req);
}

/* --- the listening socket ------------------------------------------------ */

static int open_socket(const char *address, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd, on = 1;

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* NODELAY is inherited by every connection; without it answers in two
	 * writes wait for the peer's delayed acknowledgement. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in a = { 0 };
	socklen_t n = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &n) == 0
		   ? ntohs(a.sin_port)
		   : 0;
}

/* The path must be free, or a socket that nobody listens on any more. */
static int open_unix_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	if (!uk_is_ok(uk_copy_str(
		a.sun_path, sizeof(a.sun_path), uk_view_str(path)))) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* Who may write to it may say who logs in: the front's group alone. */
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0 ||
	    chmod(path, 0660) != 0 || listen(fd, BACKLOG) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static uk_err open_door(struct door *d, int fd)
{
	const struct bank_config *c = &d->server->bank->config;
	struct evhttp_bound_socket *bound;

	if (fd < 0)
		return uk_fail(UK_ERR_IO);
	d->http = evhttp_new(d->server->base);
	bound = d->http == NULL ? NULL
				: evhttp_accept_socket_with_handle(d->http, fd);
	if (bound == NULL) {
		close(fd);
		return uk_fail(UK_ERR_MEMORY);
	}
	d->bound = bound;
	d->listener = evhttp_bound_socket_get_listener(bound);
	evhttp_set_bevcb(
	    d->http, d->tls != NULL ? accept_tls : accept_plain, d);
	if (d->tls != NULL)
		bank_connections_gate(d->server->connections, d->listener);
	evhttp_set_gencb(d->http, on_request, d);
	/* All methods reach us, so that the refusal is ours, in JSON. */
	evhttp_set_allowed_methods(d->http, 0xffff);
	evhttp_set_max_headers_size(d->http, BANK_HEAD_MAX);
	evhttp_set_max_body_size(d->http, BANK_BODY_MAX);
	evhttp_set_timeout(d->http, (int)c->request_seconds);
	return uk_ok();
}

/* The main one, and the others by configuration. */
static uk_err open_doors(struct server *s, unsigned port)
{
	const struct bank_config *c = &s->bank->config;

	UK_TRY(open_door(&s->doors[DOOR_MAIN], open_socket(c->address, port)));
	if (s->doors[DOOR_CARDS].tls != NULL)
		UK_TRY(open_door(&s->doors[DOOR_CARDS],
		    open_socket(c->address, (unsigned)c->card_port)));
	if (c->front_socket[0] != '\0')
		UK_TRY(open_door(
		    &s->doors[DOOR_FRONT], open_unix_socket(c->front_socket)));
	return bank_set_origin(s->bank,
	    port_of(evconnlistener_get_fd(s->doors[DOOR_MAIN].listener)));
}

/* --- running ------------------------------------------------------------- */

/* Until nobody is left, or nobody is waited for any longer. */
static void on_leaving(evutil_socket_t fd, short events, void *arg)
{
	struct server *s = arg;

	(void)fd, (void)events;
	bank_connections_end_idle(s->connections);
	if (bank_connections_used(s->connections) == 0 || s->rounds_left-- == 0)
		event_base_loopbreak(s->base);
}

static void close_door(struct door *d)
{
	if (d->bound != NULL)
		evhttp_del_accept_socket(d->http, d->bound);
	d->bound = NULL;
	d->listener = NULL;
}

/* Stops accepting; requests under way have stopSeconds to be finished. */
static void on_stop(evutil_socket_t sig, short events, void *arg)
{
	const struct timeval often = { 0, 1000000 / LEAVING_PER_SECOND };
	struct server *s = arg;

	(void)events;
	uk_log(UK_LOG_INFO, "event=stop signal=%d", (int)sig);
	if (s->doors[DOOR_MAIN].bound == NULL) {
		event_base_loopbreak(s->base); /* told twice: at once */
		return;
	}
	bank_connections_gate(s->connections, NULL);
	for (size_t i = 0; i < DOORS; i++)
		close_door(&s->doors[i]);
	bank_ops_stopping(s->ops);
	bank_systemd_tell("STOPPING=1");
	s->rounds_left = s->bank->config.stop_seconds * LEAVING_PER_SECOND;
	if (event_add(s->leaving, &often) != 0)
		event_base_loopbreak(s->base);
}

static void on_reload(evutil_socket_t sig, short events, void *arg)
{
	struct server *s = arg;

	(void)sig, (void)events;
	bank_config_reload(s->bank);
	bank_trust_reload(s->bank);
}

/* Interest in a socket changes back and forth within a request: told to the
 * kernel only where it has really changed. */
/* Terminals that went away leave payments behind. */
static void on_sweep(evutil_socket_t fd, short events, void *arg)
{
	struct server *s = arg;
	bool more;

	(void)fd, (void)events;
	if (!uk_is_ok(
		bank_pos_sweep(&s->bank->pos, time(NULL), SWEEP_MOST, &more)))
		uk_log(UK_LOG_ERROR, "event=pos-sweep result=failed");
	bank_answers_flush(s->answers);
	bank_gate_sweep(s->gate);
	bank_systemd_alive();
}

static struct event_base *open_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base = NULL;

	if (c != NULL &&
	    event_config_set_flag(c, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(c);
	if (c != NULL)
		event_config_free(c);
	return base;
}

static void on_watcher_alive(void *arg, struct evhttp_connection *connection)
{
	(void)arg;
	bank_connections_alive(connection);
}

/* A heartbeat well before anybody takes the silence for the end. */
static uk_err open_shop(struct server *s)
{
	const struct bank_config *c = &s->bank->config;
	int64_t beat = c->request_seconds > 30 ? 15 : c->request_seconds / 2;

	UK_TRY(bank_watch_open(s->bank, s->answers, (size_t)c->max_connections,
	    beat, on_watcher_alive, s, &s->watch));
	return bank_shop_loop_open(
	    s->bank, s->base, s->answers, s->watch, s->newsroom, &s->shop);
}

static uk_err open_events(struct server *s)
{
	const struct timeval second = { 1, 0 };
	const struct bank_config *c = &s->bank->config;

	s->base = open_base();
	if (s->base == NULL ||
	    event_base_priority_init(s->base, BANK_PRIORITIES) != 0)
		return uk_fail(UK_ERR_MEMORY);
	UK_TRY(bank_gate_open(&s->gate));
	UK_TRY(bank_answers_open(s->base, s->bank,
	    &(struct bank_answers_use){ serve, seal, wait_for, s },
	    &s->answers));
	UK_TRY(bank_newsroom_open(s->base, s->bank->store, &s->newsroom));
	UK_TRY(bank_connections_open(s->base, (size_t)c->max_connections,
	    c->request_seconds, s->bank->metrics, &s->connections));
	UK_TRY(open_shop(s));
	UK_TRY(
	    bank_status_loop_open(s->bank, s->base, s->answers, &s->statuses));
	s->stop[0] = evsignal_new(s->base, SIGTERM, on_stop, s);
	s->stop[1] = evsignal_new(s->base, SIGINT, on_stop, s);
	s->sweep = event_new(s->base, -1, EV_PERSIST, on_sweep, s);
	if (s->sweep == NULL || event_add(s->sweep, &second) != 0)
		return uk_fail(UK_ERR_MEMORY);
	s->reload = evsignal_new(s->base, SIGHUP, on_reload, s);
	s->leaving = event_new(s->base, -1, EV_PERSIST, on_leaving, s);
	if (s->stop[0] == NULL || s->stop[1] == NULL || s->reload == NULL ||
	    s->leaving == NULL || event_add(s->stop[0], NULL) != 0 ||
	    event_add(s->stop[1], NULL) != 0 || event_add(s->reload, NULL) != 0)
		return uk_fail(UK_ERR_MEMORY);
	return uk_ok();
}

static void close_server(struct server *s)
{
	/* Connections are really gone only when the base is: their places are
	 * kept until then. */
	bank_status_loop_close(&s->statuses);
	bank_shop_loop_close(&s->shop);
	bank_watch_close(&s->watch);
	bank_answers_close(&s->answers);
	bank_ops_close(&s->ops);
	bank_newsroom_close(&s->newsroom);
	bank_connections_stop(s->connections);
	for (size_t i = 0; i < DOORS; i++) {
		if (s->doors[i].http != NULL)
			evhttp_free(s->doors[i].http);
	}
	bank_gate_close(&s->gate);
	for (size_t i = 0; i < 2; i++) {
		if (s->stop[i] != NULL)
			event_free(s->stop[i]);
	}
	if (s->sweep != NULL)
		event_free(s->sweep);
	if (s->reload != NULL)
		event_free(s->reload);
	if (s->leaving != NULL)
		event_free(s->leaving);
	if (s->base != NULL)
		event_base_free(s->base);
	bank_connections_close(&s->connections);
	for (size_t i = 0; i < DOORS; i++)
		SSL_CTX_free(s->doors[i].tls);
}

static void say_ready(const struct server *s, int ready_fd)
{
	int fd = evconnlistener_get_fd(s->doors[DOOR_MAIN].listener);

	printf(
	    "listening on https://%s:%u\n", s->bank->config.host, port_of(fd));
	if (s->doors[DOOR_CARDS].listener != NULL)
		printf("cards on https://%s:%u\n", s->bank->config.host,
		    port_of(
			evconnlistener_get_fd(s->doors[DOOR_CARDS].listener)));
	if (s->ops != NULL && bank_ops_port(s->ops) != 0)
		printf(
		    "operator at http://127.0.0.1:%u\n", bank_ops_port(s->ops));
	else if (s->ops != NULL)
		printf("operator at %s\n", s->bank->config.operator_place);
	fflush(stdout);
	bank_systemd_tell("READY=1");
	if (ready_fd >= 0) {
		dprintf(ready_fd, "%u\n", port_of(fd));
		close(ready_fd);
	}
}

/* A connection is an open file. */
static bool enough_files(const struct bank_config *c, char *why, size_t cap)
{
	rlim_t want = (rlim_t)c->max_connections + OTHER_FILES;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
		return true;
	l.rlim_cur = l.rlim_max < want ? l.rlim_max : want;
	if (l.rlim_cur == want && setrlimit(RLIMIT_NOFILE, &l) == 0)
		return true;
	snprintf(why, cap,
	    "\"maxConnections\" %lld needs %llu open files, and %llu are "
	    "allowed: lower it, or raise LimitNOFILE (ulimit -n)",
	    (long long)c->max_connections, (unsigned long long)want,
	    (unsigned long long)l.rlim_max);
	return false;
}

uk_err bank_https_run(
    struct bank *b, unsigned port, int ready_fd, char *why, size_t why_cap)
{
	struct server s = { .bank = b };
	uk_err err;

	signal(SIGPIPE, SIG_IGN);
	/* Before its first call: what comes and goes holds sessions. */
	event_set_mem_functions(malloc, realloc, uk_wipe_free);
	if (ready_fd >= 0 && fcntl(ready_fd, F_GETFD) < 0) {
		snprintf(why, why_cap,
		    "--ready-fd %d is not an open descriptor", ready_fd);
		return uk_fail(UK_ERR_ARGUMENT);
	}
	if (!enough_files(&b->config, why, why_cap))
		return uk_fail(UK_ERR_ARGUMENT);
	for (size_t i = 0; i < DOORS; i++)
		s.doors[i] = (struct door){ .server = &s,
			.kind = (enum door_kind)i };
	err = bank_tls_open(
	    b, b->config.main_certificates != 0, &s.doors[DOOR_MAIN].tls);
	if (uk_is_ok(err) && b->config.card_port >= 0)
		err = bank_tls_open(b, true, &s.doors[DOOR_CARDS].tls);
	if (!uk_is_ok(err)) {
		snprintf(why, why_cap,
		    "cannot use %s and %s: make them anew with init",
		    BANK_FILE_TLS_CERT, BANK_FILE_TLS_KEY);
		goto out;
	}
	err = open_events(&s);
	if (!uk_is_ok(err)) {
		snprintf(why, why_cap, "out of memory");
		goto out;
	}
	err = open_doors(&s, port);
	if (!uk_is_ok(err)) {
		snprintf(why, why_cap,
		    "cannot listen on %s:%u (%s): is another server "
		    "running? choose --port",
		    b->config.address, port, strerror(errno));
		goto out;
	}
	err = bank_ops_open(s.base, b,
	    &(struct bank_ops_view){ s.connections, s.watch, s.gate }, &s.ops);
	if (!uk_is_ok(err)) {
		snprintf(why, why_cap,
		    "cannot open the operator's door at \"%s\" (%s): choose "
		    "another \"operator\"",
		    b->config.operator_place, strerror(errno));
		goto out;
	}
	say_ready(&s, ready_fd);
	event_base_dispatch(s.base);
out:
	close_server(&s);
	return err;
}
