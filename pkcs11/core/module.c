/* The one module of this process: its state, its way in and out. */
#include "module.h"

#include "linger.h"
#include "log.h"
#include "p11config.h"
#include "rv.h"
#include "scan.h"

#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

enum state { DOWN, STARTING, UP, ENDING };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t woken;
	enum state state;
	unsigned calls; /* inside between enter and leave */
	uint32_t life;  /* grows with every C_Initialize */
	CK_C_INITIALIZE_ARGS args;
	bool app_locks; /* slots use the callbacks of args */
	struct p11_reader *readers[P11_SLOTS_MAX];
	size_t reader_count;
	struct p11_slot *slots[P11_SLOTS_MAX]; /* owned by the readers */
	size_t slot_count;
} module = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.woken = PTHREAD_COND_INITIALIZER,
};

/* --- fork ---------------------------------------------------------------- */

static _Atomic pid_t owner; /* 0 = nobody yet, -1 = being taken over */
/* What a parent left behind: not ours to close, but still in sight. */
static struct p11_reader *inherited[P11_SLOTS_MAX];

static void forget_parent(void)
{
	pthread_mutex_init(&module.lock, NULL);
	pthread_cond_init(&module.woken, NULL);
	module.state = DOWN;
	module.calls = 0;
	for (size_t i = 0; i < module.reader_count; i++) {
		inherited[i] = module.readers[i];
		module.readers[i] = NULL;
	}
	module.reader_count = module.slot_count = 0;
	p11_scan_forget();
	p11_linger_forget();
	p11_config_forget();
}

/* Every way in comes through here first. */
static void notice_fork(void)
{
	pid_t me = getpid(), was = atomic_load(&owner);

	if (was == me)
		return;
	if (was != -1 && atomic_compare_exchange_strong(&owner, &was, -1)) {
		if (was != 0)
			forget_parent();
		atomic_store(&owner, me);
	}
	while (atomic_load(&owner) != me) /* another thread is at it */
		(void)usleep(100);
}

/* --- the module lock ----------------------------------------------------- */

void p11_module_lock(void)
{
	pthread_mutex_lock(&module.lock);
}

void p11_module_unlock(void)
{
	pthread_mutex_unlock(&module.lock);
}

