/* p11conform: is this PKCS#11 module what the standard says? */
#include "conform.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage_text[] =
    "usage: p11conform --module FILE [options]\n"
    "\n"
    "Tries a PKCS#11 module with right and wrong arguments, states and buffer\n"
    "sizes, each rule in a process of its own.\n"
    "\n"
    "  --module FILE      the module\n"
    "  --slot ID          default: the first slot with a token\n"
    "  --without-token    only rules that need no token; any slot will do\n"
    "  --pin-fd N         the user's PIN is the first line of descriptor N\n"
    "  --so-pin-fd N      the same for the security officer's PIN\n"
    "  --destructive      also rules that spend PIN tries, change PINs, make "
    "and\n"
    "                     destroy objects and keys\n"
    "  --only PREFIX      only rules whose name begins so\n"
    "  --public-label L   the RSA-2048 key pair of the OASIS profile cases\n"
    "  --private-label L  (default: testrsa-pub, testrsa-pri)\n"
    "  --card-program P   takes the card out and puts it back, told so by its\n"
    "                     argument: remove, insert\n"
    "  --timeout SECONDS  for one rule (default: 30)\n"
    "  --json             one object per rule, in an array\n"
    "\n"
    "Exit code: 0 every rule passed or was skipped, 1 some failed, 2 usage.\n";

enum {
	OPT_MODULE = 1,
	OPT_SLOT,
	OPT_PIN,
	OPT_SO_PIN,
	OPT_DESTRUCTIVE,
	OPT_WITHOUT_TOKEN,
	OPT_ONLY,
	OPT_PUBLIC,
	OPT_PRIVATE,
	OPT_CARD,
	OPT_TIMEOUT,
	OPT_JSON,
	OPT_HELP,
};

static const struct option options[] = {
	{ "module", required_argument, NULL, OPT_MODULE },
	{ "slot", required_argument, NULL, OPT_SLOT },
	{ "pin-fd", required_argument, NULL, OPT_PIN },
	{ "so-pin-fd", required_argument, NULL, OPT_SO_PIN },
	{ "destructive", no_argument, NULL, OPT_DESTRUCTIVE },
	{ "without-token", no_argument, NULL, OPT_WITHOUT_TOKEN },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "public-label", required_argument, NULL, OPT_PUBLIC },
	{ "private-label", required_argument, NULL, OPT_PRIVATE },
	{ "card-program", required_argument, NULL, OPT_CARD },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool number(const char *text, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 0);
	return *text != '\0' && *end == '\0';
}

/* Byte by byte: what follows the line belongs to somebody else. */
static bool read_secret(const char *text, struct conf_secret *out)
{
	unsigned long fd;
	CK_UTF8CHAR byte;

	if (!number(text, &fd))
		return false;
	while (read((int)fd, &byte, 1) == 1 && byte != '\n') {
		if (out->len == sizeof(out->text))
			return false;
		out->text[out->len++] = byte;
	}
	return out->len > 0;
}

static bool take_option(int which, struct conf_options *opt)
{
	unsigned long n = 0;

	switch (which) {
	case OPT_MODULE:
		opt->module = optarg;
		return true;
	case OPT_SLOT:
		opt->slot_given = true;
		return number(optarg, &opt->slot);
	case OPT_PIN:
		return read_secret(optarg, &opt->pin);
	case OPT_SO_PIN:
		return read_secret(optarg, &opt->so_pin);
	case OPT_DESTRUCTIVE:
		opt->destructive = true;
		return true;
	case OPT_WITHOUT_TOKEN:
		opt->without_token = true;
		return true;
	case OPT_ONLY:
		opt->only = optarg;
		return true;
	case OPT_PUBLIC:
		opt->public_label = optarg;
		return true;
	case OPT_PRIVATE:
		opt->private_label = optarg;
		return true;
	case OPT_CARD:
		opt->card_program = optarg;
		return true;
	case OPT_JSON:
		opt->json = true;
		return true;
	case OPT_TIMEOUT:
		if (!number(optarg, &n) || n == 0 || n > 3600)
			return false;
		opt->timeout_s = (unsigned)n;
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static struct conf_options opt = { .timeout_s = 30,
		.public_label = "testrsa-pub",
		.private_label = "testrsa-pri" };
	struct conf_totals totals = { 0 };
	int which;

	while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (which == OPT_HELP) {
			fputs(usage_text, stdout);
			return 0;
		}
		if (!take_option(which, &opt)) {
			fputs(usage_text, stderr);
			return 2;
		}
	}
	if (opt.module == NULL || optind != argc) {
		fputs(usage_text, stderr);
		return 2;
	}
	if (conf_run_all(&opt, &totals) != 0)
		return 1;
	explicit_bzero(&opt.pin, sizeof(opt.pin));
	explicit_bzero(&opt.so_pin, sizeof(opt.so_pin));
	fprintf(opt.json ? stderr : stdout,
	    "%u rules: %u passed, %u failed, %u skipped\n", totals.rules,
	    totals.passed, totals.failed, totals.skipped);
	if (totals.rules == 0) {
		fputs("p11conform: no rule has such a name\n", stderr);
		return 2;
	}
	return totals.failed > 0 ? 1 : 0;
}
