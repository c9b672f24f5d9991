/* ukey-terminal: options, and the tty it is shown on. */
#include "cards.h"
#include "plain.h"
#include "run.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

const char *argp_program_version = "ukey-terminal 0.1.0";

enum { EXIT_USAGE = 2, WHY = 512 };

enum option_key {
	OPT_LINE = 'l',
	OPT_STATE = 's',
	OPT_NAME = 'n',
	OPT_CONTACT = 'c',
	OPT_CONTACTLESS = 'C',
	OPT_OPEN_POLICY = 256,
	OPT_CCID,
	OPT_READY_FD
};

static const char doc[] =
    "Makes a card reader with PIN pad and display of this device, for the "
    "computer at the other end of the line.\v"
    "LINE is tty:/dev/ttyGS0, tcp-listen:[ADDRESS:]PORT or "
    "tcp-connect:ADDRESS:PORT; with ?plain behind it nothing is paired or "
    "encrypted, which is for tests. CARD is pcsc:READER or unix:SOCKET (of "
    "ukey-vcard); line:t1: in front of it (or line:t1-crc:, line:t0:), or for "
    "slot 2 line:a: or line:b:, has the card spoken to as one with contacts, "
    "or in a field, over a simulated line. The computer runs pcscd with "
    "libifdukey.so.";

static const struct argp_option options[] = {
	{ "line", OPT_LINE, "LINE", 0, "The line to the computer (needed)", 0 },
	{ "state", OPT_STATE, "DIR", 0,
	    "Keys and pairings (~/.local/state/ukey-terminal)", 0 },
	{ "name", OPT_NAME, "TEXT", 0, "What the computer shows (terminal)",
	    0 },
	{ "contact", OPT_CONTACT, "CARD", 0, "Card of slot 1", 0 },
	{ "contactless", OPT_CONTACTLESS, "CARD", 0, "Card of slot 2", 0 },
	{ "ccid", OPT_CCID, "TTY", 0,
	    "Be a plain reader on TTY, a GemPC Twin, for a computer that has "
	    "Debian's libccid and not our driver; only --contact goes with it",
	    0 },
	{ "open-policy", OPT_OPEN_POLICY, NULL, 0,
	    "Let transaction keys sign also what was not approved here", 0 },
	{ "ready-fd", OPT_READY_FD, "FD", 0,
	    "Write the port there once all is open", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static void parse_line(
    struct trm_run_options *o, const char *arg, struct argp_state *state)
{
	if (!uk_is_ok(trm_line_parse(arg, &o->line)))
		argp_error(state, "\"%s\" is not a line", arg);
}

static void parse_card(struct trm_run_options *o, unsigned slot,
    const char *arg, struct argp_state *state)
{
	if (!trm_cards_fit(arg, slot == 1))
		argp_error(state, "\"%s\" is not a card for this slot", arg);
	o->cards[slot] = arg;
}

static void parse_fd(
    struct trm_run_options *o, const char *arg, struct argp_state *state)
{
	char *end;
	long v = strtol(arg, &end, 10);

	if (*arg == '\0' || *end != '\0' || v < 0 || v > 65535 ||
	    fcntl((int)v, F_GETFD) < 0)
		argp_error(state, "\"%s\" is not an open descriptor", arg);
	o->ready_fd = (int)v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trm_run_options *o = state->input;

	switch (key) {
	case OPT_LINE:
		parse_line(o, arg, state);
		return 0;
	case OPT_STATE:
		o->state = arg;
		return 0;
	case OPT_NAME:
		o->name = arg;
		return 0;
	case OPT_CONTACT:
		parse_card(o, 0, arg, state);
		return 0;
	case OPT_CONTACTLESS:
		parse_card(o, 1, arg, state);
		return 0;
	case OPT_CCID:
		o->ccid = arg;
		return 0;
	case OPT_OPEN_POLICY:
		o->open_policy = true;
		return 0;
	case OPT_READY_FD:
		parse_fd(o, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (o->line.path[0] == '\0' && o->ccid == NULL)
			argp_error(state, "--line is missing");
		if (o->ccid != NULL && o->cards[0] == NULL)
			argp_error(state, "--contact is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- the tty ------------------------------------------------------------- */

/* Keys come one by one and are not shown: PINs are typed here. */
static bool make_quiet(struct termios *before)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, before) != 0)
		return false; /* not a tty: a test, or a pipe */
	t = *before;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &t) == 0;
}

static void measure(struct trm_run_options *o)
{
	struct winsize w;

	o->columns = 40;
	o->lines = 12;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 &&
	    w.ws_row > 0) {
		o->columns = w.ws_col > 255 ? 255 : w.ws_col;
		o->lines = w.ws_row > 255 ? 255 : w.ws_row;
	}
}

static const char *usual_state(char *path, size_t cap)
{
	const char *home = getenv("HOME");

	snprintf(path, cap, "%s/.local/state/ukey-terminal",
	    home == NULL ? "." : home);
	return path;
}

static int plain(const struct trm_run_options *o)
{
	uk_err err = trm_plain_run(o->ccid, o->cards[0], o->ready_fd);

	if (uk_is_ok(err))
		return EXIT_SUCCESS;
	fprintf(stderr, "ukey-terminal: %s: %s\n", o->ccid, uk_err_text(err));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, NULL, NULL,
		NULL };
	struct trm_run_options o = { .name = "terminal", .ready_fd = -1 };
	char path[4096], why[WHY] = "";
	struct termios before;
	bool quiet;
	uk_err err;

	argp_err_exit_status = EXIT_USAGE;
	o.state = usual_state(path, sizeof(path));
	if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
		return EXIT_USAGE;
	if (o.ccid != NULL)
		return plain(&o);
	measure(&o);
	quiet = make_quiet(&before);
	err = trm_run(&o, why, sizeof(why));
	if (quiet)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	if (uk_is_ok(err))
		return EXIT_SUCCESS;
	fprintf(stderr, "ukey-terminal: %s\n", why);
	return EXIT_FAILURE;
}
