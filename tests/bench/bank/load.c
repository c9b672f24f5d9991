/* Many HTTP connections in one thread, with TLS or without. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 * 1024, EVENTS = 256, IDLE_MS = 10000 };

struct link {
	struct run *run;
	size_t place; /* among the connections */
	int fd;
	SSL *ssl;
	bool busy, connected;
	size_t number; /* of the request that is out */
	double since;
	uk_bytes unsent;
	size_t got;
	char *in; /* ANSWER_MAX + 1 */
};

struct run {
	struct load *l;
	int epoll;
	size_t next, done;
	double began;
	SSL_SESSION *session;
	struct link *links;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- connections --------------------------------------------------------- */

static int connect_to(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connect_front(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	/* Waits for a place in the server's queue, then no more. */
	if (fd >= 0 && (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
			   fcntl(fd, F_SETFL, O_NONBLOCK) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void hang_up(struct link *k)
{
	if (k->ssl != NULL) {
		SSL_shutdown(k->ssl);
		SSL_free(k->ssl);
	}
	if (k->fd >= 0)
		close(k->fd);
	k->ssl = NULL;
	k->fd = -1;
	k->connected = false;
}

static bool call_up(struct link *k)
{
	struct epoll_event e = { .events = EPOLLIN, .data = { .ptr = k } };

	const struct load *l = k->run->l;

	k->fd = l->front == NULL
		    ? connect_to(l->ports[k->place % l->port_count])
		    : connect_front(l->front);
	if (k->fd < 0 ||
	    epoll_ctl(k->run->epoll, EPOLL_CTL_ADD, k->fd, &e) != 0) {
		hang_up(k);
		return false;
	}
	if (l->tls == NULL) {
		k->connected = true;
		return true;
	}
	k->ssl = SSL_new(l->tls);
	if (k->ssl == NULL || SSL_set_fd(k->ssl, k->fd) != 1) {
		hang_up(k);
		return false;
	}
	if (l->resume && k->run->session != NULL)
		SSL_set_session(k->ssl, k->run->session);
	SSL_set_connect_state(k->ssl);
	return true;
}

/* What happens to a transfer of bytes that gave this result. */
enum fate { DONE, TO_READ, TO_WRITE, BROKEN };

static enum fate fate_of(struct link *k, ssize_t result)
{
	int why;

	if (result > 0)
		return DONE;
	if (k->ssl == NULL)
		return result < 0 && errno == EAGAIN ? TO_READ : BROKEN;
	why = SSL_get_error(k->ssl, (int)result);
	if (why == SSL_ERROR_WANT_WRITE)
		return TO_WRITE;
	return why == SSL_ERROR_WANT_READ ? TO_READ : BROKEN;
}

static void listen_for(struct link *k, bool to_write)
{
	struct epoll_event e = { .events = EPOLLIN, .data = { .ptr = k } };

	if (to_write)
		e.events |= EPOLLOUT;
	epoll_ctl(k->run->epoll, EPOLL_CTL_MOD, k->fd, &e);
}

/* --- requests ------------------------------------------------------------ */

static void begin(struct link *k);

static void keep_session(struct link *k)
{
	if (!k->run->l->resume)
		return;
	SSL_SESSION_free(k->run->session);
	k->run->session = SSL_get1_session(k->ssl);
}

static void finish(struct link *k, int status, uk_bytes body)
{
	struct load *l = k->run->l;

	l->ms[k->run->done++] = (now_s() - k->since) * 1e3;
	if (status == 200)
		l->good++;
	else if (l->failed++ == 0)
		fprintf(stderr, "bench: answer %d: %.*s\n", status, (int)body.n,
		    (const char *)body.p);
	if (l->answer != NULL && status == 200)
		l->answer(l->arg, k->number, body);
	k->busy = false;
	if (k->ssl != NULL && SSL_session_reused(k->ssl))
		l->resumed++;
	if (k->ssl != NULL)
		keep_session(k);
	if (l->fresh || status == 0)
		hang_up(k);
	begin(k);
}

/* The whole answer's length, or 0 if its head is not there yet. */
static size_t whole_length(const char *in, size_t *head)
{
	const char *end = strstr(in, "\r\n\r\n");
	const char *n = strcasestr(in, "\r\nContent-Length:");

	if (end == NULL)
		return 0;
	*head = (size_t)(end - in) + 4;
	return *head + (n == NULL || n > end ? 0 : strtoul(n + 17, NULL, 10));
}

static bool take_answer(struct link *k)
{
	size_t head = 0, whole;

	k->in[k->got] = '\0';
	whole = whole_length(k->in, &head);
	if (whole == 0 || k->got < whole)
		return false;
	k->got = 0;
	finish(k, atoi(k->in + 9), uk_view(k->in + head, whole - head));
	return true;
}

static void failed(struct link *k)
{
	char why[128] = "";

	ERR_error_string_n(ERR_get_error(), why, sizeof(why));
	ERR_clear_error();
	if (k->run->l->failed == 0)
		fprintf(stderr, "bench: connection: %s\n", why);
	finish(k, 0, UK_NONE);
}

static ssize_t put(struct link *k, uk_bytes v)
{
	return k->ssl == NULL ? write(k->fd, v.p, v.n)
			      : SSL_write(k->ssl, v.p, (int)v.n);
}

static ssize_t get(struct link *k, char *p, size_t room)
{
	return k->ssl == NULL ? read(k->fd, p, room)
			      : SSL_read(k->ssl, p, (int)room);
}

/* false: it waits for the other side. */
static bool push(struct link *k)
{
	enum fate fate = DONE;
	ssize_t n;

	if (!k->connected) {
		n = SSL_do_handshake(k->ssl);
		fate = fate_of(k, n);
		k->connected = fate == DONE;
		if (!k->connected) {
			listen_for(k, fate == TO_WRITE);
			return fate == BROKEN;
		}
	}
	if (k->unsent.n == 0)
		return false;
	n = put(k, k->unsent);
	if (n > 0)
		k->unsent = uk_bytes_from(k->unsent, (size_t)n);
	if (k->ssl != NULL || k->unsent.n > 0)
		listen_for(k, k->unsent.n > 0);
	return false;
}

static void pull(struct link *k)
{
	ssize_t n;

	for (;;) {
		n = get(k, k->in + k->got, ANSWER_MAX - k->got);
		if (n <= 0)
			break;
		k->got += (size_t)n;
		if (take_answer(k))
			return;
	}
	if (fate_of(k, n) != BROKEN)
		return;
	if (k->busy)
		failed(k);
	else
		hang_up(k);
}

static void go_on(struct link *k)
{
	if (push(k)) {
		if (k->busy)
			failed(k);
		else
			hang_up(k);
	} else if (k->connected) {
		pull(k);
	}
}

/* When the request is due: at once, or by the rate. */
static double due_at(const struct run *r)
{
	return r->l->rate <= 0 ? 0 : r->began + (double)r->next / r->l->rate;
}

static void begin(struct link *k)
{
	struct run *r = k->run;
	double due = due_at(r);

	if (k->busy || r->next == r->l->total || due > now_s())
		return;
	k->busy = true;
	k->number = r->next++;
	k->since = due > 0 ? due : now_s();
	k->unsent = r->l->request(r->l->arg, k->number);
	if (k->fd < 0 && !call_up(k)) {
		/* Not from finish to begin and back without end. */
		r->l->failed++;
		r->l->ms[r->done++] = 0;
		k->busy = false;
		return;
	}
	go_on(k);
}

static void begin_due(struct run *r)
{
	for (size_t i = 0; i < r->l->connections; i++) {
		if (r->next < r->l->total && due_at(r) > now_s())
			return;
		begin(&r->links[i]);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void serve_links(struct run *r)
{
	struct epoll_event events[EVENTS];
	bool paced = r->l->rate > 0;

	while (r->done < r->l->total) {
		int n = epoll_wait(
		    r->epoll, events, EVENTS, paced ? 1 : IDLE_MS);

		if (n == 0 && !paced) {
			fprintf(stderr, "bench: no answer for ten seconds\n");
			r->l->failed += r->l->total - r->done;
			return;
		}
		for (int i = 0; i < n; i++) {
			struct link *k = events[i].data.ptr;

			if (k->fd >= 0)
				go_on(k);
		}
		begin_due(r);
	}
}

void load_run(struct load *l)
{
	struct run r = { .l = l, .began = now_s() };

	l->ms = uk_new_array(l->total, sizeof(*l->ms));
	r.links = uk_new_array(l->connections, sizeof(*r.links));
	r.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->ms == NULL || r.links == NULL || r.epoll < 0)
		abort();
	for (size_t i = 0; i < l->connections; i++) {
		r.links[i] = (struct link){ .run = &r, .place = i, .fd = -1 };
		if ((r.links[i].in = uk_new(ANSWER_MAX + 1)) == NULL)
			abort();
	}
	begin_due(&r);
	serve_links(&r);
	l->seconds = now_s() - r.began;
	qsort(l->ms, r.done, sizeof(*l->ms), by_value);
	for (size_t i = 0; i < l->connections; i++) {
		hang_up(&r.links[i]);
		uk_free(r.links[i].in);
	}
	SSL_SESSION_free(r.session);
	close(r.epoll);
	uk_free(r.links);
}

double load_percentile(const struct load *l, double part)
{
	return l->ms[(size_t)(part * (double)(l->total - 1))];
}

void load_free(struct load *l)
{
	uk_free(l->ms);
	l->ms = NULL;
}

/* --- what goes over them ------------------------------------------------- */

SSL_CTX *load_tls(const char *ca, const char *cert, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL || SSL_CTX_load_verify_file(tls, ca) != 1)
		abort();
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	if (cert != NULL &&
	    (SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
		SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1))
		abort();
	return tls;
}

void load_http(uk_blob *out, const char *method, const char *path,
    const char *token, uk_bytes body)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n"
	    "Content-Type: application/json\r\n%s%s%s\r\n",
	    method, path, body.n, token == NULL ? "" : "Authorization: Bearer ",
	    token == NULL ? "" : token, token == NULL ? "" : "\r\n");

	if (!uk_is_ok(uk_blob_set(out, uk_view(head, (size_t)n))) ||
	    !uk_is_ok(uk_blob_add(out, body)))
		abort();
}
