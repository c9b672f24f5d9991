/* A pcscd of our own, with vpcd in it. It wants /run to itself:
 * scripts/with-card --no-service. */
#include "desk_service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_CAP = 256, SECONDS = 10, STEP_MS = 200 };

#define SERVICE "/usr/sbin/pcscd"
#define COMM    "/run/pcscd/pcscd.comm"

/* Shared by our processes: whoever kills it is not who has started it. */
static struct shared {
	_Atomic pid_t pid; /* 0: none */
} * shared;
static char conf[PATH_CAP], unplugged[PATH_CAP], log_path[PATH_CAP];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static SCARDCONTEXT context;
static pid_t owner; /* the process that it belongs to */

/* --- its states ----------------------------------------------------------- */

SCARDCONTEXT desk_service_context(void)
{
	if (context == 0 || owner != getpid()) {
		owner = getpid();
		if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL,
			&context) != SCARD_S_SUCCESS)
			context = 0;
	}
	return context;
}

/* With the service that it was of. */
static void forget_context(void)
{
	if (context != 0)
		(void)SCardReleaseContext(context);
	context = 0;
}

/* known: in and out; false: there is no such reader. */
static bool look(DWORD *known, unsigned ms)
{
	SCARD_READERSTATE s = { .szReader = DESK_READER,
		.dwCurrentState = *known };
	LONG rv = SCardGetStatusChange(desk_service_context(), ms, &s, 1);

	if (rv != SCARD_S_SUCCESS && rv != SCARD_E_TIMEOUT) {
		if (rv != SCARD_E_UNKNOWN_READER)
			forget_context();
		return false;
	}
	*known = s.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	return true;
}

static bool is_unknown(DWORD state)
{
	return (state & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE)) != 0;
}

static bool is_card(DWORD state)
{
	return !is_unknown(state) && (state & SCARD_STATE_PRESENT) != 0;
}

static bool is_empty(DWORD state)
{
	return !is_unknown(state) && (state & SCARD_STATE_EMPTY) != 0;
}

static bool await(bool (*is_so)(DWORD state))
{
	double end = now() + SECONDS;
	DWORD known = SCARD_STATE_UNAWARE;

	while (now() < end) {
		bool there = look(
		    &known, known == SCARD_STATE_UNAWARE ? 0 : STEP_MS);

		if (there && is_so(known))
			return true;
		if (!there)
			(void)poll(NULL, 0, 1);
	}
	return false;
}

bool desk_service_await_empty(void)
{
	return await(is_empty);
}

bool desk_service_has_card(void)
{
	DWORD known = SCARD_STATE_UNAWARE;

	return look(&known, 0) && is_card(known);
}

/* --- its life --------------------------------------------------------------
 */

static void be_service(void)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (log >= 0) {
		(void)dup2(log, 1);
		(void)dup2(log, 2);
	}
	(void)setenv("DESK_UNPLUGGED", unplugged, 1);
	(void)execl(SERVICE, SERVICE, "--foreground", "--info", "--config",
	    conf, (char *)NULL);
	_exit(127);
}

bool desk_service_lives(void)
{
	return shared->pid != 0;
}

bool desk_service_start(void)
{
	pid_t child;

	if (shared->pid != 0)
		return true;
	(void)unlink(unplugged);
	(void)unlink(COMM);
	if ((child = fork()) == 0)
		be_service();
	shared->pid = child;
	if (child > 0 && desk_service_await_empty())
		return true;
	(void)fprintf(stderr, "desk: pcscd has not come up: %s\n", log_path);
	return false;
}

void desk_service_kill(void)
{
	int fd = (int)syscall(SYS_pidfd_open, shared->pid, 0);
	struct pollfd p = { fd, POLLIN, 0 };

	if (fd < 0)
		return;
	(void)kill(shared->pid, SIGKILL);
	(void)poll(&p, 1, -1); /* its port is free, whoever reaps it */
	(void)close(fd);
	shared->pid = 0;
}

/* --- its reader ------------------------------------------------------------
 */

/* Debian's pcscd never takes a reader away that its configuration names: it
 * says of one that it cannot reach that nothing is known of it. (One that is
 * no longer in the list is the service killed and back.) */
void desk_service_unplug(void)
{
	(void)close(open(unplugged, O_WRONLY | O_CREAT, 0600));
	(void)await(is_unknown);
}

void desk_service_plug(void)
{
	if (unlink(unplugged) == 0)
		(void)await(is_empty);
}

/* --- the place --------------------------------------------------------------
 */

const unsigned desk_place_events = ~(1U << DESK_JOLT);

static bool configure(void)
{
	char file[PATH_CAP + 8];
	FILE *f;

	(void)snprintf(file, sizeof(file), "%s/vpcd", conf);
	if (mkdir(conf, 0700) != 0 || (f = fopen(file, "w")) == NULL)
		return false;
	fprintf(f,
	    "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:%d\n"
	    "LIBPATH %s\nCHANNELID %d\n",
	    DESK_PORT, DESK_DRIVER, DESK_PORT);
	return fclose(f) == 0;
}

bool desk_place_open(const char *folder)
{
	const char *plan = getenv("PCSC_PLAN"); /* of with-card */

	if (plan == NULL || strcmp(plan, "A") != 0) {
		(void)fprintf(stderr, "skipped: this wants namespaces\n");
		exit(77);
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(void)snprintf(conf, sizeof(conf), "%s/conf", folder);
	(void)snprintf(unplugged, sizeof(unplugged), "%s/unplugged", folder);
	(void)snprintf(log_path, sizeof(log_path), "%s/pcscd.log", folder);
	/* services that a reader's process has started come to us */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	return shared != MAP_FAILED && configure();
}

void desk_place_configure(FILE *f)
{
	(void)f; /* as delivered */
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

bool desk_place_tidy(void)
{
	reap();
	desk_service_plug();
	return desk_service_start();
}

void desk_place_close(void)
{
	desk_service_kill();
	reap();
}
