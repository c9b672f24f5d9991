/* ukey-vcard: the virtual bank card. Chooses the subcommand. */
#include "vc_options.h"

#include "secret.h"
#include "vc_seal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct vc_verb *const verbs[] = {
	&vc_verb_init,
	&vc_verb_request,
	&vc_verb_import,
	&vc_verb_activate,
	&vc_verb_info,
	&vc_verb_run,
	&vc_verb_exec,
	&vc_verb_replay,
	&vc_verb_control,
};

static const char help[] =
    "Usage: ukey-vcard VERB [OPTION...] FILE\n"
    "The virtual card. It is for tests: FILE holds its keys in the clear, or\n"
    "sealed under the key in --state-key-file.\n"
    "\n"
    "  init      make a card: PIN, PUK, keys\n"
    "  request   print a certificate request for one of its keys\n"
    "  import    put a certificate on it\n"
    "  activate  end personalisation\n"
    "  info      say what it tells everybody\n"
    "  run       put it into a virtual reader\n"
    "  exec      run a command with a card of its own\n"
    "  replay    play a transcript as a card\n"
    "  control   pull it, insert it, count commands, while it runs\n"
    "\n"
    "ukey-vcard VERB --help says more.\n"
    "\n"
    "Exit codes: 0 done, 1 memory or disk failed, 2 usage, 3 no card's file,\n"
    "4 card in use by another process, 5 file exists, 6 PIN wrong, blocked or\n"
    "not given, 7 certificate or key file unusable, 8 refused by the card,\n"
    "9 no reader (vpcd) or no running card to control, 10 transcript does\n"
    "not match.\n";

/* The end of the last line does not count: editors and echo leave it there. */
static bool use_state_key(const char *path)
{
	uint8_t bytes[VC_SEAL_SECRET_MAX + 1];
	FILE *f = fopen(path, "re");
	size_t n = f == NULL ? 0 : fread(bytes, 1, sizeof(bytes), f);
	bool good;

	if (f != NULL)
		(void)fclose(f);
	if (n > 0 && n <= VC_SEAL_SECRET_MAX && bytes[n - 1] == '\n')
		n--;
	good = n > 0 && n <= VC_SEAL_SECRET_MAX &&
	       uk_is_ok(vc_seal_use(uk_view(bytes, n)));
	uk_wipe(bytes, sizeof(bytes));
	if (!good)
		(void)fprintf(stderr,
		    "ukey-vcard: %s: no key: it wants 1 to %d bytes\n", path,
		    VC_SEAL_SECRET_MAX);
	return good;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	static struct vc_options o;
	char shown[64];

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
	    strcmp(name, "help") == 0) {
		(void)fputs(help, stdout);
		return VC_EXIT_OK;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i]->name, name) != 0)
			continue;
		(void)snprintf(shown, sizeof(shown), "ukey-vcard %s", name);
		argv[1] = shown; /* what argp calls the program */
		vc_options_parse(verbs[i], argc - 1, argv + 1, &o);
		if (o.state_key != NULL && !use_state_key(o.state_key))
			return VC_EXIT_INPUT;
		return verbs[i]->run(&o);
	}
	(void)fputs(help, stderr);
	return VC_EXIT_USAGE;
}
