/* ukey-vcard run: cards in slots until somebody says stop. */
#include "vc_house.h"
#include "vc_options.h"
#include "vc_say_error.h"
#include "vc_socket.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_MS = 100 };

static const int signals[] = { SIGTERM, SIGINT, 0 };

static uk_err put_in(const struct vc_options *o,
    const struct vc_slot_option *slot, struct vc_house *h)
{
	struct vc_plug *plug;

	UK_TRY(o->replay ? vc_plug_replay(slot, &plug)
			 : vc_plug_open(slot, &plug));
	UK_TRY(vc_house_add(h, &plug));
	if (o->socket != NULL || o->socket_fd >= 0)
		return uk_ok();
	return vc_house_at_vpcd(h, o->host, o->port + slot->slot);
}

static int cannot_listen(const char *path)
{
	(void)fprintf(stderr,
	    "ukey-vcard: cannot listen at %s: choose another path\n", path);
	return VC_EXIT_ERROR;
}

static int open_reader(const struct vc_options *o, struct vc_house *h)
{
	int fd = o->socket_fd;

	if (o->socket != NULL && (fd = vc_socket_listen(o->socket)) < 0)
		return cannot_listen(o->socket);
	if (fd < 0)
		return VC_EXIT_OK;
	return vc_say_error(
	    vc_reader_open(fd, h->plugs, h->count, &h->reader), "-");
}

static int open_house(const struct vc_options *o, struct vc_house *h)
{
	uk_err err = vc_house_catch(h, signals);

	if (!uk_is_ok(err))
		return vc_say_error(err, "-");
	for (size_t i = 0; i < o->plug_count; i++) {
		err = put_in(o, &o->plugs[i], h);
		if (!uk_is_ok(err))
			return vc_say_error(err, o->plugs[i].card);
	}
	if (o->control != NULL &&
	    (h->control = vc_socket_listen(o->control)) < 0)
		return cannot_listen(o->control);
	return open_reader(o, h);
}

static time_t now_s(void)
{
	return (time_t)(vc_now_ns() / 1000000000);
}

/* A transcript and the program that speaks to it do not fit. */
static bool is_spoilt(const struct vc_house *h)
{
	for (size_t i = 0; i < h->count; i++) {
		const char *why = vc_plug_why(h->plugs[i]);

		if (why == NULL)
			continue;
		(void)fprintf(stderr, "ukey-vcard: %s\n", why);
		return true;
	}
	return false;
}

static int loop(const struct vc_options *o, struct vc_house *h)
{
	time_t start = now_s();
	bool said_ready = false;

	for (;;) {
		bool all = vc_house_connect(h);

		if (all && !said_ready) {
			said_ready = true;
			(void)puts("ready");
			(void)fflush(stdout);
		}
		if (!said_ready && o->wait_s > 0 &&
		    now_s() - start >= (time_t)o->wait_s) {
			(void)fprintf(stderr,
			    "ukey-vcard: no vpcd at %s:%u: start pcscd with "
			    "the vpcd reader\n",
			    o->host, o->port);
			return VC_EXIT_NO_READER;
		}
		if (!vc_house_serve(h, all ? -1 : RETRY_MS))
			return VC_EXIT_OK;
		if (is_spoilt(h))
			return VC_EXIT_MISMATCH;
	}
}

static int serve(const struct vc_options *o)
{
	struct vc_house h;
	int code;

	vc_house_init(&h);
	code = open_house(o, &h);
	if (code == VC_EXIT_OK)
		code = loop(o, &h);
	if (h.control >= 0)
		(void)unlink(o->control);
	if (h.reader != NULL && o->socket != NULL)
		(void)unlink(o->socket);
	vc_house_close(&h);
	return code;
}

static const struct argp_option options[] = {
	{ "card", VC_OPT_CARD, "FILE", 0,
	    "a card's file; may be repeated, the options of a card follow it",
	    0 },
	{ "slot", VC_OPT_SLOT, "N", 0,
	    "its slot (default: 0 for the first card, 1 for the second ...)",
	    0 },
	{ "socket", VC_OPT_SOCKET, "PATH", 0,
	    "be a reader behind a Unix socket instead of vpcd's cards: "
	    "'reader = unix:PATH' in the module's configuration",
	    0 },
	{ "socket-fd", VC_OPT_SOCKET_FD, "N", 0,
	    "the same on an inherited descriptor", 0 },
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
	    "Put cards into the slots of vpcd, or of a reader of their own, "
	    "until SIGTERM or SIGINT. Prints the line \"ready\" once all are "
	    "in.\vConnects again when vpcd comes back.",
	.options = options,
	.wants_card = true,
	.many_cards = true,
	.has_plugs = true,
	.run = serve,
};

static int replay(const struct vc_options *o)
{
	struct vc_options r = *o; /* borrowed pointers only */

	r.replay = true;
	return serve(&r);
}

const struct vc_verb vc_verb_replay = {
	.name = "replay",
	.args = "FILE...",
	.doc =
	    "Play transcripts as cards: they answer what they once answered, "
	    "to the same commands in the same order.\vA command that does not "
	    "match ends it with a message, the number of the line, and the "
	    "exit code 10. What was redacted matches whatever is as long.",
	.options = options,
	.wants_card = true,
	.many_cards = true,
	.has_plugs = true,
	.run = replay,
};
