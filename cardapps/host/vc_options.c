/* One parser for all subcommands. */
#include "vc_options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parsing {
	const struct vc_verb *verb;
	struct vc_options *o;
};

static unsigned long number(
    struct argp_state *state, const char *text, unsigned long max)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != 0 || errno != 0 || v > max)
		argp_error(
		    state, "'%s' is not a number from 0 to %lu", text, max);
	return v;
}

/* Open, so that nobody gives a PIN here by mistake. */
static int descriptor(struct argp_state *state, const char *text)
{
	int fd = (int)number(state, text, 65535);

	if (fcntl(fd, F_GETFD) < 0)
		argp_error(state, "not an open file descriptor");
	return fd;
}

static struct vc_slot_option *last_plug(struct vc_options *o)
{
	return &o->plugs[o->plug_count == 0 ? 0 : o->plug_count - 1];
}

static void add_card(
    struct argp_state *state, struct vc_options *o, const char *path)
{
	if (o->plug_count == VC_PLUGS_MAX)
		argp_error(state, "at most %d cards", VC_PLUGS_MAX);
	o->plugs[o->plug_count].card = path;
	o->plugs[o->plug_count].slot = (unsigned)o->plug_count;
	o->plug_count++;
}

static void add_word(struct argp_state *state, struct parsing *p, char *word)
{
	if (p->verb->takes_words) { /* this and all that follow it */
		p->o->words = &state->argv[state->next - 1];
		p->o->word_count = (size_t)(state->argc - state->next) + 1;
		state->next = state->argc;
	} else if (p->verb->wants_card)
		add_card(state, p->o, word);
	else
		argp_error(state, "what is '%s'?", word);
}

static const char **text_option(struct vc_options *o, int key)
{
	switch (key) {
	case VC_OPT_APP:
		return &o->app;
	case VC_OPT_LABEL:
		return &o->label;
	case VC_OPT_KEY_TYPE:
		return &o->key_type;
	case VC_OPT_BANK_KEY:
		return &o->bank_key;
	case VC_OPT_SERIAL:
		return &o->serial;
	case VC_OPT_SUBJECT:
		return &o->subject;
	case VC_OPT_CERT:
		return &o->cert;
	case VC_OPT_HOST:
		return &o->host;
	case VC_OPT_CONTROL:
		return &o->control;
	case VC_OPT_PROFILE:
		return &o->profile;
	case VC_OPT_CA_OUT:
		return &o->ca_out;
	case VC_OPT_SOCKET:
		return &o->socket;
	default:
		return NULL;
	}
}

static void check_end(struct argp_state *state, const struct parsing *p)
{
	const struct vc_options *o = p->o;

	if (p->verb->wants_card && o->plug_count == 0)
		argp_error(state, "which card? Give --card FILE");
	if (!p->verb->many_cards && o->plug_count > 1)
		argp_error(state, "one card at a time");
	if (p->verb->wants_key && o->key == 0)
		argp_error(state, "which key? Give --key 1 or --key 2");
	if (p->verb == &vc_verb_request && o->subject == NULL)
		argp_error(state, "whose? Give --subject /CN=NAME");
	if (p->verb == &vc_verb_import && o->cert == NULL)
		argp_error(state, "which certificate? Give --cert FILE");
	if (p->verb->takes_words && o->word_count == 0)
		argp_error(state, "what is to be done?");
}

/* --- how a card looks and fails --------------------------------------------
 */

static const struct {
	int key;
	const char *name, *wanted;
} looks[] = {
	{ VC_OPT_LENGTHS, "lengths", "extended, chaining, short or t0" },
	{ VC_OPT_ATR, "atr", "an ATR's name or its bytes" },
	{ VC_OPT_SPEED, "speed", "bits in a second" },
	{ VC_OPT_DELAY, "delay", "like 5ms, 0.1ms/B or 5ms+0.1ms/B" },
	{ VC_OPT_KEY_TIME, "key-time", "like 150ms" },
	{ VC_OPT_GENERATE_TIME, "generate-time", "like 8s" },
};

