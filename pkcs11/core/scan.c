/* Scanning, watching, and waiting for events. */
#include "scan.h"

#include "linger.h"
#include "log.h"
#include "module.h"
#include "reader.h"
#include "rv.h"

#include <signal.h>
#include <time.h>

enum {
	WAIT_MS = 60000, /* how long the watcher sleeps when nothing happens */
	RETRY_MS = 1000, /* how often it looks for a service that is away */
	EXIT_MS = 1000,  /* how long the end of the host waits for us */
	EXIT_STEP_MS = 20,
	/* how often a blocked caller scans without a watcher, and the watcher
	 * looks whether a person has ended typing in a reader that changed */
	POLL_MS = 200
};

/* The scan's own: used by whoever holds `busy`, which the module lock guards.
 */
static struct {
	bool busy;
	bool watching; /* the watcher runs; others need not scan */
	bool stop;
	bool joinable;
	pthread_t thread;
	void *self; /* keeps our code mapped while the watcher runs */
	/* changed under the module lock: p11_scan_stop cancels */
	uk_readers *source;
	struct ukey_status status; /* guarded by the module lock */
	uk_reader_state readers[UK_READERS_MAX];
	size_t count;
	bool missed; /* a slot could not be updated: look again soon */
	uk_reader_state again[UK_READERS_MAX]; /* see recognise */
} scan;

/* --- one scan ------------------------------------------------------------ */

static CK_ULONG service_of(uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return UKEY_SERVICE_OK;
	case UK_ERR_NO_SERVICE:
		return UKEY_SERVICE_NOT_RUNNING;
	case UK_ERR_NO_PERMISSION:
		return UKEY_SERVICE_NO_PERMISSION;
	default:
		return UKEY_SERVICE_FAILED;
	}
}

static void set_service(uk_readers *p)
{
	uk_readers *old;

	p11_module_lock();
	old = scan.source;
	scan.source = p;
	p11_module_unlock();
	p11_source()->close(&old);
}

static uk_err list_readers(void)
{
	uk_err err = uk_ok();
	uk_readers *p = NULL;

	scan.count = 0;
	if (scan.source == NULL) {
		err = p11_source()->open(&p);
		if (uk_is_ok(err))
			set_service(p);
	}
	if (uk_is_ok(err))
		err = p11_source()->readers(
		    scan.source, scan.readers, UK_READERS_MAX, &scan.count);
	if (!uk_is_ok(err)) { /* it went away: start afresh next time */
		scan.count = 0;
		set_service(NULL);
	}
	return err;
}

static void note_status(uk_err err)
{
	struct ukey_status now = { service_of(err), scan.count, 0 };

	for (size_t i = 0; i < scan.count; i++)
		now.cards += scan.readers[i].present;
	p11_module_lock();
	scan.status = now;
	p11_module_unlock();
}

static bool named(const struct p11_reader *r, const char *name)
{
	return uk_bytes_eq(uk_view_str(r->name), uk_view_str(name));
}

static const uk_reader_state *look_again(const struct p11_reader *r)
{
	size_t n;

	if (scan.source == NULL || !uk_is_ok(p11_source()->readers(scan.source,
				       scan.again, UK_READERS_MAX, &n)))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (named(r, scan.again[i].name))
			return &scan.again[i];
	}
	return NULL;
}

/*
 * Which insertion has answered? The card may have been exchanged between our
 * look at the reader and the connection, and then the next scan would take a
 * card that is in use already for a new one. So look again before anybody can
 * use it.
 */
static void recognise(struct p11_reader *r)
{
	for (int tries = 0; tries < 3; tries++) {
		const uk_reader_state *now;

		p11_reader_recognise(r);
		now = look_again(r);
		if (now == NULL || now->events == r->events)
			return;
		r->events = now->events;
		r->present = now->present;
		if (!now->present) {
			p11_reader_drop(r, P11_EMPTY);
			return;
		}
	}
}

/* The slots behind the first one have an event when an application comes or
 * goes. */
static void tell(struct p11_reader *r, const bool *had, size_t count)
{
	for (size_t i = 1; i < r->slot_count; i++) {
		if ((i < count && had[i]) || r->slots[i]->card != NULL)
			p11_module_event(r->slots[i]);
	}
}

