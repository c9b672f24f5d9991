/* News in the event loop. */
#include "newsroom.h"

#include <event2/event.h>

#include <string.h>

struct subscriber {
	const char *topic;
	bank_news_fn *fn;
	void *arg;
};

struct bank_newsroom {
	struct event_base *base;
	struct bank_listener *listener;
	struct event *heard, *tick;
	int fd; /* that heard waits for */
	size_t count;
	struct subscriber all[BANK_SUBSCRIBERS_MAX];
};

static void tell(const struct bank_newsroom *r, const struct bank_news *n)
{
	for (size_t i = 0; i < r->count; i++) {
		if (n->topic[0] == '\0' ||
		    strcmp(n->topic, r->all[i].topic) == 0)
			r->all[i].fn(r->all[i].arg, n);
	}
}

static void follow(struct bank_newsroom *r);

static void unfollow(struct bank_newsroom *r)
{
	if (r->heard != NULL)
		event_free(r->heard);
	r->heard = NULL;
	r->fd = -1;
}

static void hear(struct bank_newsroom *r)
{
	struct bank_news n;

	while (bank_listener_next(r->listener, &n)) {
		/* A new connection may have the old one's number. */
		if (n.topic[0] == '\0')
			unfollow(r);
		tell(r, &n);
	}
	follow(r);
}

static void on_heard(evutil_socket_t fd, short events, void *arg)
{
	(void)fd, (void)events;
	hear(arg);
}

/* A connection that was lost has another descriptor afterwards. */
static void follow(struct bank_newsroom *r)
{
	int fd = bank_listener_fd(r->listener);

	if (fd == r->fd)
		return;
	unfollow(r);
	if (fd < 0)
		return; /* the tick asks again */
	r->heard = event_new(r->base, fd, EV_READ | EV_PERSIST, on_heard, r);
	if (r->heard != NULL && event_add(r->heard, NULL) == 0)
		r->fd = fd;
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	(void)fd, (void)events;
	hear(arg);
}

uk_err bank_newsroom_open(
    struct event_base *base, struct bank_store *s, struct bank_newsroom **out)
{
	const struct timeval second = { 1, 0 };
	struct bank_newsroom *r = uk_new(sizeof(*r));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (r == NULL)
		return err;
	r->base = base;
	r->fd = -1;
	r->tick = event_new(base, -1, EV_PERSIST, on_tick, r);
	if (r->tick == NULL || event_add(r->tick, &second) != 0)
		goto out;
	err = bank_listener_open(s, &r->listener);
	if (!uk_is_ok(err))
		goto out;
	follow(r);
	*out = r;
	r = NULL; /* handed over */
out:
	bank_newsroom_close(&r);
	return err;
}

void bank_newsroom_close(struct bank_newsroom **r)
{
	if (*r == NULL)
		return;
	if ((*r)->heard != NULL)
		event_free((*r)->heard);
	if ((*r)->tick != NULL)
		event_free((*r)->tick);
	bank_listener_close(&(*r)->listener);
	uk_free(*r);
	*r = NULL;
}

uk_err bank_newsroom_subscribe(
    struct bank_newsroom *r, const char *topic, bank_news_fn *fn, void *arg)
{
	if (r->count == BANK_SUBSCRIBERS_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	r->all[r->count++] = (struct subscriber){ topic, fn, arg };
	return uk_ok();
}
