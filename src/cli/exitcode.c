/* The table of causes, and the four translations into it. */
#include "exitcode.h"

#include <p11-kit/pkcs11.h>

static const struct cli_row rows[CLI_CAUSE_COUNT] = {
	[CLI_DONE] = { 0, "ok", "done" },
	[CLI_USAGE] = { 2, "usage",
	    "this command line cannot be used: see `ukey --help`" },
	[CLI_CONFIG] = { 3, "config",
	    "the configuration is not complete: give it in "
	    "~/.config/ukey/config or as an option" },
	[CLI_DECLINED] = { 4, "declined",
	    "not confirmed: nothing was signed and nothing was paid" },
	[CLI_NO_PERSON] = { 5, "no-person",
	    "nobody can be asked here: run it in a terminal, or give "
	    "--pinentry, --pin-fd or --yes" },
	[CLI_LAST_TRY] = { 6, "last-try",
	    "one PIN try is left and no person is asked: run it in a terminal, "
	    "or add --use-last-try" },
	[CLI_NO_SESSION_KEPT] = { 7, "not-logged-in-yet",
	    "not logged in at this bank: run `ukey login`" },
	[CLI_NOT_KEPT] = { 8, "not-kept",
	    "paid, but the receipt could not be stored here: make room and "
	    "repeat the same order number to get it again (it is not paid "
	    "twice)" },

	[CLI_MEMORY] = { 10, "memory",
	    "out of memory: close other programs and try again" },
	[CLI_ARGUMENT] = { 11, "argument",
	    "a value given cannot be right: check the command" },
	[CLI_TOO_SMALL] = { 12, "too-small",
	    "a value is longer than this program takes: shorten it" },
	[CLI_FORMAT] = { 13, "format",
	    "a file or text is malformed: check it" },
	[CLI_NOT_FOUND] = { 14, "not-found", "a file was not found: check it" },
	[CLI_EXISTS] = { 15, "exists", "it exists already" },
	[CLI_UNSUPPORTED] = { 16, "unsupported",
	    "the card or this program cannot do that: update ukey, or ask the "
	    "bank for a newer card" },
	[CLI_IO] = { 17, "io",
	    "reading or writing failed: check the disk and the permissions" },
	[CLI_TIMEOUT] = { 18, "timeout", "no answer in time: try again" },
	[CLI_CANCELLED] = { 19, "cancelled", "cancelled: nothing was signed" },
	[CLI_INTERNAL] = { 20, "internal", "internal error: please report it" },
	[CLI_NO_SERVICE] = { 21, "no-service",
	    "the smart-card service is not running: start it (systemctl start "
	    "pcscd.socket)" },
	[CLI_NO_PERMISSION] = { 22, "no-permission",
	    "the smart-card service refuses this user: ask the administrator "
	    "for a polkit rule for org.debian.pcsc-lite.access_pcsc and "
	    "access_card" },
	[CLI_NO_READER] = { 23, "no-reader",
	    "no card reader found: plug one in" },
	[CLI_NO_CARD] = { 24, "no-card",
	    "no card in the reader: insert the bank card" },
	[CLI_CARD_REMOVED] = { 25, "card-removed",
	    "the card was removed: insert it and start again" },
	[CLI_CARD_RESET] = { 26, "card-reset",
	    "another program reset the card: start again" },
	[CLI_CARD_BUSY] = { 27, "card-busy",
	    "another program holds the card: close it and try again" },
	[CLI_CARD_MUTE] = { 28, "card-mute",
	    "the card does not answer properly: take it out, wipe its contacts "
	    "and insert it again" },
	[CLI_CARD_UNKNOWN] = { 30, "card-unknown",
	    "this card is not a bank card we know: insert the bank's card" },
	[CLI_CARD_STATUS] = { 31, "card-status",
	    "the card refused the command: take it out, insert it and start "
	    "again" },
	[CLI_PIN_WRONG] = { 32, "pin-wrong", "wrong PIN: try again" },
	[CLI_PIN_BLOCKED] = { 33, "pin-blocked",
	    "the PIN is blocked: unblock it with the PUK (pkcs11-tool "
	    "--init-pin), or ask the bank" },
	[CLI_PIN_LENGTH] = { 34, "pin-length",
	    "a PIN of this length cannot be right and was not sent to the "
	    "card: try again" },
	[CLI_NOT_LOGGED_IN] = { 35, "pin-needed",
	    "the card wants the PIN first: start again" },
	[CLI_CONDITIONS] = { 36, "conditions",
	    "the card does not allow this now: start again" },
	[CLI_CRYPTO] = { 40, "crypto",
	    "the cryptographic library failed: reinstall libssl3" },
	[CLI_SIGNATURE] = { 41, "signature",
	    "the card's signature does not fit its certificate: ask the bank "
	    "for a new card" },
	[CLI_CERT_UNTRUSTED] = { 42, "cert-untrusted",
	    "the CA file cannot be used or a certificate does not lead to it: "
	    "check --ca" },
	[CLI_CERT_NOT_YET] = { 43, "cert-not-yet",
	    "a certificate is not valid yet: check the clock" },
	[CLI_CERT_EXPIRED] = { 44, "cert-expired",
	    "a certificate has expired: ask the bank for a new one" },
	[CLI_CERT_REVOKED] = { 45, "cert-revoked",
	    "a certificate has been revoked: ask the bank" },
	[CLI_CERT_PURPOSE] = { 46, "cert-purpose",
	    "a certificate is not meant for this use: ask the bank" },
	[CLI_CRL_MISSING] = { 47, "crl-missing",
	    "the revocation list is missing or out of date: get a new one" },
	[CLI_AGAIN] = { 48, "again",
	    "the bank's database is out of reach or busy: try again" },

	[CLI_MODULE_MISSING] = { 80, "module-missing",
	    "the PKCS#11 module cannot be loaded: install it or give "
	    "--module PATH" },
	[CLI_MODULE_FAILED] = { 81, "module-failed",
	    "the PKCS#11 module failed: take the card out, insert it and start "
	    "again" },
	[CLI_NO_KEY] = { 82, "no-key",
	    "no certificate for this on the card: ask the bank to finish "
	    "issuing it, or ask for one with `ukey enrol`" },
	[CLI_SEVERAL_TOKENS] = { 83, "several-tokens",
	    "several cards fit: take one out, or choose with --token URI (see "
	    "`ukey cards`)" },
	[CLI_CARD_REFUSES_BANK] = { 84, "bank-not-proven-to-card",
	    "the bank has not proved itself to the card for this text: nothing "
	    "was signed; check the address of the bank and tell the bank" },

	[CLI_NO_FREE_KEY] = { 87, "no-free-key",
	    "no key on the card still needs a certificate for this: see `ukey "
	    "cards` for what it has, or choose with --key ID" },

	[CLI_BANK_UNREACHABLE] = { 90, "bank-unreachable",
	    "the bank cannot be reached: check --bank and the network" },
	[CLI_BANK_TLS] = { 91, "bank-tls",
	    "the server does not have the bank's certificate: nothing was "
	    "sent; "
	    "check --bank and --ca" },
	[CLI_BANK_NO_ANSWER] = { 92, "bank-no-answer",
	    "the connection broke before the bank answered: try again" },
	[CLI_BANK_MALFORMED] = { 93, "bank-malformed",
	    "the bank's answer is malformed: nothing was done with it; tell "
	    "the "
	    "bank" },
	[CLI_BANK_UNPROVEN] = { 94, "bank-not-proven",
	    "the server did not prove that it is the bank: nothing was signed; "
	    "check --bank and --ca" },
	[CLI_BANK_REBOUND] = { 98, "bank-rebound",
	    "the connection broke while you were signing: run `ukey login` "
	    "again" },
	[CLI_TEXT_DIFFERS] = { 95, "text-differs",
	    "the bank's text is not what you asked for: nothing was signed; "
	    "tell the bank" },
	[CLI_RECEIPT_BAD] = { 96, "receipt-bad",
	    "the receipt does not prove the payment: look at `ukey records` "
	    "and "
	    "tell the bank" },
	[CLI_EVIDENCE_BAD] = { 97, "evidence-bad",
	    "the evidence does not prove what it says: look at the order at "
	    "the bank" },

	[CLI_ENROL_REJECTED] = { 99, "enrolment-rejected",
	    "the bank has rejected the request: settle it with the bank and "
	    "run `ukey enrol` again" },

	[CLI_SAID_MALFORMED] = { 50, "said-malformed",
	    "the bank says the request is malformed: update ukey" },
	[CLI_SAID_NOT_FOUND] = { 51, "said-not-found",
	    "the bank knows no such order or page: check the number" },
	[CLI_SAID_METHOD] = { 52, "said-method",
	    "the bank does not take this kind of request: update ukey" },
	[CLI_SAID_TOO_LARGE] = { 53, "said-too-large",
	    "the bank says the request is too large: shorten the memo" },
	[CLI_SAID_BUSY] = { 54, "said-busy",
	    "the bank is busy: wait a minute and try again" },
	[CLI_SAID_INTERNAL] = { 55, "said-internal",
	    "the bank has a failure of its own: try again later" },
	[CLI_SAID_NO_SESSION] = { 56, "said-no-session",
	    "the session is over: run `ukey login`" },
	[CLI_SAID_NONCE_UNKNOWN] = { 57, "said-nonce-unknown",
	    "the bank does not take this login twice: run `ukey login` again" },
	[CLI_SAID_NONCE_EXPIRED] = { 58, "said-nonce-expired",
	    "the login took too long: run `ukey login` again" },
	[CLI_SAID_LOGIN_SIGNATURE] = { 59, "said-login-signature",
	    "the bank does not accept the login signature: check that --bank "
	    "is "
	    "the bank's own address" },
	[CLI_SAID_CHANNEL_BINDING] = { 85, "said-channel-binding",
	    "the bank cannot bind the login to this connection: ask the bank "
	    "which --binding it wants" },
	[CLI_SAID_NO_CERTIFICATE] = { 86, "said-no-certificate",
	    "the bank wants a certificate with the connection: log in with "
	    "`ukey login`" },
	[CLI_SAID_CERT_MALFORMED] = { 60, "said-cert-malformed",
	    "the bank cannot read the card's certificate: ask the bank for a "
	    "new "
	    "card" },
	[CLI_SAID_CERT_UNTRUSTED] = { 61, "said-cert-untrusted",
	    "the card's certificate is not from this bank: insert this bank's "
	    "card" },
	[CLI_SAID_CERT_NOT_YET] = { 62, "said-cert-not-yet",
	    "the card's certificate is not valid yet: come back later" },
	[CLI_SAID_CERT_EXPIRED] = { 63, "said-cert-expired",
	    "the card's certificate has expired: ask the bank for a new card" },
	[CLI_SAID_CERT_REVOKED] = { 64, "said-cert-revoked",
	    "the card's certificate has been revoked: ask the bank for a new "
	    "card" },
	[CLI_SAID_CERT_PURPOSE] = { 65, "said-cert-purpose",
	    "the card's certificate is not meant for this: ask the bank" },
	[CLI_SAID_CRL_MISSING] = { 66, "said-crl-missing",
	    "the bank cannot check revocation at the moment: try again later" },
	[CLI_SAID_CERT_UNKNOWN] = { 67, "said-cert-unknown",
	    "the card belongs to no customer of this bank: ask the bank to "
	    "register it" },
	[CLI_SAID_WRONG_CUSTOMER] = { 68, "said-wrong-customer",
	    "the card belongs to another customer: insert your own, or log in "
	    "again" },
	[CLI_SAID_ORDER_CONFLICT] = { 69, "said-order-conflict",
	    "this order number was used for another order: leave --order out "
	    "to "
	    "get a new one" },
	[CLI_SAID_ORDER_EXPIRED] = { 70, "said-order-expired",
	    "the order was prepared too long ago and is void: make a new one" },
	[CLI_SAID_INSUFFICIENT_FUNDS] = { 71, "said-insufficient-funds",
	    "not enough money in the account: nothing was posted; pay less or "
	    "from another account" },
	[CLI_SAID_TEXT_ALTERED] = { 72, "said-text-altered",
	    "the text that reached the bank is not the one it prepared: "
	    "nothing "
	    "was posted; start again" },
	[CLI_SAID_ORDER_SIGNATURE] = { 73, "said-order-signature",
	    "the bank does not accept the signature: nothing was posted; start "
	    "again" },
	[CLI_SAID_ACCOUNT] = { 74, "said-account",
	    "one of the accounts does not exist or is not allowed: check "
	    "--from "
	    "and --to" },
	[CLI_SAID_AMOUNT] = { 75, "said-amount",
	    "the amount is not allowed: it must be positive and within the "
	    "limit" },
	[CLI_SAID_OVER_LIMIT] = { 76, "said-over-limit",
	    "over the account's limit for one transfer or one day: nothing "
	    "was posted; pay less or ask the bank" },
	[CLI_SAID_DISPLAY_LEVEL] = { 77, "said-display-level",
	    "an amount like this must be confirmed where it is shown: leave "
	    "--yes out, or use a terminal with a display" },
	[CLI_SAID_DISPLAY_STATEMENT] = { 78, "said-display-statement",
	    "the bank does not accept what the terminal says it showed: have "
	    "the terminal registered at the bank" },
	[CLI_SAID_PAYEE] = { 79, "said-payee",
	    "the account does not belong to a payee of this name: check "
	    "--payee "
	    "and --to" },
	[CLI_SAID_REPLAYED] = { 100, "said-replayed",
	    "the bank heard this very request before: try again" },
	[CLI_SAID_MERCHANT_SIGNATURE] = { 101, "said-merchant-signature",
	    "the bank does not accept the signature of this merchant: check "
	    "key and clock" },
	[CLI_SAID_BILL_CLOSED] = { 102, "said-bill-closed",
	    "the bill is paid, rejected, cancelled or expired already: see "
	    "`ukey bills --all`" },
};

