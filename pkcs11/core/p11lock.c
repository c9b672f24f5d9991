/* One slot's lock. */
#include "p11lock.h"

CK_RV p11_lock_open(struct p11_lock *l, const CK_C_INITIALIZE_ARGS *app)
{
	l->app = app;
	l->app_mutex = NULL;
	if (app != NULL)
		return app->CreateMutex(&l->app_mutex);
	return pthread_mutex_init(&l->os, NULL) == 0 ? CKR_OK : CKR_CANT_LOCK;
}

void p11_lock_close(struct p11_lock *l)
{
	if (l->app != NULL)
		(void)l->app->DestroyMutex(l->app_mutex);
	else
		pthread_mutex_destroy(&l->os);
}

void p11_lock(struct p11_lock *l)
{
	if (l->app != NULL)
		(void)l->app->LockMutex(l->app_mutex);
	else
		pthread_mutex_lock(&l->os);
}

bool p11_try_lock(struct p11_lock *l)
{
	return l->app == NULL && pthread_mutex_trylock(&l->os) == 0;
}

void p11_unlock(struct p11_lock *l)
{
	if (l->app != NULL)
		(void)l->app->UnlockMutex(l->app_mutex);
	else
		pthread_mutex_unlock(&l->os);
}
