/*
 * The lock of one slot: the system's mutex, or the application's when it gave
 * us callbacks and did not allow the system's (PKCS#11 3.0, 5.4).
 */
#ifndef P11_LOCK_H
#define P11_LOCK_H

#include "cryptoki.h"

#include <pthread.h>
#include <stdbool.h>

struct p11_lock {
	const CK_C_INITIALIZE_ARGS *app; /* NULL = the system's; borrowed */
	void *app_mutex;
	pthread_mutex_t os;
};

/* CKR_OK, or what the application's CreateMutex said. */
CK_RV p11_lock_open(struct p11_lock *l, const CK_C_INITIALIZE_ARGS *app);
void p11_lock_close(struct p11_lock *l);
void p11_lock(struct p11_lock *l);
/* false: somebody has it, or it is the application's, whose cannot be tried. */
bool p11_try_lock(struct p11_lock *l);
void p11_unlock(struct p11_lock *l);

#endif
