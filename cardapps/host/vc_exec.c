/* ukey-vcard exec: a command with a card of its own, and nothing left of it. */
#include "vc_child.h"
#include "vc_control.h"
#include "vc_exec_pcsc.h"
#include "vc_folder.h"
#include "vc_house.h"
#include "vc_options.h"
#include "vc_pcscd.h"
#include "vc_perso.h"
#include "vc_profile.h"
#include "vc_say_error.h"
#include "vc_socket.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* What the command finds in its environment; docs/virtual-card.md. */
#define CONFIG_VARIABLE "UKEY_PKCS11_CONF"
#define FOLDER_VARIABLE "UKEY_VCARD_DIR"

/* Ours, which the command is told of; and its own end. */
static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1,
	SIGUSR2, SIGCHLD, 0 };

struct show {
	const struct vc_options *o;
	struct vc_folder folder;
	struct vc_house house;
	struct vc_child command;
	struct vc_child server; /* --pcsc: has the cards */
};

static int cannot(const char *what, uk_err err)
{
	(void)fprintf(stderr, "ukey-vcard: %s: %s\n", what, uk_err_text(err));
	return VC_EXIT_EXEC;
}

/* --- before ----------------------------------------------------------------
 */

static uk_err write_ca(const struct show *s, const char *pem)
{
	return vc_folder_write(&s->folder, "ca.pem", pem);
}

/* A type of keys, or a file (vc_profile.h). */
static uk_err read_profile(const char *profile, struct vc_doc *doc)
{
	char text[128];

	if (!vc_perso_knows_type(profile))
		return vc_doc_open(profile, time(NULL), doc);
	(void)snprintf(text, sizeof(text),
	    "{\"applications\":{\"keys\":[{\"type\":\"%s\"},"
	    "{\"type\":\"%s\"}]}}",
	    profile, profile);
	return vc_doc_read(text, profile, time(NULL), doc);
}

static uk_err plug_in(struct show *s, struct vc_card **card, const char *ca)
{
	struct vc_slot_option slot = s->o->plugs[0];
	struct vc_plug *plug = NULL;

	UK_TRY(write_ca(s, ca));
	UK_TRY(vc_plug_hold(&slot, card, &plug));
	return vc_house_add(&s->house, &plug);
}

/* The card nobody made: for this command only. */
static int put_ready_card(struct show *s)
{
	struct vc_card *card = NULL;
	struct vc_doc doc;
	char *ca = NULL;
	uk_err err = read_profile(
	    s->o->profile == NULL ? "p256" : s->o->profile, &doc);

	if (uk_is_ok(err))
		err = vc_profile_make(&doc, NULL, &card, &ca);
	if (doc.bad)
		(void)fprintf(stderr, "ukey-vcard: %s\n", doc.why);
	else if (uk_is_ok(err))
		err = plug_in(s, &card, ca);
	if (!uk_is_ok(err) && !doc.bad)
		(void)cannot("the ready card", err);
	vc_doc_close(&doc);
	OPENSSL_free(ca);
	vc_card_close(&card);
	return uk_is_ok(err) ? VC_EXIT_OK : VC_EXIT_EXEC;
}

static int put_cards(struct show *s)
{
	for (size_t i = 0; i < s->o->plug_count; i++) {
		struct vc_plug *plug;
		uk_err err = vc_plug_open(&s->o->plugs[i], &plug);

		if (uk_is_ok(err))
			err = vc_house_add(&s->house, &plug);
		if (vc_say_error(err, s->o->plugs[i].card) != VC_EXIT_OK)
			return VC_EXIT_EXEC;
	}
	return s->o->plug_count > 0 ? VC_EXIT_OK : put_ready_card(s);
}

static int listen_in(const struct show *s, const char *name)
{
	char path[VC_PATH_MAX];

	vc_folder_name(&s->folder, name, path);
	return vc_socket_listen(path);
}

static uk_err open_reader(struct show *s)
{
	int listener = listen_in(s, "reader");

	if (listener < 0)
		return uk_fail(UK_ERR_IO);
	return vc_reader_open(
	    listener, s->house.plugs, s->house.count, &s->house.reader);
}

/* The module's configuration: this reader, and none of the machine's. */
static uk_err write_config(const struct show *s)
{
	char path[VC_PATH_MAX], text[2 * VC_PATH_MAX];

	if (s->o->pcsc)
		return vc_folder_write(
		    &s->folder, "pkcs11.conf", "pcsc = on\n");

	vc_folder_name(&s->folder, "reader", path);
	(void)snprintf(
	    text, sizeof(text), "reader = unix:%s\npcsc = off\n", path);
	return vc_folder_write(&s->folder, "pkcs11.conf", text);
}

static bool set_path(
    const struct show *s, const char *variable, const char *name)
{
	char path[VC_PATH_MAX];

	vc_folder_name(&s->folder, name, path);
	return setenv(variable, path, 1) == 0;
}

