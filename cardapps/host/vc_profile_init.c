/* ukey-vcard init --profile: a card's file from a profile. */
#include "vc_profile_init.h"
#include "vc_options.h"
#include "vc_profile.h"
#include "vc_say_error.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	bool good = f != NULL && fputs(text, f) >= 0;

	return f != NULL && fclose(f) == 0 && good;
}

static int say(const struct vc_doc *doc)
{
	(void)fprintf(stderr, "ukey-vcard: %s\n", doc->why);
	return VC_EXIT_INPUT;
}

static int make(struct vc_doc *doc, const struct vc_options *o)
{
	const char *path = o->plugs[0].card;
	struct vc_card *card = NULL;
	char *pem = NULL;
	int code = VC_EXIT_OK;
	uk_err err = vc_profile_make(doc, path, &card, &pem);

	if (doc->bad)
		code = say(doc);
	else if (!uk_is_ok(err))
		code = vc_say_error(err, path);
	else if (o->ca_out != NULL && !write_text(o->ca_out, pem)) {
		(void)fprintf(
		    stderr, "ukey-vcard: %s: %s\n", o->ca_out, strerror(errno));
		(void)unlink(path); /* all or nothing */
		code = VC_EXIT_ERROR;
	}
	OPENSSL_free(pem);
	vc_card_close(&card);
	return code;
}

int vc_profile_init(const struct vc_options *o)
{
	struct vc_doc doc;
	int code;

	if (o->label != NULL || o->key_type != NULL || o->serial != NULL ||
	    o->bank_key != NULL || o->app != NULL) {
		(void)fprintf(stderr,
		    "ukey-vcard: --profile says all about the card: put the "
		    "other options into %s\n",
		    o->profile);
		return VC_EXIT_USAGE;
	}
	if (uk_is_ok(vc_doc_open(o->profile, time(NULL), &doc)))
		code = make(&doc, o);
	else
		code = say(&doc);
	vc_doc_close(&doc);
	return code;
}