/* A call was quicker than we are: the card that we hear of now may be in use
 * already. And what we have heard may be old. */
static bool is_in_use(struct p11_reader *r)
{
	const uk_reader_state *now = r->answered ? look_again(r) : NULL;

	if (now == NULL || !now->present || now->events != r->answered_events)
		return false;
	r->present = true;
	r->events = now->events;
	return true;
}

/* Another card, or none, is in the reader. */
static void exchange_locked(struct p11_reader *r, bool present, uint32_t events)
{
	bool had[UK_CARDS_MAX];
	size_t count = r->slot_count;

	if (is_in_use(r))
		return;
	for (size_t i = 0; i < count; i++)
		had[i] = r->slots[i]->card != NULL;
	r->present = present;
	r->events = events;
	if (present)
		recognise(r);
	else
		p11_reader_drop(r, P11_EMPTY);
	tell(r, had, count);
}

/* false: a person types a PIN there; the card is still in use and is looked at
 * when that has ended. */
static bool exchange_card(struct p11_reader *r, bool present, uint32_t events)
{
	bool may;

	p11_lock(&r->lock);
	may = !r->entering;
	if (may)
		exchange_locked(r, present, events);
	p11_unlock(&r->lock);
	return may;
}

/* What the reader's state means for its slots. NULL: the reader is gone. */
static void update(struct p11_reader *r, const uk_reader_state *now)
{
	bool attached = now != NULL;
	bool present = attached && now->present;
	uint32_t events = attached ? now->events : 0;
	bool same = present == r->present && events == r->events;

	if (same && attached == r->attached)
		return;
	if (!r->present && !present) {
		r->events = events;
	} else if (!same && !exchange_card(r, present, events)) {
		scan.missed = true;
		return;
	}
	r->attached = attached;
	p11_module_event(r->slots[0]);
}

static void scan_once(void)
{
	uk_err err = list_readers();
	struct p11_reader *r;

	note_status(err);
	scan.missed = false;
	for (size_t i = 0; i < scan.count; i++)
		p11_module_add_reader(scan.readers[i].name);
	for (size_t i = 0; (r = p11_module_reader(i)) != NULL; i++) {
		const uk_reader_state *now = NULL;

		for (size_t j = 0; j < scan.count && now == NULL; j++) {
			if (named(r, scan.readers[j].name))
				now = &scan.readers[j];
		}
		update(r, now);
	}
}

void p11_scan_now(void)
{
	bool mine;

	p11_module_lock();
	while (scan.busy && !scan.watching)
		p11_module_wait(0);
	mine = !scan.watching;
	scan.busy = scan.busy || mine;
	p11_module_unlock();
	if (!mine)
		return;
	scan_once();
	p11_module_lock();
	scan.busy = false;
	p11_module_wake();
	p11_module_unlock();
}

/* --- the watcher --------------------------------------------------------- */

static bool stopped(unsigned sleep_ms)
{
	bool stop;

	p11_module_lock();
	if (!scan.stop && sleep_ms > 0)
		p11_module_wait(sleep_ms);
	stop = scan.stop;
	p11_module_unlock();
	return stop;
}

static void *watch(void *arg)
{
	while (!stopped(0)) {
		uk_err err = uk_fail(UK_ERR_NO_SERVICE);

		if (scan.source != NULL)
			err = p11_source()->wait(scan.source, scan.readers,
			    scan.count, scan.missed ? POLL_MS : WAIT_MS);
		if (stopped(0))
			break;
		if (!uk_is_ok(err) && !uk_is(err, UK_ERR_TIMEOUT) &&
		    !uk_is(err, UK_ERR_CANCELLED)) {
			set_service(NULL);
			if (stopped(RETRY_MS))
				break;
		}
		scan_once();
	}
	p11_module_lock();
	scan.watching = false;
	p11_module_wake();
	p11_module_unlock();
	return arg;
}

/* The watcher has said goodbye; its thread is gone in a moment. Of two who ask,
 * C_Finalize and an exit beside it, one waits for it. */
