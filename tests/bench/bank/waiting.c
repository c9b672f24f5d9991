/* Clients that wait for bills. */
#include "waiting.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 4096, EVENTS = 256, OTHER_FILES = 64, GIVE_UP_S = 20 };

struct stream {
	int fd;
	SSL *ssl;
	size_t got;
	char in[ROOM + 1];
};

struct waiting {
	unsigned port;
	SSL_CTX *tls;
	int epoll;
	size_t count;
	struct stream *streams;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

size_t waiting_possible(size_t n)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		give_up("no limit of open files");
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
	if (l.rlim_max >= n + OTHER_FILES)
		return n;
	fprintf(stderr, "bench: only %llu open files are allowed\n",
	    (unsigned long long)l.rlim_max);
	return (size_t)l.rlim_max - OTHER_FILES;
}

/* --- one stream ---------------------------------------------------------- */

/* Waits for each step: what counts here is being there. */
static void call_up(struct waiting *w, struct stream *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)w->port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int on = 1;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	s->ssl = SSL_new(w->tls);
	if (s->fd < 0 || s->ssl == NULL ||
	    connect(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    SSL_set_fd(s->ssl, s->fd) != 1 || SSL_connect(s->ssl) != 1)
		give_up("a client cannot connect");
	SSL_set_mode(s->ssl, SSL_MODE_RELEASE_BUFFERS);
}

static void say(struct stream *s, uk_bytes v)
{
	if (SSL_write(s->ssl, v.p, (int)v.n) != (int)v.n)
		give_up("a request cannot be sent");
}

/* Reads on until the text is there. */
static void await(struct stream *s, const char *text)
{
	do {
		int n = SSL_read(s->ssl, s->in + s->got, (int)(ROOM - s->got));

		if (n <= 0 || s->got == ROOM)
			give_up("an answer does not come");
		s->got += (size_t)n;
		s->in[s->got] = '\0';
	} while (strstr(s->in, text) == NULL);
	s->got = 0;
}

static void listen_to(struct waiting *w, struct stream *s)
{
	struct epoll_event e = { .events = EPOLLIN, .data = { .ptr = s } };

	if (fcntl(s->fd, F_SETFL, O_NONBLOCK) != 0 ||
	    epoll_ctl(w->epoll, EPOLL_CTL_ADD, s->fd, &e) != 0)
		give_up("epoll");
}

static void begin(struct waiting *w, struct stream *s, const char *session)
{
	uk_blob request = { NULL, 0 };

	call_up(w, s);
	load_http(&request, "GET", "/v1/events", session, UK_NONE);
	say(s, uk_blob_view(&request));
	await(s, "retry: ");
	listen_to(w, s);
	uk_blob_free(&request);
}

static void end(struct stream *s)
{
	SSL_free(s->ssl);
	close(s->fd);
}

struct waiting *waiting_open(
    const struct town *t, unsigned port, SSL_CTX *tls, size_t n)
{
	struct waiting *w = uk_new(sizeof(*w));

	if (w == NULL ||
	    (w->streams = uk_new_array(n, sizeof(*w->streams))) == NULL)
		abort();
	w->port = port;
	w->tls = tls;
	w->count = n;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		begin(w, &w->streams[i], t->residents[i].session);
	return w;
}

void waiting_close(struct waiting **w)
{
	for (size_t i = 0; i < (*w)->count; i++)
		end(&(*w)->streams[i]);
	close((*w)->epoll);
	uk_free((*w)->streams);
	uk_free(*w);
	*w = NULL;
}

/* --- deliveries ---------------------------------------------------------- */

struct course {
	struct deliveries *d;
	struct stream shop;
	double began;
	size_t asked, answered, heard;
	double *due, *answer, *event; /* when */
};