static bool set_look(struct argp_state *state, struct vc_slot_option *slot,
    int key, const char *text)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		if (looks[i].key != key)
			continue;
		if (!vc_look_set(&slot->look, looks[i].name, text))
			argp_error(
			    state, "'%s' is not %s", text, looks[i].wanted);
		return true;
	}
	return false;
}

static void add_fault(
    struct argp_state *state, struct vc_slot_option *slot, const char *rule)
{
	if (!uk_is_ok(vc_faults_add(&slot->faults, rule, 0)))
		argp_error(state,
		    "'%s' is no fault, or one too many: see ukey-vcard(1)",
		    rule);
}

static void load_faults(
    struct argp_state *state, struct vc_slot_option *slot, const char *path)
{
	size_t line;

	if (uk_is_ok(vc_faults_load(&slot->faults, path, &line)))
		return;
	if (line == 0)
		argp_error(state, "%s cannot be read", path);
	else
		argp_error(state,
		    "%s:%zu: no fault, or one too many: see ukey-vcard(1)",
		    path, line);
}

static void remove_after(
    struct argp_state *state, struct vc_slot_option *slot, const char *text)
{
	char rule[64];

	(void)snprintf(rule, sizeof(rule), "at %lu remove",
	    number(state, text, 999999999) + 1);
	add_fault(state, slot, rule);
}

static const struct argp_option plug_options[] = {
	{ NULL, 0, NULL, 0, "Of one card, behind its name:", 0 },
	{ "transcript", VC_OPT_TRANSCRIPT, "FILE", 0,
	    "append its commands and answers, PINs as well, to this file", 0 },
	{ "redact", VC_OPT_REDACT, NULL, 0,
	    "leave PINs, keys and what was deciphered out of it", 0 },
	{ "lengths", VC_OPT_LENGTHS, "WHICH", 0,
	    "extended (default): all; chaining: short commands, chained; "
	    "short: not chained either; t0: as T=0, with 61xx and 6Cxx",
	    0 },
	{ "atr", VC_OPT_ATR, "HEX|NAME", 0,
	    "another ATR: its bytes, or estonian-id, openpgp, t0, yubikey-neo",
	    0 },
	{ "speed", VC_OPT_SPEED, "BAUD", 0,
	    "as slow as contacts at this speed, such as 115200", 0 },
	{ "delay", VC_OPT_DELAY, "TIME", 0,
	    "for every command, and for every byte: 5ms+0.1ms/B", 0 },
	{ "key-time", VC_OPT_KEY_TIME, "TIME", 0,
	    "more when a private key is at work", 0 },
	{ "generate-time", VC_OPT_GENERATE_TIME, "TIME", 0,
	    "more when one is made", 0 },
	{ "fault", VC_OPT_FAULT, "RULE", 0,
	    "WHEN WHAT: 'at 5 remove', 'every 3 delay 10ms', 'ins 20 status "
	    "63C1', 'chance 5 flip'; may be repeated",
	    0 },
	{ "faults", VC_OPT_FAULTS, "FILE", 0, "such rules, one in a line", 0 },
	{ "seed", VC_OPT_SEED, "N", 0, "of the random numbers in them", 0 },
	{ "remove-after", VC_OPT_REMOVE_AFTER, "N", 0,
	    "answer N commands, then be pulled when the next one comes", 0 },
	{ 0 }
};

