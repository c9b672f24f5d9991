/* Two threads for each slot: one sees cards come and go, one talks to them. */
#include "cards.h"

#include "mem.h"
#include "secret.h"
#include "simlink.h"
#include "transport.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_AGAIN_MS = 60000 };

enum job { JOB_NONE, JOB_POWER, JOB_TRANSMIT, JOB_OFF };

struct trm_cards {
	pthread_mutex_t lock; /* from here down to the threads' own */
	pthread_cond_t job_given;
	bool stop;
	enum job job;
	bool off; /* wanted when the present job is done */
	bool secret;
	uint8_t apdu[UK_APDU_MAX];
	size_t apdu_n;
	bool gone; /* to be fetched before card: another one came since */
	struct trm_event card, result; /* waiting to be fetched */

	char reader[UK_READER_NAME_MAX]; /* empty: the first */
	bool has_line;                   /* simulated, in front of the card */
	struct trm_simwish line;
	int wake;
	uk_readers *watched, *used; /* of the watcher; of the worker */
	uk_link *link;              /* the worker's */
	pthread_t watcher, worker;
	bool has_watcher, has_worker;
};

static void tell(struct trm_cards *c)
{
	uint64_t one = 1;

	(void)!write(c->wake, &one, sizeof(one));
}

/* --- watching ------------------------------------------------------------ */

static const uk_reader_state *ours(
    const struct trm_cards *c, const uk_reader_state *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c->reader[0] == '\0' || strcmp(c->reader, all[i].name) == 0)
			return &all[i];
	}
	return NULL;
}

static void report(struct trm_cards *c, bool present)
{
	pthread_mutex_lock(&c->lock);
	c->gone = c->gone || !present;
	c->card = (struct trm_event){ .kind = TRM_EVENT_CARD,
		.present = present };
	pthread_mutex_unlock(&c->lock);
	tell(c);
}

struct seen {
	bool present;
	uint32_t events;
};

/* Another card in its place is told as out and in. */
static void compare(
    struct trm_cards *c, const uk_reader_state *s, struct seen *seen)
{
	bool present = s != NULL && s->present;
	uint32_t events = s == NULL ? 0 : s->events;

	if (present && seen->present && events != seen->events)
		report(c, false);
	if (present != seen->present || events != seen->events)
		report(c, present);
	*seen = (struct seen){ present, events };
}

static void *watch(void *arg)
{
	struct trm_cards *c = arg;
	uk_reader_state *all = uk_new_array(UK_READERS_MAX, sizeof(*all));
	struct seen seen = { false, 0 };
	uk_err err = uk_ok();
	size_t n = 0;

	while (all != NULL && !uk_is(err, UK_ERR_CANCELLED)) {
		err = uk_readers_list(c->watched, all, UK_READERS_MAX, &n);
		compare(c, uk_is_ok(err) ? ours(c, all, n) : NULL, &seen);
		err = uk_readers_wait(c->watched, all, n, LOOK_AGAIN_MS);
		if (uk_is(err, UK_ERR_NO_SERVICE))
			usleep(500000); /* nothing tells when it comes back */
	}
	uk_free(all);
	return NULL;
}

/* --- working ------------------------------------------------------------- */

/* Its reader now: name and answer to reset. */
static uk_err find(struct trm_cards *c, uk_reader_state *out)
{
	uk_reader_state *all = uk_new_array(UK_READERS_MAX, sizeof(*all));
	const uk_reader_state *s = NULL;
	uk_err err = uk_fail(UK_ERR_MEMORY);
	size_t n;

	if (all == NULL)
		return err;
	err = uk_readers_list(c->used, all, UK_READERS_MAX, &n);
	if (uk_is_ok(err))
		s = ours(c, all, n);
	if (s != NULL)
		*out = *s;
	else if (uk_is_ok(err))
		err = uk_fail(UK_ERR_NO_READER);
	uk_free(all);
	return err;
}

