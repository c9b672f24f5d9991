/* Requests of pcscd's threads to a terminal. */
#include "termreader_impl.h"

#include "mem.h"
#include "secret.h"

#include <sys/eventfd.h>
#include <unistd.h>

/* --- opening and closing ------------------------------------------------- */

static void set_up_lock(struct trm_reader *r)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attr);
	pthread_condattr_destroy(&attr);
}

uk_err trm_reader_open(const char *name, struct trm_reader **out)
{
	struct trm_reader *r = uk_new(sizeof(*r));
	char host[TRM_PAIRING_NAME + 1] = "";
	uk_err err;

	*out = NULL;
	if (r == NULL)
		return uk_fail(UK_ERR_MEMORY);
	r->fd = r->listener = r->watch = -1;
	r->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	set_up_lock(r);
	(void)gethostname(host, sizeof(host) - 1);
	err = trm_line_parse(name, &r->line);
	if (uk_is_ok(err) && r->wake < 0)
		err = uk_fail(UK_ERR_IO);
	if (uk_is_ok(err))
		err = trm_link_new_host(host, &r->link);
	if (uk_is_ok(err)) {
		r->has_thread = pthread_create(
				    &r->thread, NULL, trm_reader_keep, r) == 0;
		if (!r->has_thread)
			err = uk_fail(UK_ERR_MEMORY);
	}
	if (uk_is_ok(err)) {
		*out = r;
		r = NULL; /* handed over */
	}
	trm_reader_close(&r);
	return err;
}

void trm_reader_stop(struct trm_reader *r)
{
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	trm_reader_wake_keeper(r);
}

void trm_reader_close(struct trm_reader **reader)
{
	struct trm_reader *r = *reader;

	if (r == NULL)
		return;
	if (r->has_thread) {
		trm_reader_stop(r);
		pthread_join(r->thread, NULL);
	}
	if (r->listener >= 0)
		close(r->listener);
	if (r->watch >= 0)
		close(r->watch);
	if (r->wake >= 0)
		close(r->wake);
	trm_link_free(&r->link);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	uk_free(r);
	*reader = NULL;
}

/* --- for pcscd's threads ------------------------------------------------- */

bool trm_reader_present(struct trm_reader *r, unsigned slot)
{
	struct slot *s = &r->slots[slot];
	bool present;

	pthread_mutex_lock(&r->lock);
	present = s->present && !s->gone;
	s->gone = false;
	s->told = present;
	pthread_mutex_unlock(&r->lock);
	return present;
}

struct trm_reader_facts trm_reader_facts(struct trm_reader *r)
{
	struct trm_reader_facts facts;

	pthread_mutex_lock(&r->lock);
	facts = r->facts;
	pthread_mutex_unlock(&r->lock);
	return facts;
}

static struct timespec moment(int64_t ms)
{
	return (struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000 };
}

void trm_reader_wait(struct trm_reader *r, unsigned slot, int timeout_ms)
{
	struct timespec until = moment(trm_now_ms() + timeout_ms);
	struct slot *s = &r->slots[slot];
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	while (rc == 0 && s->present == s->told && !s->gone && !s->woken &&
	       !r->stop)
		rc = pthread_cond_timedwait(&r->changed, &r->lock, &until);
	s->woken = false;
	pthread_mutex_unlock(&r->lock);
}

void trm_reader_wake(struct trm_reader *r, unsigned slot)
{
	pthread_mutex_lock(&r->lock);
	r->slots[slot].woken = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* Until it is done, or too late. The lock is held. */
static uk_err await(struct trm_reader *r, struct request *q)
{
	while (!q->done && !r->stop) {
		struct timespec until = moment(q->deadline);

		if (pthread_cond_timedwait(&r->changed, &r->lock, &until) !=
			0 &&
		    trm_now_ms() >= q->deadline)
			break;
	}
	q->waiting = false;
	return q->done ? q->err : uk_fail(UK_ERR_TIMEOUT);
}

static uint8_t next_seq(struct slot *s)
{
	s->seq = (uint8_t)((s->seq + 1) % TRM_STATUS_SEQ);
	return s->seq;
}

uk_err trm_reader_request(struct trm_reader *r, unsigned slot,
    enum uk_ccid_type type, uk_bytes data, uk_buf *answer, uint8_t *error)
{
	struct request q = { .waiting = true, .answer = answer };
	struct slot *s = &r->slots[slot];
	uk_err err = uk_fail(UK_ERR_NO_READER);

	*error = 0;
	pthread_mutex_lock(&r->lock);
	if (r->up && s->request == NULL && !r->stop) {
		s->request = &q;
		q.seq = next_seq(s);
		q.deadline = trm_now_ms() + TRM_SILENCE_MS;
		q.last = trm_now_ms() + TRM_LONGEST_MS;
		trm_reader_say(r, slot, type, q.seq, data);
		trm_reader_wake_keeper(r);
		err = await(r, &q);
		*error = q.error;
		s->request = NULL;
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

uk_err trm_reader_pair(struct trm_reader *r, uk_bytes code)
{
	uk_err err = uk_fail(UK_ERR_NO_READER);

	if (code.n != sizeof(r->code))
		return uk_fail(UK_ERR_ARGUMENT);
	pthread_mutex_lock(&r->lock);
	if (r->fd >= 0 && !r->want_pair && !r->pairing.waiting && !r->stop) {
		UK_IGNORE(uk_copy_exact(r->code, sizeof(r->code), code));
		r->pairing = (struct request){ .waiting = true,
			.deadline = trm_now_ms() + TRM_PAIR_MS };
		r->want_pair = true;
		trm_reader_wake_keeper(r);
		err = await(r, &r->pairing);
		r->want_pair = false; /* not with a terminal that comes later */
		uk_wipe(r->code, sizeof(r->code));
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}