static bool set_environment(void *arg)
{
	const struct show *s = arg;

	return setenv(FOLDER_VARIABLE, s->folder.path, 1) == 0 &&
	       (!s->o->pcsc ||
		   set_path(s, VC_PCSCD_VARIABLE, VC_PCSCD_SOCKET)) &&
	       set_path(s, VC_CONTROL_VARIABLE, "control") &&
	       set_path(s, CONFIG_VARIABLE, "pkcs11.conf");
}

static int raise_curtain(struct show *s)
{
	uk_err err = vc_house_catch(&s->house, signals);
	int code;

	if (uk_is_ok(err))
		err = vc_folder_make(&s->folder);
	if (!uk_is_ok(err))
		return cannot("a private folder in TMPDIR or /tmp", err);
	if ((code = put_cards(s)) != VC_EXIT_OK)
		return code;
	s->house.control = listen_in(s, "control");
	err = s->house.control < 0 ? uk_fail(UK_ERR_IO) : write_config(s);
	if (uk_is_ok(err))
		err = s->o->pcsc
			  ? vc_exec_pcsc(&s->house, &s->folder, &s->server)
			  : open_reader(s);
	if (uk_is(err, UK_ERR_NO_SERVICE)) /* and has said why */
		return VC_EXIT_EXEC;
	return uk_is_ok(err) ? VC_EXIT_OK : cannot(s->folder.path, err);
}

/* --- while it runs ---------------------------------------------------------
 */

/* A key that was pressed reaches the command by itself: it is in our group. */
static bool on_signal(void *arg, const struct signalfd_siginfo *signal)
{
	struct show *s = arg;

	if (signal->ssi_signo == SIGCHLD) {
		(void)vc_child_has_ended(&s->server);
		return vc_child_has_ended(&s->command);
	}
	if (signal->ssi_code != SI_KERNEL && s->command.pid != 0)
		(void)kill(s->command.pid, (int)signal->ssi_signo);
	return false;
}

static int play(struct show *s)
{
	uk_err err = vc_child_start(
	    s->o->words, SIGTERM, set_environment, s, &s->command);

	if (!uk_is_ok(err)) {
		(void)fprintf(stderr, "ukey-vcard: %s: %s\n", s->o->words[0],
		    uk_is(err, UK_ERR_NOT_FOUND)
			? "no such command: look at its name and PATH"
			: "cannot be run: look at its permissions");
		return uk_is(err, UK_ERR_NOT_FOUND) ? VC_EXIT_NO_COMMAND
						    : VC_EXIT_NO_RUN;
	}
	s->house.on_signal = on_signal;
	s->house.arg = s;
	while (vc_house_serve(&s->house, -1))
		;
	return vc_child_code(&s->command);
}

static int run(const struct vc_options *o)
{
	struct show s = { .o = o };
	int code;

	vc_house_init(&s.house);
	code = raise_curtain(&s);
	if (code == VC_EXIT_OK)
		code = play(&s);
	vc_child_end(&s.command);
	vc_child_end(&s.server);
	vc_house_close(&s.house);
	vc_folder_remove(&s.folder);
	return code;
}

static const struct argp_option options[] = {
	{ "card", VC_OPT_CARD, "FILE", 0,
	    "use this card, and keep what becomes of it; may be repeated, the "
	    "options of a card follow it",
	    0 },
	{ "profile", VC_OPT_PROFILE, "NAME", 0,
	    "without --card: a fresh card with keys of this type: rsa2048, "
	    "rsa3072, rsa4096, p256 (default), p384, p521 or sm2; or as this "
	    "file says (docs/virtual-card.md)",
	    0 },
	{ "pcsc", VC_OPT_PCSC, NULL, 0,
	    "in a slot of a private pcscd, for programs that use PC/SC; wants "
	    "the packages pcscd and vsmartcard-vpcd",
	    0 },
	{ "socket", VC_OPT_NO_PCSC, NULL, 0,
	    "in a reader of this project's module, without a service "
	    "(default)",
	    0 },
	{ 0 }
};

const struct vc_verb vc_verb_exec = {
	.name = "exec",
	.args = "[--] COMMAND [ARGUMENT...]",
	.doc =
	    "Run a command with a card of its own, and remove everything "
	    "after it.\vlibukey-pkcs11.so, in the command and in what it "
	    "starts, has one reader with this card in it; no pcscd and no "
	    "root are needed. A fresh card has the PIN " VC_PROFILE_PIN ", the "
	    "PUK " VC_PROFILE_PUK " and two certificates of the CA in "
	    "$" FOLDER_VARIABLE "/ca.pem. The command may say 'ukey-vcard "
	    "control remove' and the like.\n\nThe exit code is the command's, "
	    "or 125 if the card did not come up, 126 if the command cannot be "
	    "run, 127 if there is none.",
	.options = options,
	.many_cards = true,
	.has_plugs = true,
	.takes_words = true,
	.run = run,
};
