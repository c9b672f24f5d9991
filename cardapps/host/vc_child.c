/* fork, exec, wait. */
#include "vc_child.h"

#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { END_STEPS = 200, STEP_MS = 10 };

static uk_err from_errno(int number)
{
	switch (number) {
	case 0:
		return uk_ok();
	case ENOENT:
	case ENOTDIR:
		return uk_fail(UK_ERR_NOT_FOUND);
	case EACCES:
	case EPERM:
	case ENOEXEC:
		return uk_fail(UK_ERR_NO_PERMISSION);
	case ENOMEM:
	case EAGAIN:
		return uk_fail(UK_ERR_MEMORY);
	default:
		return uk_fail(UK_ERR_IO);
	}
}

/* In the child: becomes the program, or tells its errno. */
static void become(char *const *argv, int death, pid_t parent,
    bool (*prepare)(void *), void *arg, int tell)
{
	sigset_t none;
	int number;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL); /* main ignores it */
	(void)prctl(PR_SET_PDEATHSIG, death);
	if (getppid() != parent)
		_exit(1);
	if (prepare == NULL || prepare(arg))
		(void)execvp(argv[0], argv);
	number = errno;
	(void)!write(tell, &number, sizeof(number));
	_exit(1);
}

/* Its errno; 0: the program runs, and so the pipe was closed. */
static int hear(int fd)
{
	int number = 0;
	ssize_t got;

	do
		got = read(fd, &number, sizeof(number));
	while (got < 0 && errno == EINTR);
	return got == sizeof(number) ? number : 0;
}

uk_err vc_child_start(char *const *argv, int death, bool (*prepare)(void *),
    void *arg, struct vc_child *out)
{
	pid_t parent = getpid();
	int tell[2], number;

	*out = (struct vc_child){ 0 };
	if (pipe2(tell, O_CLOEXEC) != 0)
		return from_errno(errno);
	out->pid = fork();
	if (out->pid == 0) {
		(void)close(tell[0]);
		become(argv, death, parent, prepare, arg, tell[1]);
	}
	number = errno;
	(void)close(tell[1]);
	if (out->pid > 0)
		number = hear(tell[0]);
	(void)close(tell[0]);
	if (out->pid > 0 && number != 0)
		(void)waitpid(out->pid, &out->status, 0);
	if (number != 0)
		out->pid = 0;
	return from_errno(number);
}

bool vc_child_has_ended(struct vc_child *c)
{
	pid_t ended;

	if (c->pid == 0)
		return true;
	ended = waitpid(c->pid, &c->status, WNOHANG);
	if (ended == 0 || (ended < 0 && errno == EINTR))
		return false;
	c->pid = 0;
	return true;
}

void vc_child_end(struct vc_child *c)
{
	const struct timespec step = { 0, STEP_MS * 1000000L };

	if (c->pid == 0)
		return;
	(void)kill(c->pid, SIGTERM);
	for (int i = 0; i < END_STEPS; i++) {
		if (vc_child_has_ended(c))
			return;
		(void)nanosleep(&step, NULL);
	}
	(void)kill(c->pid, SIGKILL);
	(void)waitpid(c->pid, &c->status, 0);
	c->pid = 0;
}

int vc_child_code(const struct vc_child *c)
{
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status)
				      : WEXITSTATUS(c->status);
}
