/* The child, and what it tells. */
#include "vc_exec_pcsc.h"

#include "vc_pcscd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 20, PATIENCE_S = 20 };

/* SIGTERM is for us; the keys of a terminal are for the command. */
static bool on_signal(void *arg, const struct signalfd_siginfo *signal)
{
	(void)arg;
	return signal->ssi_signo == SIGTERM;
}

static uk_err plug_all(struct vc_house *h, unsigned port)
{
	for (size_t i = 0; i < h->count; i++)
		UK_TRY(vc_vpcd_open(h->plugs[i], "127.0.0.1",
		    port + (unsigned)i, &h->vpcds[i]));
	return uk_ok();
}

/* Until SIGTERM, or the service's end. */
static void serve_cards(struct vc_house *h, struct vc_pcscd *p)
{
	while (vc_house_serve(h, vc_house_connect(h) ? -1 : LOOK_MS) &&
	       !vc_pcscd_has_ended(p))
		;
}

static int serve(struct vc_house *h, struct vc_folder *folder, int tell)
{
	struct vc_pcscd p;
	uk_err err = vc_pcscd_start(&p, folder, h->count);

	h->on_signal = on_signal;
	if (uk_is(err, UK_ERR_NOT_FOUND))
		(void)fputs("ukey-vcard: no pcscd, or no vpcd driver: install "
			    "pcscd and vsmartcard-vpcd, or do without --pcsc\n",
		    stderr);
	else if (uk_is(err, UK_ERR_TOO_SMALL))
		(void)fputs("ukey-vcard: vpcd has two slots: at most two cards "
			    "with --pcsc\n",
		    stderr);
	else if (!uk_is_ok(err))
		(void)fprintf(stderr, "ukey-vcard: pcscd does not start: %s\n",
		    uk_err_text(err));
	if (uk_is_ok(err))
		err = plug_all(h, p.port);
	if (uk_is_ok(err))
		(void)!write(tell, "r", 1);
	(void)close(tell);
	if (uk_is_ok(err))
		serve_cards(h, &p);
	vc_house_close(h);
	vc_pcscd_end(&p);
	return uk_is_ok(err) ? 0 : 1;
}

/* What is said through the pipe: cards are served, or nothing at all. */
static bool hear(int fd)
{
	char byte;
	ssize_t got;

	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

/* Until the service sees all cards; the child serves them meanwhile. */
static bool come_up(
    const struct vc_folder *folder, size_t cards, struct vc_child *server)
{
	const struct timespec look = { 0, LOOK_MS * 1000000L };
	int64_t end = vc_now_ns() + INT64_C(1000000000) * PATIENCE_S;

	while (vc_now_ns() < end && !vc_child_has_ended(server)) {
		if (vc_pcscd_sees(folder, cards))
			return true;
		(void)nanosleep(&look, NULL);
	}
	(void)fprintf(stderr, "ukey-vcard: the reader service %s; it said:\n",
	    server->pid == 0 ? "ended" : "does not see the card");
	vc_pcscd_show_log(folder);
	return false;
}

/* The child has them: here they go without a word to their files. */
static void forget_cards(struct vc_house *h)
{
	int signals = h->signals;

	h->signals = -1;
	vc_house_close(h);
	h->signals = signals;
}

uk_err vc_exec_pcsc(
    struct vc_house *h, struct vc_folder *folder, struct vc_child *server)
{
	pid_t parent = getpid();
	size_t cards = h->count;
	int tell[2];
	bool up;

	*server = (struct vc_child){ 0 };
	if (pipe(tell) != 0)
		return uk_fail(UK_ERR_IO);
	server->pid = fork();
	if (server->pid < 0) {
		server->pid = 0;
		return uk_fail(UK_ERR_MEMORY);
	}
	if (server->pid == 0) {
		(void)close(tell[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		_exit(getppid() == parent ? serve(h, folder, tell[1]) : 1);
	}
	(void)close(tell[1]);
	up = hear(tell[0]);
	(void)close(tell[0]);
	forget_cards(h);
	if (up)
		up = come_up(folder, cards, server);
	return up ? uk_ok() : uk_fail(UK_ERR_NO_SERVICE);
}