const struct cli_row *cli_row(enum cli_cause cause)
{
	if (cause >= CLI_CAUSE_COUNT || rows[cause].name == NULL)
		return &rows[CLI_INTERNAL];
	return &rows[cause];
}

cli_end cli_from_err(uk_err err)
{
	/* Both lists have the same order; the test compares them name by name.
	 */
	if (err.code == UK_OK)
		return cli_ok();
	if (err.code >= UK_CODE_COUNT)
		return cli_fail(CLI_INTERNAL);
	return cli_fail(CLI_MEMORY + (err.code - UK_ERR_MEMORY));
}

cli_end cli_from_bank_code(enum bank_code code)
{
	if (code == BANK_OK)
		return cli_ok();
	if (code >= BANK_CUSTOMER_CODES)
		return cli_fail(CLI_SAID_INTERNAL);
	return cli_fail(CLI_SAID_MALFORMED + (code - BANK_MALFORMED));
}

cli_end cli_from_bank(bc_result r)
{
	switch (r.fault) {
	case BC_OK:
		return cli_ok();
	case BC_LOCAL:
		return cli_from_err(r.err);
	case BC_REFUSED:
		return cli_from_bank_code(r.code);
	case BC_UNREACHABLE:
		return cli_fail(CLI_BANK_UNREACHABLE);
	case BC_TLS:
		return cli_fail(CLI_BANK_TLS);
	case BC_NO_ANSWER:
		return cli_fail(CLI_BANK_NO_ANSWER);
	case BC_MALFORMED:
		return cli_fail(CLI_BANK_MALFORMED);
	case BC_NOT_BANK:
		return cli_fail(CLI_BANK_UNPROVEN);
	case BC_REBOUND:
		return cli_fail(CLI_BANK_REBOUND);
	case BC_TEXT:
		return cli_fail(CLI_TEXT_DIFFERS);
	case BC_RECEIPT:
		return cli_fail(CLI_RECEIPT_BAD);
	case BC_FAULT_COUNT:
		break;
	}
	return cli_fail(CLI_INTERNAL);
}

