/* One parser for all subcommands. */
#include "vc_options.h"

#include <errno.h>
#include <fcntl.h>
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
	case VC_OPT_TRANSCRIPT:
		return &last_plug(o)->transcript;
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
	case VC_OPT_REMOVE_AFTER:
		last_plug(o)->remove_after = (long)number(
		    state, arg, 1000000000);
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
	struct argp argp = { .options = verb->options,
		.parser = parse,
		.args_doc = verb->args,
		.doc = verb->doc };
	struct parsing p = { verb, out };

	*out = (struct vc_options){
		.host = "127.0.0.1",
		.port = 35963,
		.pin_fd = -1,
		.puk_fd = -1,
		.socket_fd = -1,
	};
	for (size_t i = 0; i < VC_PLUGS_MAX; i++)
		out->plugs[i].remove_after = -1;
	argp_err_exit_status = VC_EXIT_USAGE;
	(void)argp_parse(
	    &argp, argc, argv, verb->takes_words ? ARGP_IN_ORDER : 0, NULL, &p);
}
