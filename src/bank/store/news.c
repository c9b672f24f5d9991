/* News between servers, and inside one. */
#include "news.h"

#include "engine.h"
#include "queue.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bank_listener {
	struct bank_store *store;
	struct bank_ear *ear; /* of the engine, or else: */
	int fd;
	struct bank_queue ready;
};

/* --- queues -------------------------------------------------------------- */

static void put(struct bank_queue *q, const struct bank_news *n)
{
	if (q->count == BANK_QUEUE)
		q->missed = true;
	else
		q->news[q->count++] = *n;
}

static bool take(struct bank_queue *q, struct bank_news *out)
{
	*out = (struct bank_news){ .id = 0 };
	if (q->missed) {
		q->missed = false;
		q->count = 0; /* whoever looks everywhere finds these, too */
		return true;
	}
	if (q->count == 0)
		return false;
	*out = q->news[0];
	q->count--;
	for (size_t i = 0; i < q->count; i++)
		q->news[i] = q->news[i + 1];
	return true;
}

void bank_queue_mark(struct bank_queue *q)
{
	q->mark = q->count;
}

void bank_queue_back(struct bank_queue *q)
{
	if (q->count > q->mark)
		q->count = q->mark;
}

void bank_queue_drop(struct bank_queue *q)
{
	q->count = q->mark = 0;
	q->missed = false;
}

void bank_queue_deliver(struct bank_queue *q, struct bank_listener *l)
{
	static const uint64_t one = 1;
	bool any = q->count > 0 || q->missed;

	for (size_t i = 0; l != NULL && i < q->count; i++)
		put(&l->ready, &q->news[i]);
	if (l != NULL && q->missed)
		l->ready.missed = true;
	if (l != NULL && any && write(l->fd, &one, sizeof(one)) < 0)
		l->ready.missed = true; /* it is full: readable anyway */
	bank_queue_drop(q);
}

/* --- saying -------------------------------------------------------------- */

bool bank_topic_ok(const char *topic)
{
	size_t n = strspn(topic, "abcdefghijklmnopqrstuvwxyz-");

	return n > 0 && n <= BANK_TOPIC_MAX && topic[n] == '\0';
}

uk_err bank_notify(struct bank_store *s, const char *topic, int64_t id)
{
	const struct bank_engine *e = bank_store_engine(s);
	struct bank_news n = { .id = id };
	bank_query q;

	if (!bank_topic_ok(topic))
		return uk_fail(UK_ERR_ARGUMENT);
	if (e->notify != NULL) {
		q = bank_query_of(s, e->notify);
		bank_bind_text(&q, uk_view_str(topic));
		bank_bind_int(&q, id);
		return bank_query_run(&q);
	}
	UK_TRY(uk_copy_str(n.topic, sizeof(n.topic), uk_view_str(topic)));
	put(bank_store_queue(s), &n);
	return uk_ok();
}

/* --- listening ----------------------------------------------------------- */

uk_err bank_listener_open(struct bank_store *s, struct bank_listener **out)
{
	const struct bank_engine *e = bank_store_engine(s);
	struct bank_listener *l = uk_new(sizeof(*l));
	uk_err err = uk_fail(UK_ERR_IO);

	*out = NULL;
	if (l == NULL)
		return uk_fail(UK_ERR_MEMORY);
	l->store = s;
	l->fd = -1;
	if (e->listen != NULL)
		err = e->listen(bank_store_db(s), &l->ear);
	else if ((l->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) >= 0)
		err = uk_ok();
	if (!uk_is_ok(err))
		goto out;
	bank_store_set_listener(s, l);
	*out = l;
	l = NULL; /* handed over */
out:
	bank_listener_close(&l);
	return err;
}

void bank_listener_close(struct bank_listener **l)
{
	if (*l == NULL)
		return;
	bank_store_set_listener((*l)->store, NULL);
	if ((*l)->ear != NULL)
		bank_store_engine((*l)->store)->deafen(&(*l)->ear);
	if ((*l)->fd >= 0)
		close((*l)->fd);
	uk_free(*l);
	*l = NULL;
}

int bank_listener_fd(const struct bank_listener *l)
{
	return l->ear != NULL ? bank_store_engine(l->store)->ear_fd(l->ear)
			      : l->fd;
}

bool bank_listener_next(struct bank_listener *l, struct bank_news *out)
{
	uint64_t count;

	if (l->ear != NULL)
		return bank_store_engine(l->store)->hear(l->ear, out);
	if (take(&l->ready, out))
		return true;
	(void)!read(l->fd, &count, sizeof(count)); /* no longer readable */
	return false;
}