static void do_off(struct trm_cards *c)
{
	if (c->link != NULL)
		uk_link_end(c->link, UK_RESET_CARD);
	uk_link_close(&c->link, UK_RESET_CARD);
}

static uk_err put_line(struct trm_cards *c, uk_bytes own, uk_buf *atr)
{
	uk_link *inner = c->link;

	c->link = NULL;
	UK_TRY(trm_simlink_open(&c->line, own, &inner, &c->link));
	return uk_link_atr(c->link, atr);
}

/* The card is ours alone while it has power. */
static uk_err do_power(struct trm_cards *c, uk_buf *atr)
{
	uk_reader_state state;
	uk_err err;

	do_off(c);
	UK_TRY(find(c, &state));
	UK_TRY(uk_readers_connect(c->used, state.name, &c->link));
	err = uk_link_begin(c->link);
	if (uk_is(err, UK_ERR_CARD_RESET))
		err = uk_link_begin(c->link);
	if (uk_is_ok(err) && c->has_line)
		return put_line(c, uk_view(state.atr, state.atr_len), atr);
	if (!uk_is_ok(err))
		uk_link_close(&c->link, UK_RESET_CARD);
	uk_put(atr, uk_view(state.atr, state.atr_len));
	return err;
}

static uk_err do_transmit(struct trm_cards *c, uk_bytes apdu, uk_buf *answer)
{
	if (c->link == NULL)
		return uk_fail(UK_ERR_NO_CARD);
	return uk_link_transmit(c->link, apdu, answer, c->secret);
}

/* The lock is not held: apdu and result are the worker's until it is told. */
static void do_job(struct trm_cards *c, enum job job)
{
	struct trm_event *e = &c->result;
	uk_buf out = UK_BUF(e->bytes);

	if (job == JOB_OFF) {
		do_off(c);
		return;
	}
	e->err = job == JOB_POWER
		     ? do_power(c, &out)
		     : do_transmit(c, uk_view(c->apdu, c->apdu_n), &out);
	if (c->secret)
		uk_wipe(c->apdu, c->apdu_n);
	e->n = out.len;
}

static void *work(void *arg)
{
	struct trm_cards *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		enum job job = c->job;

		/* First: a power-on that was given after it must outlive it. */
		if (c->off) {
			job = JOB_OFF;
			c->off = false;
		}
		if (job == JOB_NONE) {
			pthread_cond_wait(&c->job_given, &c->lock);
			continue;
		}
		pthread_mutex_unlock(&c->lock);
		do_job(c, job);
		pthread_mutex_lock(&c->lock);
		if (job == JOB_OFF)
			continue; /* a job may have been given since */
		c->job = JOB_NONE;
		c->result.kind = job == JOB_POWER ? TRM_EVENT_POWERED
						  : TRM_EVENT_ANSWER;
		tell(c);
	}
	pthread_mutex_unlock(&c->lock);
	do_off(c);
	return NULL;
}

/* --- for the loop -------------------------------------------------------- */

static void give(struct trm_cards *c, enum job job, uk_bytes apdu, bool secret)
{
	uk_buf copy = UK_BUF(c->apdu);

	pthread_mutex_lock(&c->lock);
	uk_put(&copy, apdu);
	c->apdu_n = copy.len;
	c->secret = secret;
	c->job = job;
	c->result.kind = TRM_EVENT_NONE;
	pthread_cond_signal(&c->job_given);
	pthread_mutex_unlock(&c->lock);
}

void trm_cards_power(struct trm_cards *c)
{
	give(c, JOB_POWER, UK_NONE, false);
}

void trm_cards_transmit(struct trm_cards *c, uk_bytes apdu, bool secret)
{
	give(c, JOB_TRANSMIT, apdu, secret);
}

void trm_cards_power_off(struct trm_cards *c)
{
	pthread_mutex_lock(&c->lock);
	c->off = true;
	pthread_cond_signal(&c->job_given);
	pthread_mutex_unlock(&c->lock);
}