/* Those options; everything else is parse's. */
static error_t parse_plug(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;
	struct vc_slot_option *slot = last_plug(p->o);

	if (set_look(state, slot, key, arg))
		return 0;
	switch (key) {
	case VC_OPT_TRANSCRIPT:
		slot->transcript = arg;
		return 0;
	case VC_OPT_REMOVE_AFTER:
		remove_after(state, slot, arg);
		return 0;
	case VC_OPT_REDACT:
		slot->redact = true;
		return 0;
	case VC_OPT_FAULT:
		add_fault(state, slot, arg);
		return 0;
	case VC_OPT_FAULTS:
		load_faults(state, slot, arg);
		return 0;
	case VC_OPT_SEED:
		vc_faults_seed(
		    &slot->faults, number(state, arg, ULONG_MAX - 1));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option state_options[] = {
	{ "state-key-file", VC_OPT_STATE_KEY, "FILE", 0,
	    "cards' files are encrypted under the key in this file, a "
	    "passphrase or random bytes; /dev/fd/N is a descriptor",
	    0 },
	{ 0 }
};

static error_t parse_state(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;

	if (key != VC_OPT_STATE_KEY)
		return ARGP_ERR_UNKNOWN;
	p->o->state_key = arg;
	return 0;
}

static bool opens_cards(const struct vc_verb *verb)
{
	return verb->wants_card || verb->has_plugs;
}

/* --- everything ------------------------------------------------------------
 */

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;
	struct vc_options *o = p->o;
	const char **text = text_option(o, key);

	if (text != NULL) {
		*text = arg;
		return 0;
	}
	switch (key) {
	case ARGP_KEY_INIT:
		if (opens_cards(p->verb))
			state->child_inputs[0] = p;
		if (p->verb->has_plugs)
			state->child_inputs[1] = p;
		return 0;
	case VC_OPT_CARD:
		add_card(state, o, arg);
		return 0;
	case VC_OPT_SLOT:
		last_plug(o)->slot = (unsigned)number(state, arg, 63);
		return 0;
	case VC_OPT_KEY:
		o->key = (unsigned)number(state, arg, 2);
		return 0;
	case VC_OPT_PIN_FD:
		o->pin_fd = descriptor(state, arg);
		return 0;
	case VC_OPT_PUK_FD:
		o->puk_fd = descriptor(state, arg);
		return 0;
	case VC_OPT_SOCKET_FD:
		o->socket_fd = descriptor(state, arg);
		return 0;
	case VC_OPT_PORT:
		o->port = (unsigned)number(state, arg, 65535);
		return 0;
	case VC_OPT_WAIT:
		o->wait_s = (unsigned)number(state, arg, 86400);
		return 0;
	case VC_OPT_PCSC:
	case VC_OPT_NO_PCSC:
		o->pcsc = key == VC_OPT_PCSC;
		return 0;
	case VC_OPT_JSON:
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		add_word(state, p, arg);
		return 0;
	case ARGP_KEY_END:
		check_end(state, p);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void vc_options_parse(
    const struct vc_verb *verb, int argc, char **argv, struct vc_options *out)
{
	static const struct argp plug_argp = { .options = plug_options,
		.parser = parse_plug };
	static const struct argp state_argp = { .options = state_options,
		.parser = parse_state };
	static const struct argp_child both[] = { { &state_argp, 0, NULL, 0 },
		{ &plug_argp, 0, "", 1 }, { 0 } };
	static const struct argp_child state_only[] = {
		{ &state_argp, 0, NULL, 0 }, { 0 }
	};
	struct argp argp = { .options = verb->options,
		.parser = parse,
		.args_doc = verb->args,
		.doc = verb->doc,
		.children = verb->has_plugs     ? both
			    : opens_cards(verb) ? state_only
						: NULL };
	struct parsing p = { verb, out };

	*out = (struct vc_options){
		.host = "127.0.0.1",
		.port = 35963,
		.pin_fd = -1,
		.puk_fd = -1,
		.socket_fd = -1,
	};
	argp_err_exit_status = VC_EXIT_USAGE;
	(void)argp_parse(
	    &argp, argc, argv, verb->takes_words ? ARGP_IN_ORDER : 0, NULL, &p);
}
