/* Processes and threads: 5.4.1, and 2.5 of the usage guide. */
#include "conform.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 5 };

/* --- fork --------------------------------------------------------------- */

static int child_result(struct conf *c, int (*run)(struct conf *c))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run(c));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Each failure has a number of its own. */
static int initializes(struct conf *c)
{
	if (c->f.v2.C_Initialize(NULL) != CKR_OK)
		return 1;
	return c->f.v2.C_Finalize(NULL) == CKR_OK ? 0 : 2;
}

static int opens_session(struct conf *c)
{
	CK_SESSION_HANDLE s = 0;
	CK_SESSION_INFO i = { 0 };

	if (c->f.v2.C_Initialize(NULL) != CKR_OK)
		return 1;
	if (conf_open(c, CKF_RW_SESSION, &s) != CKR_OK)
		return 3;
	if (c->f.v2.C_GetSessionInfo(s, &i) != CKR_OK ||
	    i.state != CKS_RW_PUBLIC_SESSION)
		return 4;
	return c->f.v2.C_Finalize(NULL) == CKR_OK ? 0 : 2;
}

static void want_child(struct conf *c, int (*run)(struct conf *c))
{
	static const char *const faults[] = { "",
		"C_Initialize is refused in the child",
		"the child cannot finalize", "the child gets no session",
		"the parent's login leaks into the child" };
	int rc = child_result(c, run);

	CHECK(c, rc == 0, "%s",
	    rc > 0 && rc < (int)CONF_COUNT(faults) ? faults[rc]
						   : "the child crashed");
}

static CK_RV parent_signs(struct conf *c)
{
	CK_MECHANISM m;
	CK_ULONG n = CONF_BUF;
	CK_RV rv;

	if (c->key.private == 0 || !conf_mechanism(c, CONF_ROLE_SIGN, &m))
		return CKR_OK;
	rv = c->f.v2.C_SignInit(c->s, &m, c->key.private);
	if (rv != CKR_OK)
		return rv;
	return c->f.v2.C_Sign(c->s, c->in, 3, c->out, &n);
}

static void want_parent_alive(struct conf *c)
{
	CK_SESSION_INFO i = { 0 };
	CK_RV rv;

	WANT(c, C_GetSessionInfo(c->s, &i), CKR_OK);
	CHECK(c, i.state == CKS_RW_USER_FUNCTIONS,
	    "the parent's login is gone: state %lu", i.state);
	rv = parent_signs(c);
	CHECK(c, rv == CKR_OK, "the parent signs: %s", conf_rv_name(rv));
}

/* A card has one security status for all who use it. What another process does
 * with a session may end a login; then the module says so, and a new one is all
 * that it takes. */
static void want_parent_recovers(struct conf *c)
{
	CK_RV rv = parent_signs(c);

	if (rv == CKR_USER_NOT_LOGGED_IN) {
		rv = conf_login(c, c->s, CKU_USER);
		CHECK(c, rv == CKR_OK, "the parent logs in again: %s",
		    conf_rv_name(rv));
		conf_look_up_keys(c);
		rv = parent_signs(c);
	}
	CHECK(c, rv == CKR_OK, "the parent signs: %s", conf_rv_name(rv));
}

static void fork_and_initialize(struct conf *c, const void *row)
{
	(void)row;
	want_child(c, initializes);
	want_parent_alive(c);
}

static void fork_and_open(struct conf *c, const void *row)
{
	(void)row;
	want_child(c, opens_session);
	want_parent_recovers(c);
}

/* The child has the parent's memory, and must not act as the parent: what it is
 * answered is not prescribed, success is wrong. */
static int as_the_parent(struct conf *c)
{
	CK_SESSION_INFO i;

	return c->f.v2.C_GetSessionInfo(c->s, &i) == CKR_OK ? 1 : 0;
}

static void fork_without_initialize(struct conf *c, const void *row)
{
	int rc = child_result(c, as_the_parent);

	(void)row;
	CHECK(c, rc >= 0, "the child crashed");
	CHECK(c, rc != 1, "the child uses the parent's session");
	want_parent_alive(c);
}