static bool fetch(struct trm_event *from, struct trm_event *out)
{
	uk_buf bytes = UK_BUF(out->bytes);

	if (from->kind == TRM_EVENT_NONE)
		return false;
	out->kind = from->kind;
	out->present = from->present;
	out->err = from->err;
	uk_put(&bytes, uk_view(from->bytes, from->n));
	out->n = bytes.len;
	from->kind = TRM_EVENT_NONE;
	return true;
}

/* A card that went is told before the one that came in its place. */
static bool fetch_gone(struct trm_cards *c, struct trm_event *out)
{
	bool gone = c->gone;

	c->gone = false;
	if (gone && !c->card.present)
		c->card.kind = TRM_EVENT_NONE; /* this one */
	if (gone)
		*out = (struct trm_event){ .kind = TRM_EVENT_CARD };
	return gone;
}

bool trm_cards_next(struct trm_cards *c, struct trm_event *out)
{
	bool has;

	pthread_mutex_lock(&c->lock);
	has = fetch_gone(c, out) || fetch(&c->card, out) ||
	      fetch(&c->result, out);
	pthread_mutex_unlock(&c->lock);
	return has;
}

/* --- opening ------------------------------------------------------------- */

bool trm_cards_fit(const char *name, bool contactless)
{
	struct trm_simwish wish = { .contactless = contactless };
	uk_err err = trm_simcard_parse(&name, &wish);

	return !uk_is(err, UK_ERR_FORMAT) && wish.contactless == contactless;
}

static uk_err open_readers(struct trm_cards *c, const char *name)
{
	static const char pcsc[] = "pcsc:";
	struct uk_readers_config config = { .no_pcsc = false };
	uk_err err = trm_simcard_parse(&name, &c->line);

	if (uk_is(err, UK_ERR_FORMAT))
		return err;
	c->has_line = uk_is_ok(err);
	if (strncmp(name, pcsc, sizeof(pcsc) - 1) == 0) {
		UK_TRY(uk_copy_str(c->reader, sizeof(c->reader),
		    uk_view_str(name + sizeof(pcsc) - 1)));
	} else {
		config.no_pcsc = true;
		UK_TRY(uk_readers_add(&config, name));
	}
	err = uk_readers_open(&config, &c->watched);
	return uk_is_ok(err) ? uk_readers_open(&config, &c->used) : err;
}

uk_err trm_cards_open(const char *name, int wake, struct trm_cards **out)
{
	struct trm_cards *c = uk_new(sizeof(*c));
	uk_err err;

	*out = NULL;
	if (c == NULL)
		return uk_fail(UK_ERR_MEMORY);
	c->wake = wake;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->job_given, NULL);
	err = open_readers(c, name);
	if (uk_is_ok(err)) {
		c->has_watcher = pthread_create(&c->watcher, NULL, watch, c) ==
				 0;
		c->has_worker = pthread_create(&c->worker, NULL, work, c) == 0;
		if (!c->has_watcher || !c->has_worker)
			err = uk_fail(UK_ERR_MEMORY);
	}
	if (uk_is_ok(err)) {
		*out = c;
		c = NULL; /* handed over */
	}
	trm_cards_close(&c);
	return err;
}

/* A cancel that comes before the waiting is lost: until one is not. */
static void end_watcher(struct trm_cards *c)
{
	struct timespec until;

	do {
		uk_readers_cancel(c->watched);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 1;
	} while (pthread_timedjoin_np(c->watcher, NULL, &until) != 0);
}

void trm_cards_close(struct trm_cards **cards)
{
	struct trm_cards *c = *cards;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_signal(&c->job_given);
	pthread_mutex_unlock(&c->lock);
	if (c->has_watcher)
		end_watcher(c);
	if (c->has_worker)
		pthread_join(c->worker, NULL);
	uk_readers_close(&c->watched);
	uk_readers_close(&c->used);
	pthread_cond_destroy(&c->job_given);
	pthread_mutex_destroy(&c->lock);
	uk_wipe(c->apdu, sizeof(c->apdu));
	uk_free(c);
	*cards = NULL;
}
