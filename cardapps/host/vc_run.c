/* ukey-vcard run: cards in slots until somebody says stop. */
#include "vc_control.h"
#include "vc_options.h"
#include "vc_plug.h"
#include "vc_say_error.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_MS = 100, FD_SIGNAL = 0, FD_CONTROL = 1, FD_PLUGS = 2 };

struct house {
	struct vc_plug *plugs[VC_PLUGS_MAX];
	size_t count;
	int signals, control; /* -1: none */
	bool said_ready;
};

static int open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int open_house(const struct vc_options *o, struct house *h)
{
	for (size_t i = 0; i < o->plug_count; i++) {
		uk_err err = vc_plug_open(
		    &o->plugs[i], o->host, o->port, &h->plugs[i]);

		if (!uk_is_ok(err))
			return vc_say_error(err, o->plugs[i].card);
		h->count++;
	}
	if (o->control != NULL &&
	    (h->control = vc_control_listen(o->control)) < 0) {
		(void)fprintf(stderr,
		    "ukey-vcard: cannot listen at %s: choose another path\n",
		    o->control);
		return VC_EXIT_ERROR;
	}
	return VC_EXIT_OK;
}

/* True when every inserted card has its reader. */
static bool connect_all(struct house *h)
{
	bool all = true;

	for (size_t i = 0; i < h->count; i++) {
		bool connected = vc_plug_connect(h->plugs[i]);

		all = all && (connected || !h->plugs[i]->inserted);
	}
	return all;
}

static void say_ready(struct house *h)
{
	if (h->said_ready)
		return;
	h->said_ready = true;
	(void)puts("ready");
	(void)fflush(stdout);
}

static time_t now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* One round: false when it is time to go. A descriptor of -1 is skipped. */
static bool serve(struct house *h, int timeout_ms)
{
	struct pollfd fds[FD_PLUGS + VC_PLUGS_MAX];

	fds[FD_SIGNAL] = (struct pollfd){ h->signals, POLLIN, 0 };
	fds[FD_CONTROL] = (struct pollfd){ h->control, POLLIN, 0 };
	for (size_t i = 0; i < h->count; i++)
		fds[FD_PLUGS + i] = (struct pollfd){ h->plugs[i]->fd, POLLIN,
			0 };
	if (poll(fds, FD_PLUGS + h->count, timeout_ms) <= 0)
		return true;
	/* Cards first: a control may pull the one whose command is waiting. */
	for (size_t i = 0; i < h->count; i++) {
		if (fds[FD_PLUGS + i].revents != 0)
			vc_plug_serve(h->plugs[i]);
	}
	if (fds[FD_CONTROL].revents != 0)
		vc_control_serve(h->control, h->plugs, h->count);
	return fds[FD_SIGNAL].revents == 0;
}

static int loop(const struct vc_options *o, struct house *h)
{
	time_t start = now_s();

	for (;;) {
		bool all = connect_all(h);

		if (all)
			say_ready(h);
		if (!h->said_ready && o->wait_s > 0 &&
		    now_s() - start >= (time_t)o->wait_s) {
			(void)fprintf(stderr,
			    "ukey-vcard: no vpcd at %s:%u: start pcscd with "
			    "the vpcd reader\n",
			    o->host, o->port);
			return VC_EXIT_NO_READER;
		}
		if (!serve(h, all ? -1 : RETRY_MS))
			return VC_EXIT_OK;
	}
}

static int run(const struct vc_options *o)
{
	struct house h = { .signals = open_signals(), .control = -1 };
	int code = open_house(o, &h);

	if (code == VC_EXIT_OK)
		code = loop(o, &h);
	if (h.control >= 0) {
		(void)unlink(o->control);
		(void)close(h.control);
	}
	for (size_t i = 0; i < h.count; i++)
		vc_plug_close(&h.plugs[i]);
	(void)close(h.signals);
	return code;
}

static const struct argp_option options[] = {
	{ "card", VC_OPT_CARD, "FILE", 0,
	    "a card's file; may be repeated, the options of a card follow it",
	    0 },
	{ "slot", VC_OPT_SLOT, "N", 0,
	    "its slot (default: 0 for the first card, 1 for the second ...)",
	    0 },
	{ "transcript", VC_OPT_TRANSCRIPT, "FILE", 0,
	    "write its commands and answers there, PINs left out", 0 },
	{ "remove-after", VC_OPT_REMOVE_AFTER, "N", 0,
	    "answer N commands, then be pulled when the next one comes", 0 },
	{ "host", VC_OPT_HOST, "ADDRESS", 0, "of vpcd (default 127.0.0.1)", 0 },
	{ "port", VC_OPT_PORT, "N", 0, "of its slot 0 (default 35963)", 0 },
	{ "wait", VC_OPT_WAIT, "SECONDS", 0,
	    "give up if vpcd is not there by then (default: never)", 0 },
	{ "control", VC_OPT_CONTROL, "PATH", 0,
	    "listen there for ukey-vcard control", 0 },
	{ 0 }
};

const struct vc_verb vc_verb_run = {
	.name = "run",
	.args = "FILE...",
	.doc =
	    "Put cards into the slots of vpcd until SIGTERM or SIGINT. Prints "
	    "the line \"ready\" once all are in.\vConnects again when vpcd "
	    "comes back.",
	.options = options,
	.wants_card = true,
	.run = run,
};
