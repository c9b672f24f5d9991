/* ukey-vcard: the virtual bank card. Chooses the subcommand. */
#include "vc_options.h"

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
    "The virtual bank card. It is for tests: FILE holds its keys in the "
    "clear.\n"
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
		return verbs[i]->run(&o);
	}
	(void)fputs(help, stderr);
	return VC_EXIT_USAGE;
}
