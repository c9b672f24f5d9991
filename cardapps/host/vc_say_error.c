/* Errors as sentences about cards' files. */
#include "vc_say_error.h"

#include "vc_options.h"

#include <stdio.h>

static const struct row {
	uint16_t code;
	int exit;
	const char *text; /* NULL: uk_err_text */
} rows[] = {
	{ UK_ERR_NOT_FOUND, VC_EXIT_CARD_FILE,
	    "no such card or key: make one with ukey-vcard init" },
	{ UK_ERR_FORMAT, VC_EXIT_CARD_FILE,
	    "this is no card's file, or it is damaged" },
	{ UK_ERR_UNSUPPORTED, VC_EXIT_CARD_FILE,
	    "a later version made this card, or its keys cannot do that" },
	{ UK_ERR_NO_PERMISSION, VC_EXIT_CARD_FILE,
	    "this card is sealed: give --state-key-file FILE" },
	{ UK_ERR_CRYPTO, VC_EXIT_CARD_FILE,
	    "the key in --state-key-file is not this card's, or its file is "
	    "damaged; nothing was changed" },
	{ UK_ERR_EXISTS, VC_EXIT_EXISTS,
	    "there is a file already: choose another name or remove it" },
	{ UK_ERR_CARD_BUSY, VC_EXIT_IN_USE,
	    "another ukey-vcard has this card: end it first" },
	{ UK_ERR_IO, VC_EXIT_ERROR,
	    "the file could not be read or written: look at its folder's "
	    "permissions and space" },
	{ UK_ERR_PIN_WRONG, VC_EXIT_PIN, NULL },
	{ UK_ERR_PIN_BLOCKED, VC_EXIT_PIN, NULL },
	{ UK_ERR_PIN_LENGTH, VC_EXIT_PIN,
	    "the PIN has 4 to 16 bytes, the PUK 8 to 16" },
	{ UK_ERR_CANCELLED, VC_EXIT_PIN,
	    "no PIN: give --pin-fd (and --puk-fd), or run it in a terminal" },
	{ UK_ERR_SIGNATURE, VC_EXIT_INPUT,
	    "the certificate belongs to another key: ask for one with this "
	    "key's request" },
	{ UK_ERR_CERT_PURPOSE, VC_EXIT_INPUT,
	    "the PEM file cannot be read, or it holds a key of another type" },
	{ UK_ERR_ARGUMENT, VC_EXIT_USAGE, "a value is not usable: see --help" },
	{ UK_ERR_CARD_UNKNOWN, VC_EXIT_REFUSED,
	    "this card has no U-key application: make one with ukey-vcard "
	    "init" },
	{ UK_ERR_CARD_STATUS, VC_EXIT_REFUSED, NULL },
	{ UK_ERR_NOT_LOGGED_IN, VC_EXIT_REFUSED, NULL },
	{ UK_ERR_CONDITIONS, VC_EXIT_REFUSED, NULL },
};

static void print_line(uk_err err, const char *card, const char *text)
{
	int left = uk_err_tries_left(err);

	(void)fprintf(stderr, "ukey-vcard: %s: %s", card, text);
	if (uk_is(err, UK_ERR_PIN_WRONG) && left >= 0)
		(void)fprintf(stderr, ", %d tries left", left);
	else if (err.sw != 0)
		(void)fprintf(stderr, " (%04X)", err.sw);
	(void)fprintf(stderr, "\n");
}

int vc_say_error(uk_err err, const char *card)
{
	const char *text = uk_err_text(err);
	int code = VC_EXIT_ERROR;

	if (uk_is_ok(err))
		return VC_EXIT_OK;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].code != err.code)
			continue;
		code = rows[i].exit;
		text = rows[i].text == NULL ? text : rows[i].text;
	}
	print_line(err, card, text);
	return code;
}
