/*
 * What a reader costs, as a program of PC/SC sees it; for the script
 * `terminal`, which starts the readers.
 *
 *     terminalbench apdu ROUNDS READER...
 *     terminalbench plug ROUNDS READER start COMMAND...
 *     terminalbench plug ROUNDS READER tty HOST TERMINAL COMMAND...
 *
 * apdu: commands to an echo card (tests/system/echocard.py) in each reader,
 * short ones and long ones, the readers in turn; medians, and the ratio to the
 * first reader. plug: the time from the start of COMMAND, a terminal, until the
 * service tells of the card in READER; with tty, two pseudo terminals are
 * joined first, COMMAND is started on the one that is called TERMINAL, and what
 * is measured begins when the other one gets the name HOST. READER is any part
 * of a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <winscard.h>

enum {
	READERS = 8,
	ROUNDS = 200,
	SHORT_EACH = 50, /* short commands for one long one */
	LONG_N = 65000,  /* vpcd counts its bytes in 16 bits */
	APDU_MAX = 65544,
	LIST_MAX = 4096,
	WAIT_MS = 10000
};

static SCARDCONTEXT context;

static void stop(const char *what, LONG rc)
{
	(void)fprintf(stderr, "terminalbench: %s failed (%08lX)\n", what,
	    (unsigned long)rc & 0xffffffffUL);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static const char *find_reader(const char *part)
{
	static char lists[READERS][LIST_MAX];
	static size_t used;
	char *list = lists[used++ % READERS];
	DWORD len = LIST_MAX;
	LONG rc = SCardListReaders(context, NULL, list, &len);

	if (rc != SCARD_S_SUCCESS)
		stop("listing readers", rc);
	for (char *name = list; *name != '\0'; name += strlen(name) + 1)
		if (strstr(name, part) != NULL)
			return name;
	stop(part, SCARD_E_UNKNOWN_READER);
	return NULL;
}

/* --- commands ------------------------------------------------------------ */

/* 80 EE: the card says what it was told, and 90 00. */
static size_t echo_command(BYTE *out, size_t n)
{
	static const BYTE head[] = { 0x80, 0xee, 0, 0, 0 };
	size_t at = sizeof(head);

	memcpy(out, head, sizeof(head));
	out[at++] = (BYTE)(n >> 8);
	out[at++] = (BYTE)n;
	for (size_t i = 0; i < n; i++)
		out[at++] = (BYTE)(i % 251);
	out[at++] = 0;
	out[at++] = 0;
	return at;
}

static double one_echo(SCARDHANDLE card, size_t n)
{
	static BYTE command[APDU_MAX], answer[APDU_MAX];
	DWORD len = sizeof(answer);
	size_t size = echo_command(command, n);
	double from = now_us();
	LONG rc = SCardTransmit(
	    card, SCARD_PCI_T1, command, size, NULL, answer, &len);
	double us = now_us() - from;

	if (rc != SCARD_S_SUCCESS || len != n + 2 ||
	    memcmp(answer, command + 7, n) != 0)
		stop("an echo", rc);
	return us;
}

struct figures {
	const char *name;
	SCARDHANDLE card;
	double small[ROUNDS * SHORT_EACH], large[ROUNDS];
};

static void connect_card(struct figures *f, const char *part)
{
	DWORD protocol;
	LONG rc;

	f->name = part;
	rc = SCardConnect(context, find_reader(part), SCARD_SHARE_EXCLUSIVE,
	    SCARD_PROTOCOL_T1, &f->card, &protocol);
	if (rc != SCARD_S_SUCCESS)
		stop(part, rc);
	(void)one_echo(f->card, 1);
	(void)one_echo(f->card, LONG_N);
}

static void print_figures(struct figures *f, size_t n, size_t rounds)
{
	double small = median(f[0].small, rounds * SHORT_EACH);
	double large = median(f[0].large, rounds);

	printf("| reader | 1 byte and back | ratio | %d bytes and back | "
	       "MB/s | ratio |\n| --- | --- | --- | --- | --- | --- |\n",
	    LONG_N);
	for (size_t i = 0; i < n; i++) {
		double s = median(f[i].small, rounds * SHORT_EACH);
		double l = median(f[i].large, rounds);

		printf("| %s | %.0f us | %.2f | %.2f ms | %.0f | %.2f |\n",
		    f[i].name, s, s / small, l / 1000, 2.0 * LONG_N / l,
		    l / large);
	}
}

static int apdus(size_t rounds, int n, char **names)
{
	static struct figures all[READERS];

	if (n > READERS || rounds > ROUNDS)
		return 2;
	for (int i = 0; i < n; i++)
		connect_card(&all[i], names[i]);
	for (size_t r = 0; r < rounds; r++) {
		for (int i = 0; i < n; i++) {
			for (size_t k = 0; k < SHORT_EACH; k++)
				all[i].small[r * SHORT_EACH + k] = one_echo(
				    all[i].card, 1);
			all[i].large[r] = one_echo(all[i].card, LONG_N);
		}
	}
	print_figures(all, (size_t)n, rounds);
	for (int i = 0; i < n; i++)
		(void)SCardDisconnect(all[i].card, SCARD_RESET_CARD);
	return 0;
}

/* --- plugging in --------------------------------------------------------- */

static void await_state(const char *reader, DWORD wanted)
{
	SCARD_READERSTATE s = { .szReader = reader };
	double until = now_us() + WAIT_MS * 1000.0;
	LONG rc = SCARD_S_SUCCESS;

	while (now_us() < until) {
		rc = SCardGetStatusChange(context, WAIT_MS, &s, 1);
		if (rc != SCARD_S_SUCCESS)
			break;
		if ((s.dwEventState & wanted) != 0 &&
		    (s.dwEventState & SCARD_STATE_MUTE) == 0)
			return;
		s.dwCurrentState = s.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	}
	stop("waiting for a card", rc);
}

struct terminal {
	pid_t pid;
	int keys; /* open, so that nobody thinks the person has gone */
	int ready;
};

static void start(struct terminal *t, char **command)
{
	int keys[2], ready[2];

	if (pipe2(keys, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
		stop("pipe", errno);
	t->keys = keys[1];
	t->ready = ready[0];
	t->pid = fork();
	if (t->pid == 0) {
		(void)dup2(keys[0], 0);
		(void)dup2(open("/dev/null", O_WRONLY), 1);
		/* --ready-fd 7; one of ours may have that number */
		(void)dup2(fcntl(ready[1], F_DUPFD_CLOEXEC, 8), 7);
		(void)execvp(command[0], command);
		_exit(127);
	}
	(void)close(keys[0]);
	(void)close(ready[1]);
}

static void end(struct terminal *t)
{
	(void)kill(t->pid, SIGTERM);
	(void)waitpid(t->pid, NULL, 0);
	(void)close(t->keys);
	(void)close(t->ready);
}

struct cable {
	int master[2], slave[2];
	pthread_t thread;
};

static void make_end(struct cable *c, int i)
{
	struct termios t;

	if (openpty(&c->master[i], &c->slave[i], NULL, NULL, NULL) != 0 ||
	    tcgetattr(c->slave[i], &t) != 0)
		stop("openpty", errno);
	cfmakeraw(&t);
	(void)tcsetattr(c->slave[i], TCSANOW, &t);
	(void)fcntl(c->master[i], F_SETFD, FD_CLOEXEC);
	(void)fcntl(c->slave[i], F_SETFD, FD_CLOEXEC);
}

static void *carry(void *arg)
{
	struct cable *c = arg;
	char bytes[4096];

	for (;;) {
		struct pollfd p[] = { { c->master[0], POLLIN, 0 },
			{ c->master[1], POLLIN, 0 } };

		(void)poll(p, 2, -1);
		for (int i = 0; i < 2; i++) {
			ssize_t n = p[i].revents == 0
					? 0
					: read(c->master[i], bytes,
					      sizeof(bytes));

			for (ssize_t at = 0; at < n;) {
				ssize_t put = write(c->master[1 - i],
				    bytes + at, (size_t)(n - at));

				if (put <= 0)
					return NULL;
				at += put;
			}
		}
	}
}

static void name_end(const struct cable *c, int i, const char *link)
{
	(void)unlink(link);
	if (symlink(ptsname(c->master[i]), link) != 0)
		stop(link, errno);
}

/* The name HOST goes first, then the line. */
static void pull(struct cable *c, const char *link)
{
	(void)unlink(link);
	(void)pthread_cancel(c->thread);
	(void)pthread_join(c->thread, NULL);
	for (int i = 0; i < 2; i++) {
		(void)close(c->slave[i]);
		(void)close(c->master[i]);
	}
}

static double plug_start(const char *reader, char **command)
{
	struct terminal t;
	double from = now_us(), us;

	start(&t, command);
	await_state(reader, SCARD_STATE_PRESENT);
	us = now_us() - from;
	end(&t);
	return us;
}

static double plug_tty(const char *reader, char **words)
{
	struct terminal t;
	struct cable c;
	double from, us;
	char line[16];

	make_end(&c, 0);
	make_end(&c, 1);
	if (pthread_create(&c.thread, NULL, carry, &c) != 0)
		stop("a thread", errno);
	name_end(&c, 1, words[1]);
	start(&t, words + 2);
	if (read(t.ready, line, sizeof(line)) <= 0)
		stop("starting the terminal", errno);
	from = now_us();
	name_end(&c, 0, words[0]);
	await_state(reader, SCARD_STATE_PRESENT);
	us = now_us() - from;
	end(&t);
	pull(&c, words[0]);
	return us;
}

static int plugs(size_t rounds, char **words)
{
	const char *reader = find_reader(words[0]);
	double us[ROUNDS];

	if (rounds > ROUNDS)
		return 2;
	for (size_t i = 0; i < rounds; i++) {
		await_state(reader, SCARD_STATE_EMPTY);
		us[i] = strcmp(words[1], "tty") == 0
			    ? plug_tty(reader, words + 2)
			    : plug_start(reader, words + 2);
	}
	printf("| %s | %.0f ms |\n", words[0], median(us, rounds) / 1000);
	return 0;
}

int main(int argc, char **argv)
{
	int rc = 2;
	LONG err = SCardEstablishContext(
	    SCARD_SCOPE_SYSTEM, NULL, NULL, &context);

	if (err != SCARD_S_SUCCESS)
		stop("asking for the service", err);
	if (argc > 3 && strcmp(argv[1], "apdu") == 0)
		rc = apdus(strtoul(argv[2], NULL, 10), argc - 3, argv + 3);
	else if (argc > 5 && strcmp(argv[1], "plug") == 0)
		rc = plugs(strtoul(argv[2], NULL, 10), argv + 3);
	if (rc == 2)
		(void)fprintf(stderr, "terminalbench: see its first lines\n");
	(void)SCardReleaseContext(context);
	return rc;
}
