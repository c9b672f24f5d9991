/* Between requests. */
#include "shop_loop.h"

#include "bill_events.h"
#include "bills.h"
#include "callbacks.h"
#include "deliveries.h"
#include "log.h"

#include <event2/event.h>

#include <inttypes.h>
#include <time.h>

/* How far back others (servers, programs) may have written what we hear of by
 * looking: more than the time between two looks. */
enum { LOOK_BACK = 3, LOOK_AT = 256, TIDY_EACH = 3600 };

struct bank_shop_loop {
	struct bank *bank;
	struct bank_answers *answers;
	struct bank_watch *watch;
	struct bank_callbacks *callbacks;
	struct event *when_idle, *tick;
	int64_t tidied;
};

static void tell_all(struct bank_shop_loop *l, int64_t now)
{
	/* What waits goes to the disk first: also the claims of calls, before
	 * they are made. */
	bank_answers_flush(l->answers);
	bank_watch_push(l->watch);
	bank_callbacks_run(l->callbacks, now);
	bank_answers_flush(l->answers);
}

static void on_idle(evutil_socket_t fd, short events, void *arg)
{
	(void)fd, (void)events;
	tell_all(arg, time(NULL));
}

static void on_touch(void *arg, int64_t customer)
{
	struct bank_shop_loop *l = arg;

	if (customer != 0)
		bank_watch_mark(l->watch, customer);
	event_active(l->when_idle, EV_TIMEOUT, 1);
}

static void mark(void *arg, int64_t customer)
{
	struct bank_shop_loop *l = arg;

	bank_watch_mark(l->watch, customer);
}

/* From this server or another one on the same database. What may have been
 * missed is found by look_around. */
static void on_news(void *arg, const struct bank_news *n)
{
	if (n->topic[0] != '\0')
		on_touch(arg, n->id);
}

/* Events that other processes have written. */
static void look_around(struct bank_shop_loop *l, int64_t now)
{
	bank_query q = bank_query_of(l->bank->store,
	    "SELECT DISTINCT customer FROM bill_events WHERE time >= ?"
	    " ORDER BY customer LIMIT ?");

	bank_bind_int(&q, now - LOOK_BACK);
	bank_bind_int(&q, LOOK_AT);
	while (bank_query_row(&q))
		mark(l, bank_col_int(&q, 0));
	UK_IGNORE(bank_query_end(&q)); /* logged; looked at again soon */
}

static uk_err tidy(struct bank_shop_loop *l, int64_t now)
{
	struct bank_store *s = l->bank->store;
	int64_t lost = 0;
	uk_err err;

	l->tidied = now;
	UK_TRY(bank_begin(s));
	err = bank_events_forget(s, now - BANK_EVENTS_KEPT);
	if (uk_is_ok(err))
		err = bank_deliveries_give_up(s, now, &lost);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	if (uk_is_ok(err) && lost > 0)
		uk_log(UK_LOG_ERROR, "event=callbacks-given-up count=%" PRId64,
		    lost);
	return err;
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	struct bank_shop_loop *l = arg;
	int64_t now = time(NULL);
	uk_err err = bank_bills_expire(l->bank->store, now, mark, l);

	(void)fd, (void)events;
	if (uk_is_ok(err) && now - l->tidied >= TIDY_EACH)
		err = tidy(l, now);
	if (!uk_is_ok(err))
		uk_log(UK_LOG_ERROR, "event=bills-tick result=%s",
		    uk_err_name(err));
	look_around(l, now);
	tell_all(l, now);
	bank_watch_tick(l->watch, now, bank_steady_now());
}

uk_err bank_shop_loop_open(struct bank *b, struct event_base *base,
    struct bank_answers *answers, struct bank_watch *watch,
    struct bank_newsroom *news, struct bank_shop_loop **out)
{
	const struct timeval second = { 1, 0 };
	struct bank_shop_loop *l = uk_new(sizeof(*l));
	uk_err err;

	*out = l;
	if (l == NULL)
		return uk_fail(UK_ERR_MEMORY);
	l->bank = b;
	l->answers = answers;
	l->watch = watch;
	err = bank_callbacks_open(b, base, &l->callbacks);
	l->when_idle = event_new(base, -1, 0, on_idle, l);
	l->tick = event_new(base, -1, EV_PERSIST, on_tick, l);
	if (!uk_is_ok(err) || l->when_idle == NULL || l->tick == NULL ||
	    event_priority_set(l->when_idle, BANK_PRIORITIES - 1) != 0 ||
	    event_add(l->tick, &second) != 0) {
		bank_shop_loop_close(out);
		return uk_fail(UK_ERR_MEMORY);
	}
	err = bank_newsroom_subscribe(news, BANK_NEWS_BILLS, on_news, l);
	if (!uk_is_ok(err)) {
		bank_shop_loop_close(out);
		return err;
	}
	b->touch = on_touch;
	b->touch_arg = l;
	return uk_ok();
}

void bank_shop_loop_close(struct bank_shop_loop **l)
{
	if (*l == NULL)
		return;
	(*l)->bank->touch = NULL;
	bank_callbacks_close(&(*l)->callbacks);
	if ((*l)->when_idle != NULL)
		event_free((*l)->when_idle);
	if ((*l)->tick != NULL)
		event_free((*l)->tick);
	uk_free(*l);
	*l = NULL;
}
