/* The thread that lets go of cards. */
#include "linger.h"

#include "module.h"
#include "reader.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

enum { BUSY_MS = 5, STOP_STEP_MS = 20 };

/* Guarded by the module lock, but for what is atomic and the semaphore. */
static struct {
	bool allowed, stop;
	bool joinable;
	pthread_t thread;
	void *self; /* keeps our code mapped while the thread runs */
	_Atomic bool running;
	_Atomic uint64_t
	    until; /* when the thread wakes by itself; 0: it is up */
	sem_t wake;
} linger;

uint64_t p11_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- the thread ---------------------------------------------------------- */

/* Lets go if it is time. When to look again at this reader; 0 = not before
 * somebody says so. */
static uint64_t look_at(struct p11_reader *r, uint64_t now)
{
	uint64_t at = atomic_load(&r->release_at);

	if (at == 0 || at > now)
		return at;
	if (!p11_try_lock(&r->lock))
		return now + BUSY_MS; /* in use again, most likely */
	at = atomic_load(&r->release_at);
	if (at != 0 && at <= now)
		p11_reader_release(r);
	p11_unlock(&r->lock);
	return atomic_load(&r->release_at);
}

static uint64_t look_at_all(void)
{
	uint64_t next = 0, now = p11_now_ms();
	struct p11_reader *r;

	for (size_t i = 0; (r = p11_module_reader(i)) != NULL; i++) {
		uint64_t at = look_at(r, now);

		if (at != 0 && (next == 0 || at < next))
			next = at;
	}
	return next;
}

/* Who sets a time while we go to sleep either sees that we would sleep too
 * long, or is seen by the second look. */
static void sleep_until(uint64_t ms)
{
	struct timespec t;
	uint64_t sooner;

	atomic_store(&linger.until, ms == 0 ? UINT64_MAX : ms);
	sooner = look_at_all();
	if (sooner != 0 && (ms == 0 || sooner < ms))
		ms = sooner;
	t = (struct timespec){ (time_t)(ms / 1000),
		(long)(ms % 1000) * 1000000 };
	if (ms == 0)
		(void)sem_wait(&linger.wake);
	else
		(void)sem_clockwait(&linger.wake, CLOCK_MONOTONIC, &t);
	atomic_store(&linger.until, 0);
}

static bool stopped(void)
{
	bool stop;

	p11_module_lock();
	stop = linger.stop;
	p11_module_unlock();
	return stop;
}

static void *release(void *arg)
{
	while (!stopped())
		sleep_until(look_at_all());
	p11_module_lock();
	atomic_store(&linger.running, false);
	p11_module_wake();
	p11_module_unlock();
	return arg;
}

/* --- its life ------------------------------------------------------------ */

void p11_linger_allow(bool threads)
{
	p11_module_lock();
	linger.allowed = threads;
	linger.stop = false;
	p11_module_unlock();
}

/* Signals are the host's: none is delivered to our thread. */
static void start_locked(void)
{
	sigset_t all, before;

	if (atomic_load(&linger.running) || linger.stop || !linger.allowed ||
	    sem_init(&linger.wake, 0, 0) != 0)
		return;
	linger.self = p11_module_hold();
	atomic_store(&linger.running, true);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	linger.joinable = pthread_create(&linger.thread, NULL, release, NULL) ==
			  0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (linger.joinable)
		return;
	atomic_store(&linger.running, false);
	p11_module_let_go(&linger.self);
}

bool p11_linger_watch(uint64_t at)
{
	bool watched = atomic_load(&linger.running);
	uint64_t until;

	if (!watched) {
		p11_module_lock();
		start_locked();
		watched = atomic_load(&linger.running);
		p11_module_unlock();
	}
	until = atomic_load(&linger.until);
	if (watched && at < until &&
	    atomic_compare_exchange_strong(&linger.until, &until, at))
		(void)sem_post(&linger.wake);
	return watched;
}

static void join(void)
{
	bool mine;

	p11_module_lock();
	mine = linger.joinable;
	linger.joinable = false;
	p11_module_unlock();
	if (mine)
		pthread_join(linger.thread, NULL);
}

static bool stop_locked(unsigned timeout_ms)
{
	uint64_t until = p11_now_ms() + timeout_ms;

	linger.stop = true;
	while (atomic_load(&linger.running)) {
		(void)sem_post(&linger.wake);
		p11_module_wait(STOP_STEP_MS);
		if (timeout_ms > 0 && p11_now_ms() > until)
			return false;
	}
	return true;
}

void p11_linger_stop(void)
{
	p11_module_lock();
	(void)stop_locked(0);
	p11_module_unlock();
	join();
	p11_module_let_go(&linger.self);
}

bool p11_linger_stop_within(unsigned timeout_ms)
{
	bool ended;

	if (!p11_module_lock_within(timeout_ms))
		return false;
	ended = stop_locked(timeout_ms);
	p11_module_unlock();
	if (ended)
		join();
	return ended;
}

void p11_linger_forget(void)
{
	atomic_store(&linger.running, false);
	atomic_store(&linger.until, 0);
	linger.joinable = linger.stop = false;
	linger.self = NULL;
}