/* A piece of a stream: events are told by the order's number in them. */
static void take_piece(struct course *c, const char *piece)
{
	static const char name[] = "\"orderNumber\":\"w";
	const char *at = strstr(piece, name);
	size_t i;

	if (at == NULL)
		return; /* a heartbeat */
	i = strtoul(at + sizeof(name) - 1, NULL, 10);
	if (i >= c->d->count || c->event[i] != 0)
		give_up("an event that nobody ordered, or a second one");
	c->event[i] = now_s();
	c->heard++;
}

static void take_pieces(struct course *c, struct stream *s)
{
	char *from = s->in, *to;

	while ((to = strstr(from, "\n\n")) != NULL) {
		*to = '\0';
		take_piece(c, from);
		from = to + 2;
	}
	s->got = strlen(from);
	for (size_t i = 0; i <= s->got; i++)
		s->in[i] = from[i];
}

/* false: nothing more for now. */
static bool read_on(struct stream *s)
{
	int n = SSL_read(s->ssl, s->in + s->got, (int)(ROOM - s->got));

	if (n <= 0) {
		if (SSL_get_error(s->ssl, n) != SSL_ERROR_WANT_READ ||
		    s->got == ROOM)
			give_up("a client was hung up on");
		return false;
	}
	s->got += (size_t)n;
	s->in[s->got] = '\0';
	return true;
}

static void take_answer(struct course *c)
{
	struct stream *s = &c->shop;

	while (read_on(s)) {
		if (strstr(s->in, "\r\n\r\n") == NULL ||
		    s->in[s->got - 1] != '}')
			continue;
		if (strncmp(s->in, "HTTP/1.1 200", 12) != 0)
			give_up(s->in);
		c->answer[c->answered++] = now_s();
		s->got = 0;
	}
}

/* The next order if it is due and the one before is answered. */
static void ask(struct course *c)
{
	const struct deliveries *d = c->d;
	double due = c->began + (double)c->asked / d->rate;

	if (c->asked == d->count || c->asked > c->answered || now_s() < due)
		return;
	c->due[c->asked] = due;
	say(&c->shop, uk_blob_view(&d->requests[c->asked++]));
}

static void run(struct waiting *w, struct course *c)
{
	struct epoll_event events[EVENTS];
	double last = c->began + (double)c->d->count / c->d->rate + GIVE_UP_S;

	while (c->heard < c->d->count && now_s() < last) {
		int n = epoll_wait(w->epoll, events, EVENTS, 1);

		for (int i = 0; i < n; i++) {
			struct stream *s = events[i].data.ptr;

			if (s == &c->shop)
				take_answer(c);
			else
				while (read_on(s))
					take_pieces(c, s);
		}
		ask(c);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void reckon(struct course *c)
{
	struct deliveries *d = c->d;

	d->missing = d->count - c->heard;
	for (size_t i = 0; i < d->count; i++) {
		double after = c->event[i] - c->answer[i];

		d->answer[i] = (c->answer[i] - c->due[i]) * 1e3;
		d->event[i] = (c->event[i] - c->due[i]) * 1e3;
		d->after[i] = after > 0 ? after * 1e3 : 0;
	}
	qsort(d->answer, d->count, sizeof(double), by_value);
	qsort(d->event, d->count, sizeof(double), by_value);
	qsort(d->after, d->count, sizeof(double), by_value);
}

void waiting_deliver(struct waiting *w, struct deliveries *d)
{
	struct course *c = uk_new(sizeof(*c));

	if (c == NULL)
		abort();
	c->d = d;
	c->due = uk_new_array(d->count, sizeof(double));
	c->answer = uk_new_array(d->count, sizeof(double));
	c->event = uk_new_array(d->count, sizeof(double));
	if (c->due == NULL || c->answer == NULL || c->event == NULL)
		abort();
	call_up(w, &c->shop);
	listen_to(w, &c->shop);
	c->began = now_s();
	run(w, c);
	reckon(c);
	end(&c->shop);
	uk_free(c->due);
	uk_free(c->answer);
	uk_free(c->event);
	uk_free(c);
}