static struct timespec from_now(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

bool p11_module_lock_within(unsigned timeout_ms)
{
	struct timespec until = from_now(timeout_ms);

	return atomic_load(&owner) == getpid() &&
	       pthread_mutex_timedlock(&module.lock, &until) == 0;
}

void p11_module_wait(unsigned timeout_ms)
{
	struct timespec until;

	if (timeout_ms == 0) {
		pthread_cond_wait(&module.woken, &module.lock);
		return;
	}
	until = from_now(timeout_ms);
	pthread_cond_timedwait(&module.woken, &module.lock, &until);
}

void p11_module_wake(void)
{
	pthread_cond_broadcast(&module.woken);
}

void *p11_module_hold(void)
{
	Dl_info info;

	if (dladdr(&module, &info) == 0 || info.dli_fname == NULL)
		return NULL;
	return dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
}

void p11_module_let_go(void **held)
{
	if (*held != NULL)
		(void)dlclose(*held);
	*held = NULL;
}

struct p11_slot *p11_module_slot(size_t i)
{
	struct p11_slot *s;

	p11_module_lock();
	s = i < module.slot_count ? module.slots[i] : NULL;
	p11_module_unlock();
	return s;
}

struct p11_reader *p11_module_reader(size_t i)
{
	struct p11_reader *r;

	p11_module_lock();
	r = i < module.reader_count ? module.readers[i] : NULL;
	p11_module_unlock();
	return r;
}

static bool has_reader(const char *name)
{
	struct p11_reader *r;

	for (size_t i = 0; (r = p11_module_reader(i)) != NULL; i++) {
		if (uk_bytes_eq(uk_view_str(r->name), uk_view_str(name)))
			return true;
	}
	return false;
}

void p11_module_add_slot(struct p11_reader *r)
{
	struct p11_slot *s = p11_slot_new(r);

	if (s == NULL)
		return;
	p11_module_lock();
	if (module.slot_count < P11_SLOTS_MAX) {
		s->id = module.slot_count;
		module.slots[module.slot_count++] = s;
		r->slots[r->slot_count++] = s;
		s = NULL; /* handed over */
	}
	p11_module_unlock();
	p11_slot_free(&s);
}

/* Only the scan adds readers, so the place cannot be taken meanwhile. */
void p11_module_add_reader(const char *name)
{
	struct p11_reader *r;

	if (has_reader(name) ||
	    p11_reader_new(name, module.app_locks ? &module.args : NULL, &r) !=
		CKR_OK)
		return;
	p11_module_add_slot(r);
	if (r->slot_count == 0) {
		p11_reader_free(&r);
		return;
	}
	p11_module_lock();
	module.readers[module.reader_count++] = r;
	p11_module_unlock();
}

void p11_module_event(struct p11_slot *s)
{
	p11_module_lock();
	s->event = true;
	p11_module_wake();
	p11_module_unlock();
}

CK_RV p11_module_take_event(CK_SLOT_ID *slot)
{
	if (module.state != UP)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	for (size_t i = 0; i < module.slot_count; i++) {
		if (module.slots[i]->event) {
			module.slots[i]->event = false;
			*slot = module.slots[i]->id;
			return CKR_OK;
		}
	}
	return CKR_NO_EVENT;
}

/* --- in and out ---------------------------------------------------------- */

static uint64_t now_micros(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void counts(
    const struct p11_call *call, uint32_t *commands, uint64_t *us)
{
	*commands = 0;
	*us = 0;
	if (call->slot != NULL && call->slot->reader->trace != NULL)
		uk_trace_counts(call->slot->reader->trace, commands, us);
}

CK_RV p11_enter_module(struct p11_call *call, const char *name)
{
	*call = (struct p11_call){ .name = name };
	notice_fork();
	p11_module_lock();
	call->entered = module.state == UP;
	module.calls += call->entered;
	call->life = module.life;
	p11_module_unlock();
	if (uk_log_on(UK_LOG_INFO))
		call->started = now_micros();
	return call->entered ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
}

static CK_RV lock_slot(struct p11_call *call, CK_SLOT_ID id, bool status)
{
	static const struct timespec moment = { 0, 10 * 1000 * 1000 };
	struct p11_reader *r;

	call->slot = p11_module_slot(id);
	if (call->slot == NULL)
		return CKR_SLOT_ID_INVALID;
	r = call->slot->reader;
	p11_lock(&r->lock);
	while (r->entering && !status) {
		p11_unlock(&r->lock);
		(void)nanosleep(&moment, NULL);
		p11_lock(&r->lock);
	}
	counts(call, &call->commands, &call->micros);
	return CKR_OK;
}

static CK_RV enter_slot(
    struct p11_call *call, const char *name, CK_SLOT_ID id, bool status)
{
	CK_RV rv = p11_enter_module(call, name);

	return rv == CKR_OK ? lock_slot(call, id, status) : rv;
}

CK_RV p11_enter_slot(struct p11_call *call, const char *name, CK_SLOT_ID id)
{
	return enter_slot(call, name, id, false);
}

CK_RV p11_enter_status(struct p11_call *call, const char *name, CK_SLOT_ID id)
{
	return enter_slot(call, name, id, true);
}

CK_RV p11_enter_slot_now(struct p11_call *call, const char *name, CK_SLOT_ID id)
{
	CK_RV rv = p11_enter_module(call, name);

	if (rv != CKR_OK)
		return rv;
	p11_scan_now();
	rv = lock_slot(call, id, false);
	if (rv == CKR_OK && p11_reader_unread(call->slot->reader))
		p11_reader_recognise_now(call->slot->reader);
	return rv;
}

static CK_RV enter_session(struct p11_call *call, const char *name,
    CK_SESSION_HANDLE session, bool status)
{
	CK_RV rv = enter_slot(call, name, p11_handle_slot(session), status);

	if (rv == CKR_OK)
		call->session = p11_session_find(call->slot, session);
	if (rv == CKR_SLOT_ID_INVALID || (rv == CKR_OK && !call->session))
		return CKR_SESSION_HANDLE_INVALID;
	return rv;
}

CK_RV p11_enter(
    struct p11_call *call, const char *name, CK_SESSION_HANDLE session)
{
	return enter_session(call, name, session, false);
}

CK_RV p11_enter_session_status(
    struct p11_call *call, const char *name, CK_SESSION_HANDLE session)
{
	return enter_session(call, name, session, true);
}

/* Name, result, time, commands: never an argument. */
static void log_call(const struct p11_call *call, CK_RV rv)
{
	uint32_t commands;
	uint64_t micros;

	if (!uk_log_on(UK_LOG_INFO))
		return;
	counts(call, &commands, &micros);
	if (commands < call->commands) { /* another card meanwhile */
		uk_log(UK_LOG_INFO, "%s %s", call->name, p11_rv_name(rv));
		return;
	}
	uk_log(UK_LOG_INFO, "%s %s %lu us, card %lu us, %u commands",
	    call->name, p11_rv_name(rv),
	    (unsigned long)(now_micros() - call->started),
	    (unsigned long)(micros - call->micros), commands - call->commands);
}

static void let_go(struct p11_call *call)
{
	if (call->slot != NULL) {
		p11_slot_tidy(call->slot);
		p11_unlock(&call->slot->reader->lock);
	}
	if (call->entered) {
		p11_module_lock();
		if (--module.calls == 0)
			p11_module_wake();
		p11_module_unlock();
	}
	call->slot = NULL;
	call->session = NULL;
	call->entered = false;
}

CK_RV p11_leave(struct p11_call *call, CK_RV rv)
{
	if (rv == P11_ASKED)
		rv = CKR_OK;
	/* Whatever else was concluded from it: an object that could not be
	 * described, say. */
	if (rv != CKR_OK && call->slot != NULL && call->slot->reader->lost)
		rv = CKR_DEVICE_REMOVED;
	log_call(call, rv);
	let_go(call);
	return rv;
}

struct p11_step p11_step_out(struct p11_call *call)
{
	struct p11_step step = { call->session->handle, call->slot->cards };
	uint32_t commands;
	uint64_t micros;

	counts(call, &commands, &micros); /* of the part that ends here */
	call->commands = commands - call->commands;
	call->micros = micros - call->micros;
	let_go(call);
	return step;
}

CK_RV p11_step_in(struct p11_call *call, const struct p11_step *step)
{
	const struct p11_call was = *call;
	CK_RV rv = p11_enter(call, was.name, step->session);

	call->started = was.started;
	call->commands -= was.commands;
	call->micros -= was.micros;
	if (call->entered && call->life != was.life)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (call->slot != NULL && call->slot->cards != step->cards)
		return CKR_DEVICE_REMOVED;
	return rv == CKR_SESSION_HANDLE_INVALID ? CKR_SESSION_CLOSED : rv;
}

/* --- C_Initialize, C_Finalize -------------------------------------------- */

/* PKCS#11 3.0, 5.4.1. */
static CK_RV check_args(const CK_C_INITIALIZE_ARGS *a)
{
	int callbacks;

	if (a == NULL)
		return CKR_OK;
	if (a->pReserved != NULL)
		return CKR_ARGUMENTS_BAD;
	callbacks = (a->CreateMutex != NULL) + (a->DestroyMutex != NULL) +
		    (a->LockMutex != NULL) + (a->UnlockMutex != NULL);
	return callbacks == 0 || callbacks == 4 ? CKR_OK : CKR_ARGUMENTS_BAD;
}

/* The watcher shares slots with the application's threads, so it needs locks
 * that are safe with any thread: the system's. */
static bool may_watch(const CK_C_INITIALIZE_ARGS *a)
{
	return (a->flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS) == 0 &&
	       !module.app_locks;
}

static bool move(enum state from, enum state to)
{
	bool ok;

	p11_module_lock();
	ok = module.state == from;
	if (ok)
		module.state = to;
	module.life += ok && to == STARTING;
	p11_module_wake();
	p11_module_unlock();
	return ok;
}

CK_RV p11_initialize(const CK_C_INITIALIZE_ARGS *args)
{
	CK_RV rv = check_args(args);

	notice_fork();
	if (rv != CKR_OK)
		return rv;
	if (!move(DOWN, STARTING))
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	module.args = args == NULL ? (CK_C_INITIALIZE_ARGS){ 0 } : *args;
	module.app_locks = module.args.CreateMutex != NULL &&
			   (module.args.flags & CKF_OS_LOCKING_OK) == 0;
	p11_config_load();
	p11_linger_allow(may_watch(&module.args));
	(void)p11_scan_start(may_watch(&module.args));
	uk_log(UK_LOG_INFO, "C_Initialize CKR_OK");
	(void)move(STARTING, UP);
	return CKR_OK;
}

/* Calls that are inside finish first; new ones are turned away. */
static void wait_for_calls(void)
{
	p11_module_lock();
	while (module.calls > 0)
		p11_module_wait(0);
	p11_module_unlock();
}

/* A card that stays in its reader must not stay logged in for whoever comes
 * next. */
static void end_sessions(struct p11_slot *s)
{
	p11_lock(&s->reader->lock);
	(void)p11_session_close_all(s);
	p11_unlock(&s->reader->lock);
}

static void let_others(struct p11_reader *r)
{
	p11_lock(&r->lock);
	p11_reader_release(r);
	p11_unlock(&r->lock);
}

CK_RV p11_finalize(const void *reserved)
{
	notice_fork();
	if (reserved != NULL)
		return CKR_ARGUMENTS_BAD;
	if (!move(UP, ENDING))
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	wait_for_calls();
	/* first, because others wait for the card: threads end when they do */
	for (size_t i = 0; i < module.slot_count; i++)
		end_sessions(module.slots[i]);
	for (size_t i = 0; i < module.reader_count; i++)
		let_others(module.readers[i]);
	p11_scan_stop();
	p11_linger_stop();
	for (size_t i = 0; i < module.reader_count; i++)
		p11_reader_free(&module.readers[i]);
	module.reader_count = module.slot_count = 0;
	uk_log(UK_LOG_INFO, "C_Finalize CKR_OK");
	p11_config_unload();
	(void)move(ENDING, DOWN);
	return CKR_OK;
}
