/*
 * The command line of ukey-vcard: one struct for all subcommands, each of which
 * declares the options it takes.
 */
#ifndef VC_OPTIONS_H
#define VC_OPTIONS_H

#include "err.h"
#include "vc_fault.h"
#include "vc_front.h"

#include <argp.h>

enum { VC_PLUGS_MAX = 64 };

/* Exit codes; the help text of the program lists them. */
enum vc_exit {
	VC_EXIT_OK = 0,
	VC_EXIT_ERROR = 1, /* memory, disk, a bug */
	VC_EXIT_USAGE = 2,
	VC_EXIT_CARD_FILE = 3, /* not there, not ours, damaged */
	VC_EXIT_IN_USE = 4,
	VC_EXIT_EXISTS = 5,
	VC_EXIT_PIN = 6, /* wrong, blocked, out of range, not given */
	VC_EXIT_INPUT =
	    7, /* certificate or key file unusable or not matching */
	VC_EXIT_REFUSED = 8,   /* the card says no in this state */
	VC_EXIT_NO_READER = 9, /* vpcd or the control socket is not there */
	VC_EXIT_MISMATCH = 10, /* a transcript is not what is asked */
	/* exec: as timeout(1), env(1) and others have them */
	VC_EXIT_EXEC = 125, /* the card did not come up */
	VC_EXIT_NO_RUN = 126,
	VC_EXIT_NO_COMMAND = 127
};

struct vc_slot_option {
	const char *card;
	const char *transcript;
	unsigned slot;
	bool redact; /* the transcript */
	struct vc_look look;
	struct vc_faults faults;
};

struct vc_options {
	struct vc_slot_option plugs[VC_PLUGS_MAX]; /* [0].card: the card */
	size_t plug_count;
	const char *app, *label, *key_type, *bank_key, *serial, *subject, *cert;
	const char *profile, *ca_out;
	const char *host, *control, *socket;
	const char *state_key; /* a file; NULL: none */
	unsigned port, wait_s;
	int pin_fd, puk_fd; /* -1: ask */
	int socket_fd;      /* -1: none */
	unsigned key;       /* 1 or 2; 0: not given */
	bool json;
	bool pcsc;    /* exec: through a service */
	bool replay;  /* cards are transcripts */
	char **words; /* what is left: control's line, exec's command */
	size_t word_count;
};

/* One subcommand. */
struct vc_verb {
	const char *name;
	const char *args, *doc; /* as in struct argp */
	const struct argp_option *options;
	bool wants_card, wants_key;
	bool many_cards;
	bool has_plugs;   /* takes the options of cards at contacts as well */
	bool takes_words; /* arguments are no cards; options end at the first */
	int (*run)(const struct vc_options *o); /* enum vc_exit */
};

extern const struct vc_verb vc_verb_init, vc_verb_request, vc_verb_import,
    vc_verb_activate, vc_verb_info, vc_verb_run, vc_verb_exec, vc_verb_replay,
    vc_verb_control;

/* Keys of options; the rows are shared so that each reads the same everywhere.
 */
enum vc_option_key {
	VC_OPT_CARD = 'c',
	VC_OPT_KEY = 'k',
	VC_OPT_LABEL = 'l',
	VC_OPT_SLOT = 's',
	VC_OPT_APP = 'a',
	VC_OPT_KEY_TYPE = 0x100,
	VC_OPT_BANK_KEY,
	VC_OPT_SERIAL,
	VC_OPT_PIN_FD,
	VC_OPT_PUK_FD,
	VC_OPT_SUBJECT,
	VC_OPT_CERT,
	VC_OPT_HOST,
	VC_OPT_PORT,
	VC_OPT_WAIT,
	VC_OPT_CONTROL,
	VC_OPT_TRANSCRIPT,
	VC_OPT_REMOVE_AFTER,
	VC_OPT_JSON,
	VC_OPT_PROFILE,
	VC_OPT_CA_OUT,
	VC_OPT_SOCKET,
	VC_OPT_SOCKET_FD,
	VC_OPT_REDACT,
	VC_OPT_LENGTHS,
	VC_OPT_ATR,
	VC_OPT_SPEED,
	VC_OPT_DELAY,
	VC_OPT_KEY_TIME,
	VC_OPT_GENERATE_TIME,
	VC_OPT_FAULT,
	VC_OPT_FAULTS,
	VC_OPT_SEED,
	VC_OPT_STATE_KEY,
	VC_OPT_PCSC,
	VC_OPT_NO_PCSC
};

#define VC_ROW_CARD                                                            \
	{                                                                      \
		"card", VC_OPT_CARD, "FILE", 0, "the card's file", 0           \
	}
#define VC_ROW_KEY                                                             \
	{                                                                      \
		"key", VC_OPT_KEY, "1|2", 0,                                   \
		    "1: login key, 2: transaction key", 0                      \
	}
#define VC_ROW_PIN_FD                                                          \
	{                                                                      \
		"pin-fd", VC_OPT_PIN_FD, "N", 0,                               \
		    "read the PIN's line from file descriptor N instead of "   \
		    "asking",                                                  \
		    0                                                          \
	}

/* Parses argv[0] = the verb's name; exits with VC_EXIT_USAGE after a message.
 */
void vc_options_parse(
    const struct vc_verb *verb, int argc, char **argv, struct vc_options *out);

#endif