cli_end cli_from_ckr(unsigned long rv)
{
	static const struct {
		unsigned long rv;
		enum cli_cause cause;
	} table[] = {
		{ CKR_OK, CLI_DONE },
		{ CKR_HOST_MEMORY, CLI_MEMORY },
		{ CKR_FUNCTION_CANCELED, CLI_CANCELLED },
		/* The transaction key signs only what the bank has prepared. */
		{ CKR_FUNCTION_REJECTED, CLI_CARD_REFUSES_BANK },
		{ CKR_DEVICE_ERROR, CLI_CARD_MUTE },
		{ CKR_DEVICE_MEMORY, CLI_CARD_STATUS },
		{ CKR_DEVICE_REMOVED, CLI_CARD_REMOVED },
		/* After removal all handles are invalid. */
		{ CKR_SESSION_HANDLE_INVALID, CLI_CARD_REMOVED },
		{ CKR_SESSION_CLOSED, CLI_CARD_REMOVED },
		{ CKR_OBJECT_HANDLE_INVALID, CLI_CARD_REMOVED },
		{ CKR_KEY_HANDLE_INVALID, CLI_CARD_REMOVED },
		{ CKR_TOKEN_NOT_PRESENT, CLI_NO_CARD },
		{ CKR_TOKEN_NOT_RECOGNIZED, CLI_CARD_UNKNOWN },
		{ CKR_SLOT_ID_INVALID, CLI_NO_READER },
		{ CKR_PIN_INCORRECT, CLI_PIN_WRONG },
		{ CKR_PIN_INVALID, CLI_PIN_LENGTH },
		{ CKR_PIN_LEN_RANGE, CLI_PIN_LENGTH },
		{ CKR_PIN_LOCKED, CLI_PIN_BLOCKED },
		{ CKR_USER_NOT_LOGGED_IN, CLI_NOT_LOGGED_IN },
		{ CKR_OPERATION_NOT_INITIALIZED, CLI_CONDITIONS },
		{ CKR_FUNCTION_NOT_SUPPORTED, CLI_UNSUPPORTED },
		{ CKR_MECHANISM_INVALID, CLI_UNSUPPORTED },
		{ CKR_KEY_TYPE_INCONSISTENT, CLI_UNSUPPORTED },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (table[i].rv == rv)
			return cli_fail(table[i].cause);
	}
	return cli_fail(CLI_MODULE_FAILED);
}