static int only_exits(struct conf *c)
{
	(void)c;
	return 0;
}

static void fork_and_exit(struct conf *c, const void *row)
{
	(void)row;
	CHECK(c, child_result(c, only_exits) == 0, "the child crashed");
	want_parent_alive(c);
}

/* --- threads ------------------------------------------------------------ */

struct worker {
	struct conf *c;
	pthread_t thread;
	CK_RV rv;
};

static void together(
    struct conf *c, struct worker *w, void *(*run)(void *worker))
{
	size_t started = 0;

	for (; started < THREADS; started++) {
		w[started] = (struct worker){ .c = c, .rv = CKR_OK };
		if (pthread_create(
			&w[started].thread, NULL, run, &w[started]) != 0)
			break;
	}
	CHECK(c, started == THREADS, "only %zu threads", started);
	for (size_t i = 0; i < started; i++)
		pthread_join(w[i].thread, NULL);
}

static void *initialize(void *arg)
{
	struct worker *w = arg;
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	w->rv = w->c->f.v2.C_Initialize(&args);
	return NULL;
}

static void initialize_together(struct conf *c, const void *row)
{
	struct worker w[THREADS];
	int good = 0;

	(void)row;
	together(c, w, initialize);
	for (size_t i = 0; i < THREADS; i++) {
		if (w[i].rv == CKR_OK)
			good++;
		else
			CHECK(c, w[i].rv == CKR_CRYPTOKI_ALREADY_INITIALIZED,
			    "C_Initialize: %s", conf_rv_name(w[i].rv));
	}
	CHECK(c, good == 1, "%d threads were the first", good);
}

static CK_RV sign_once(struct conf *c, CK_SESSION_HANDLE s)
{
	CK_BYTE sig[1024];
	CK_ULONG n = sizeof(sig);
	CK_MECHANISM m;
	CK_RV rv;

	conf_mechanism(c, CONF_ROLE_SIGN, &m);
	rv = c->f.v2.C_SignInit(s, &m, c->key.private);
	return rv == CKR_OK ? c->f.v2.C_Sign(s, c->in, 3, sig, &n) : rv;
}

static void *sign_often(void *arg)
{
	struct worker *w = arg;
	CK_SESSION_HANDLE s;

	for (int i = 0; i < ROUNDS && w->rv == CKR_OK; i++) {
		w->rv = conf_open(w->c, 0, &s);
		if (w->rv == CKR_OK)
			w->rv = sign_once(w->c, s);
		if (w->rv == CKR_OK)
			w->rv = w->c->f.v2.C_CloseSession(s);
	}
	return NULL;
}

static void sign_together(struct conf *c, const void *row)
{
	struct worker w[THREADS];

	(void)row;
	if (c->key.private == 0) {
		conf_skip(c, "no key that signs freely");
		return;
	}
	together(c, w, sign_often);
	for (size_t i = 0; i < THREADS; i++)
		CHECK(c, w[i].rv == CKR_OK, "thread %zu: %s", i,
		    conf_rv_name(w[i].rv));
}

static const struct conf_rule rules[] = {
	{ "process/fork_and_initialize", "UG-2.5", CONF_USER, 0,
	    fork_and_initialize, NULL },
	{ "process/fork_and_open", "UG-2.5", CONF_USER, 0, fork_and_open,
	    NULL },
	{ "process/fork_without_initialize", "UG-2.5", CONF_USER, 0,
	    fork_without_initialize, NULL },
	{ "process/fork_and_exit", "UG-2.5", CONF_USER, 0, fork_and_exit,
	    NULL },
	{ "process/initialize_together", "5.4.1", CONF_LOADED, 0,
	    initialize_together, NULL },
	{ "process/sign_together", "5.4.1", CONF_USER, 0, sign_together, NULL },
};

const struct conf_rules conf_process_rules = { rules, CONF_COUNT(rules) };