static void join_watcher(void)
{
	bool mine;

	p11_module_lock();
	mine = scan.joinable;
	scan.joinable = false;
	p11_module_unlock();
	if (mine)
		pthread_join(scan.thread, NULL);
}

/*
 * A host that ends without C_Finalize takes libpcsclite down under the
 * watcher's feet, which is then a crash of the host. This runs before the
 * destructors of libraries and sends the watcher home; whatever keeps it, the
 * host is not kept for long. Then it leaves the cards as C_Finalize does: the
 * service resets a card that somebody held when he went, which is the end of
 * other programs' logins. Not in the child of a fork: all that is its parent's.
 */
static void at_exit(void *arg)
{
	struct p11_reader *r;
	bool watching;

	(void)arg;
	(void)p11_linger_stop_within(EXIT_MS);
	if (!p11_module_lock_within(EXIT_MS))
		return;
	scan.stop = true;
	p11_module_wake();
	for (int i = 0; scan.watching && i < EXIT_MS / EXIT_STEP_MS; i++) {
		if (scan.source != NULL)
			p11_source()->cancel(scan.source);
		p11_module_wait(EXIT_STEP_MS);
	}
	watching = scan.watching;
	p11_module_unlock();
	if (watching)
		return;
	join_watcher();
	for (size_t i = 0; (r = p11_module_reader(i)) != NULL; i++)
		p11_reader_leave(r);
}

/* What atexit is made of (Linux Standard Base, Itanium C++ ABI 3.3.5): with the
 * handle of this library dlclose runs and forgets the handler. The sanitizers'
 * atexit loses that handle, and exit then calls code that is gone. */
int __cxa_atexit(void (*f)(void *), void *arg, void *library);
extern void *__dso_handle __attribute__((visibility("hidden")));

/* Signals are the host's: none is delivered to our thread. */
static CK_RV start_watcher(void)
{
	static bool registered;
	sigset_t all, before;
	int failed;

	if (!registered)
		registered = __cxa_atexit(at_exit, NULL, &__dso_handle) == 0;
	scan.self = p11_module_hold();
	scan.watching = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&scan.thread, NULL, watch, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	scan.joinable = failed == 0;
	if (failed == 0)
		return CKR_OK;
	scan.watching = false;
	p11_module_let_go(&scan.self);
	return CKR_OK; /* then callers scan, as if threads were forbidden */
}

CK_RV p11_scan_start(bool threads)
{
	scan.stop = false;
	scan_once();
	for (size_t i = 0; p11_module_slot(i) != NULL; i++)
		p11_module_slot(i)->event = false; /* that is the beginning */
	return threads ? start_watcher() : CKR_OK;
}

/* A cancel that comes before the wait is lost, so it is repeated. */
static void stop_watcher(void)
{
	p11_module_lock();
	while (scan.watching) {
		if (scan.source != NULL)
			p11_source()->cancel(scan.source);
		p11_module_wait(20);
	}
	p11_module_unlock();
	join_watcher();
	p11_module_let_go(&scan.self);
}

void p11_scan_stop(void)
{
	p11_module_lock();
	scan.stop = true;
	p11_module_wake();
	p11_module_unlock();
	stop_watcher();
	set_service(NULL);
	scan.count = 0;
}

void p11_scan_forget(void)
{
	scan.busy = scan.watching = scan.stop = scan.joinable = false;
	scan.source = NULL; /* the parent's connection: not even closed */
	scan.self = NULL;
	scan.count = 0;
	scan.status = (struct ukey_status){ 0 };
}

void p11_scan_status(struct ukey_status *out)
{
	p11_scan_now();
	p11_module_lock();
	*out = scan.status;
	p11_module_unlock();
}

/* --- C_WaitForSlotEvent -------------------------------------------------- */

CK_RV p11_wait_event(bool block, CK_SLOT_ID *slot)
{
	CK_RV rv = CKR_NO_EVENT;

	while (rv == CKR_NO_EVENT) {
		p11_scan_now();
		p11_module_lock();
		rv = p11_module_take_event(slot);
		if (rv == CKR_NO_EVENT && block)
			p11_module_wait(scan.watching ? 0 : POLL_MS);
		p11_module_unlock();
		if (!block)
			break;
	}
	return rv;
}
