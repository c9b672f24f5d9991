/*
 * The module itself: one per process, with its slots, its lock, and the way in
 * and out that every C_ function takes.
 *
 *     struct p11_call call;
 *     CK_RV rv = p11_enter(&call, "C_Sign", session);
 *
 *     if (rv == CKR_OK)
 *             rv = p11_sign(&call, ...);
 *     return p11_leave(&call, rv);
 *
 * Two locks, always in this order: a reader's lock (everything of it and its
 * slots, held for one call) and the module lock (the table of slots, held for a
 * lookup; nobody waits for a reader with it). The module lock is the system's
 * mutex in every case, because it is never held while anything waits; a
 * reader's lock is the application's where it asked so.
 *
 * After fork the child starts afresh: it sees another process number than the
 * one that was noted, and leaves everything that it inherited untouched.
 */
#ifndef P11_MODULE_H
#define P11_MODULE_H

#include "reader.h"
#include "slot.h"

struct p11_call {
	const char *name;
	struct p11_slot *slot;       /* its reader is locked; NULL for
				      * p11_enter_module */
	struct p11_session *session; /* NULL unless p11_enter */
	bool entered;
	uint32_t life; /* which C_Initialize it belongs to */
	/* for the log */
	uint64_t started; /* microseconds */
	uint32_t commands;
	uint64_t micros;
};

/* Each answers CKR_CRYPTOKI_NOT_INITIALIZED first. p11_leave belongs to each,
 * also after a failure. */
CK_RV p11_enter_module(struct p11_call *call, const char *name);
CK_RV p11_enter_slot(struct p11_call *call, const char *name, CK_SLOT_ID id);
/* The same for what is answered from memory: does not wait while a person types
 * a PIN on the slot's reader, as all others do. */
CK_RV p11_enter_status(struct p11_call *call, const char *name, CK_SLOT_ID id);
CK_RV p11_enter_session_status(
    struct p11_call *call, const char *name, CK_SESSION_HANDLE session);
/* Looks at the readers first, where no watcher does, and asks a card that could
 * not be asked before. */
CK_RV p11_enter_slot_now(
    struct p11_call *call, const char *name, CK_SLOT_ID id);
CK_RV p11_enter(
    struct p11_call *call, const char *name, CK_SESSION_HANDLE session);
CK_RV p11_leave(struct p11_call *call, CK_RV rv);

/*
 * While a person or the program thinks, nothing is locked and no pointer to a
 * slot, session or object may be kept. step_in comes back to the same session:
 * CKR_DEVICE_REMOVED if its card has gone, also if it is here again;
 * CKR_SESSION_CLOSED; CKR_CRYPTOKI_NOT_INITIALIZED after C_Finalize, also if
 * C_Initialize came after it. p11_leave belongs at the end in every case.
 */
struct p11_step {
	CK_SESSION_HANDLE session;
	uint32_t cards; /* p11_slot.cards */
};
struct p11_step p11_step_out(struct p11_call *call);
CK_RV p11_step_in(struct p11_call *call, const struct p11_step *step);

CK_RV p11_initialize(const CK_C_INITIALIZE_ARGS *args);
CK_RV p11_finalize(const void *reserved);

/* --- for the scan -------------------------------------------------------- */

void p11_module_lock(void);
/* Gives up after timeout_ms; also false in the child of a fork. */
bool p11_module_lock_within(unsigned timeout_ms);
void p11_module_unlock(void);
/* With the lock held: sleeps until woken, or timeout_ms passed (0 = none). */
void p11_module_wait(unsigned timeout_ms);
void p11_module_wake(void);

/* A thread of ours keeps our code mapped: the host may dlclose us without
 * C_Finalize. NULL if that cannot be had; accepts it, and leaves NULL. */
void *p11_module_hold(void);
void p11_module_let_go(void **held);

/* Number i, or NULL behind the last one. */
struct p11_slot *p11_module_slot(size_t i);
struct p11_reader *p11_module_reader(size_t i);
/* A reader of this name with a slot, unless there is one; without memory, next
 * time. */
void p11_module_add_reader(const char *name);
/* Another slot for this reader, whose lock is held; without memory, none. */
void p11_module_add_slot(struct p11_reader *r);
/* Something happened in the slot: C_WaitForSlotEvent tells it once. */
void p11_module_event(struct p11_slot *s);
/* With the lock held: CKR_OK and the slot, CKR_NO_EVENT, or, when C_Finalize is
 * at work, CKR_CRYPTOKI_NOT_INITIALIZED. */
CK_RV p11_module_take_event(CK_SLOT_ID *slot);

#endif
