/* The connections that are open. */
#include "connections.h"

#include "log.h"
#include "mem.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <sys/socket.h>
#include <time.h>

enum { GATES = 4, TICK_LATE = 2 };

struct connection { /* one place */
	struct bank_connections *all;
	struct bufferevent *bev; /* NULL: free place */
	int64_t since;           /* it has kept us waiting, in seconds */
	int64_t asked_us;        /* its last request was complete */
	uint64_t bytes_read;     /* until then */
	struct connection *next_free;
};

struct bank_connections {
	size_t room, used;
	int64_t seconds;
	struct connection *places, *free;
	struct evconnlistener *gates[GATES];
	size_t gate_count;
	struct event *tick;
	int64_t ticked;
	struct bank_metrics *metrics; /* borrowed */
};

/* Microseconds, and seconds, that no one can set back. */
static int64_t steady_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static int64_t steady_now(void)
{
	return steady_us() / 1000000;
}

static void on_gone(
    void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	struct connection *p = ptr;

	/* libevent hangs up without close_notify; OpenSSL would forget the
	 * session then, which TLS has not asked for since 1.2 (RFC 5246,
	 * 7.2.1). */
	SSL_set_shutdown(parent, SSL_SENT_SHUTDOWN);
	(void)ad, (void)idx, (void)argl, (void)argp;
	if (p == NULL)
		return;
	p->bev = NULL;
	p->next_free = p->all->free;
	p->all->free = p;
	p->all->used--;
	for (size_t i = 0; i < p->all->gate_count; i++)
		evconnlistener_enable(p->all->gates[i]);
}

/* Where a connection keeps its place: OpenSSL tells us when it is freed, which
 * evhttp does not. */
static int place_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_gone);
	return index;
}

/* The kernel, too, forgets what such a peer has not read, instead of trying to
 * deliver it for minutes, and tells him (a reset). */
void bank_connection_cut(struct bufferevent *bev)
{
	const struct linger at_once = { 1, 0 };
	int fd = bufferevent_getfd(bev);

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)shutdown(fd, SHUT_RDWR);
}

/* Hangs up on those that have kept us waiting; evhttp sees the end of the
 * stream and cleans up as usual. */
static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	struct bank_connections *c = arg;
	int64_t now = steady_now(), gap = now - c->ticked;

	(void)fd, (void)events;
	c->ticked = now;
	for (size_t i = 0; i < c->room; i++) {
		struct connection *p = &c->places[i];

		/* While we were busy (a database that is silent) nobody kept us
		 * waiting. */
		if (gap > TICK_LATE)
			p->since += gap;
		if (p->bev == NULL || now - p->since <= c->seconds)
			continue;
		uk_log(UK_LOG_INFO, "event=slow-client");
		if (evbuffer_get_length(bufferevent_get_output(p->bev)) > 0)
			bank_connection_cut(p->bev);
		else
			(void)shutdown(bufferevent_getfd(p->bev), SHUT_RDWR);
	}
}

uk_err bank_connections_open(struct event_base *base, size_t room,
    int64_t seconds, struct bank_metrics *m, struct bank_connections **out)
{
	const struct timeval second = { 1, 0 };
	struct bank_connections *c = uk_new(sizeof(*c));

	*out = c;
	if (c == NULL)
		return uk_fail(UK_ERR_MEMORY);
	c->room = room;
	c->seconds = seconds;
	c->metrics = m;
	c->ticked = steady_now();
	c->places = uk_new_array(room, sizeof(*c->places));
	c->tick = event_new(base, -1, EV_PERSIST, on_tick, c);
	if (c->places == NULL || c->tick == NULL ||
	    event_add(c->tick, &second) != 0) {
		bank_connections_close(out);
		return uk_fail(UK_ERR_MEMORY);
	}
	for (size_t i = room; i > 0; i--) {
		c->places[i - 1].next_free = c->free;
		c->free = &c->places[i - 1];
	}
	return uk_ok();
}

void bank_connections_stop(struct bank_connections *c)
{
	if (c == NULL)
		return;
	if (c->tick != NULL)
		event_free(c->tick);
	c->tick = NULL;
	c->gate_count = 0;
}

void bank_connections_close(struct bank_connections **c)
{
	if (*c == NULL)
		return;
	bank_connections_stop(*c);
	uk_free((*c)->places);
	uk_free(*c);
	*c = NULL;
}

void bank_connections_gate(
    struct bank_connections *c, struct evconnlistener *listener)
{
	if (listener == NULL)
		c->gate_count = 0;
	else if (c->gate_count < GATES)
		c->gates[c->gate_count++] = listener;
}

void bank_connections_add(
    struct bank_connections *c, SSL *ssl, struct bufferevent *bev)
{
	struct connection *p = c->free;

	bank_metrics_accepted(c->metrics);
	/* No place, no memory: not counted, but still served. */
	if (p == NULL || SSL_set_ex_data(ssl, place_index(), p) != 1)
		return;
	c->free = p->next_free;
	*p = (struct connection){ .all = c, .bev = bev, .since = steady_now() };
	if (++c->used < c->room)
		return;
	for (size_t i = 0; i < c->gate_count; i++)
		evconnlistener_disable(c->gates[i]);
}

static struct connection *place_of(struct evhttp_connection *connection)
{
	struct bufferevent *bev = connection == NULL
				      ? NULL
				      : evhttp_connection_get_bufferevent(
					    connection);
	SSL *ssl = bev == NULL ? NULL : bufferevent_openssl_get_ssl(bev);

	return ssl == NULL ? NULL : SSL_get_ex_data(ssl, place_index());
}

static uint64_t bytes_read(const struct connection *p)
{
	return BIO_number_read(
	    SSL_get_rbio(bufferevent_openssl_get_ssl(p->bev)));
}

void bank_connections_alive(struct evhttp_connection *connection)
{
	struct connection *p = place_of(connection);

	if (p == NULL)
		return;
	p->asked_us = steady_us();
	p->since = p->asked_us / 1000000;
	p->bytes_read = bytes_read(p);
}

void bank_connections_answered(struct evhttp_connection *connection)
{
	const struct connection *p = place_of(connection);

	if (p != NULL)
		bank_metrics_latency(
		    p->all->metrics, steady_us() - p->asked_us);
}

size_t bank_connections_used(const struct bank_connections *c)
{
	return c->used;
}

/* Nothing has come since its last request, and all of the answer has gone. */
static bool is_idle(const struct connection *p)
{
	return p->asked_us != 0 && bytes_read(p) == p->bytes_read &&
	       evbuffer_get_length(bufferevent_get_output(p->bev)) == 0;
}

void bank_connections_end_idle(struct bank_connections *c)
{
	for (size_t i = 0; i < c->room; i++) {
		const struct connection *p = &c->places[i];

		if (p->bev != NULL && is_idle(p))
			(void)shutdown(bufferevent_getfd(p->bev), SHUT_RDWR);
	}
}
