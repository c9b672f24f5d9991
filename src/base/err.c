/* Names and sentences for errors: one row per code. */
#include "err.h"

struct err_row {
	const char *name;
	const char *text;
};

static const struct err_row rows[UK_CODE_COUNT] = {
	[UK_OK] = { "ok", "done" },
	[UK_ERR_MEMORY] = { "memory",
	    "out of memory: close other programs and try again" },
	[UK_ERR_ARGUMENT] = { "argument", "this request makes no sense here" },
	[UK_ERR_TOO_SMALL] = { "too-small",
	    "the result does not fit into the space provided" },
	[UK_ERR_FORMAT] = { "format", "the data received is malformed" },
	[UK_ERR_NOT_FOUND] = { "not-found", "not found" },
	[UK_ERR_EXISTS] = { "exists", "it exists already" },
	[UK_ERR_UNSUPPORTED] = { "unsupported",
	    "the card or this program cannot do that" },
	[UK_ERR_IO] = { "io", "reading or writing failed" },
	[UK_ERR_TIMEOUT] = { "timeout", "no answer in time: try again" },
	[UK_ERR_CANCELLED] = { "cancelled", "cancelled" },
	[UK_ERR_INTERNAL] = { "internal",
	    "internal error: please report it with the debug log" },
	[UK_ERR_NO_SERVICE] = { "no-service",
	    "the smart-card service is not running: start pcscd" },
	[UK_ERR_NO_PERMISSION] = { "no-permission",
	    "the smart-card service refuses this user: ask the administrator "
	    "for a polkit rule that allows org.debian.pcsc-lite.access_pcsc "
	    "and access_card" },
	[UK_ERR_NO_READER] = { "no-reader",
	    "no card reader found: plug one in" },
	[UK_ERR_NO_CARD] = { "no-card", "no card in the reader: insert it" },
	[UK_ERR_CARD_REMOVED] = { "card-removed",
	    "the card was removed: insert it and start again" },
	[UK_ERR_CARD_RESET] = { "card-reset",
	    "another program reset the card: log in again" },
	[UK_ERR_CARD_BUSY] = { "card-busy",
	    "another program uses the card exclusively: close it and try "
	    "again" },
	[UK_ERR_CARD_MUTE] = { "card-mute",
	    "the card does not answer properly: take it out, wipe its "
	    "contacts and insert it again" },
	[UK_ERR_CARD_UNKNOWN] = { "card-unknown",
	    "this card is not one of ours: insert the bank card" },
	[UK_ERR_CARD_STATUS] = { "card-status",
	    "the card refused the command" },
	[UK_ERR_PIN_WRONG] = { "pin-wrong", "wrong PIN" },
	[UK_ERR_PIN_BLOCKED] = { "pin-blocked",
	    "the PIN is blocked: unblock it with the PUK" },
	[UK_ERR_PIN_LENGTH] = { "pin-length",
	    "the PIN is too short or too long: it was not sent to the card" },
	[UK_ERR_NOT_LOGGED_IN] = { "not-logged-in",
	    "the card wants the PIN first" },
	[UK_ERR_CONDITIONS] = { "conditions",
	    "the card does not allow this now" },
	[UK_ERR_CRYPTO] = { "crypto", "the cryptographic library failed" },
	[UK_ERR_SIGNATURE] = { "signature", "the signature is not valid" },
	[UK_ERR_CERT_UNTRUSTED] = { "cert-untrusted",
	    "the certificate was not issued by a trusted CA" },
	[UK_ERR_CERT_NOT_YET] = { "cert-not-yet",
	    "the certificate is not valid yet: check the clock" },
	[UK_ERR_CERT_EXPIRED] = { "cert-expired",
	    "the certificate has expired: ask the bank for a new one" },
	[UK_ERR_CERT_REVOKED] = { "cert-revoked",
	    "the certificate has been revoked: ask the bank" },
	[UK_ERR_CERT_PURPOSE] = { "cert-purpose",
	    "the certificate is not meant for this use" },
	[UK_ERR_CRL_MISSING] = { "crl-missing",
	    "whether the certificate is revoked is not known: the revocation "
	    "list is missing or out of date" },
	[UK_ERR_AGAIN] = { "again",
	    "the database is out of reach or busy: try again" },
};

static const struct err_row *row_of(uk_err err)
{
	if (err.code >= UK_CODE_COUNT || rows[err.code].name == 0)
		return &rows[UK_ERR_INTERNAL];
	return &rows[err.code];
}

const char *uk_err_name(uk_err err)
{
	return row_of(err)->name;
}

const char *uk_err_text(uk_err err)
{
	return row_of(err)->text;
}

int uk_err_tries_left(uk_err err)
{
	if ((err.sw & 0xfff0) == 0x63c0)
		return err.sw & 0x0f;
	return uk_is(err, UK_ERR_PIN_BLOCKED) ? 0 : -1;
}
