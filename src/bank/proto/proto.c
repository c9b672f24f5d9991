/* Names and exact bytes of docs/protocol.md, sections 1 to 5. */
#include "proto.h"

#include <string.h>

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

/* --- errors -------------------------------------------------------------- */

static const struct code_row {
	const char *name, *text;
	int http;
} codes[BANK_CODE_COUNT] = {
	[BANK_OK] = { "ok", "done", 200 },
	[BANK_MALFORMED] = { "malformed",
	    "the bank does not understand the request: update the client",
	    400 },
	[BANK_NOT_FOUND] = { "not-found",
	    "the bank has nothing under this name: check it", 404 },
	[BANK_METHOD] = { "method",
	    "the bank does not offer this: update the client", 405 },
	[BANK_TOO_LARGE] = { "too-large", "the request is too long: shorten it",
	    413 },
	[BANK_BUSY] = { "busy", "the bank is busy: wait and try again", 429 },
	[BANK_INTERNAL] = { "internal",
	    "the bank failed: try again later, with the same order number",
	    500 },
	[BANK_NO_SESSION] = { "no-session",
	    "not logged in, or the session has ended: log in", 401 },
	[BANK_NONCE_UNKNOWN] = { "nonce-unknown",
	    "the login challenge is unknown or was used already: log in again",
	    401 },
	[BANK_NONCE_EXPIRED] = { "nonce-expired",
	    "the login came too late: log in again", 401 },
	[BANK_LOGIN_SIGNATURE] = { "login-signature",
	    "the login signature was not made for this bank and this login: "
	    "check the bank's address and log in again",
	    401 },
	[BANK_CHANNEL_BINDING] = { "channel-binding",
	    "the bank wants the login bound to this connection: update the "
	    "client",
	    401 },
	[BANK_NO_CERTIFICATE] = { "no-certificate",
	    "the connection has no client certificate: choose the card's when "
	    "connecting",
	    401 },
	[BANK_CERT_MALFORMED] = { "cert-malformed",
	    "the card's certificate cannot be read: ask the bank for a new "
	    "card",
	    403 },
	[BANK_CERT_UNTRUSTED] = { "cert-untrusted",
	    "the card's certificate was not issued by this bank: use this "
	    "bank's card",
	    403 },
	[BANK_CERT_NOT_YET] = { "cert-not-yet",
	    "the card's certificate is not valid yet: ask the bank from when "
	    "it is",
	    403 },
	[BANK_CERT_EXPIRED] = { "cert-expired",
	    "the card's certificate has expired: ask the bank for a new one",
	    403 },
	[BANK_CERT_REVOKED] = { "cert-revoked",
	    "the card's certificate has been revoked: ask the bank", 403 },
	[BANK_CERT_PURPOSE] = { "cert-purpose",
	    "the card's certificate is not meant for this: use the other key",
	    403 },
	[BANK_CRL_MISSING] = { "crl-missing",
	    "the bank cannot tell whether the certificate is revoked: try "
	    "again later",
	    403 },
	[BANK_CERT_UNKNOWN] = { "cert-unknown",
	    "the card is valid but belongs to no customer of this bank: ask "
	    "the bank to register it",
	    403 },
	[BANK_WRONG_CUSTOMER] = { "wrong-customer",
	    "the transaction certificate is somebody else's: use one card for "
	    "login and signature",
	    403 },
	[BANK_ORDER_CONFLICT] = { "order-conflict",
	    "this order number names another order already: use a new one",
	    409 },
	[BANK_ORDER_EXPIRED] = { "order-expired",
	    "the order was not confirmed in time, and nothing was posted: "
	    "make a new one",
	    409 },
	[BANK_INSUFFICIENT_FUNDS] = { "insufficient-funds",
	    "not enough money in the account, and nothing was posted: choose "
	    "a smaller amount",
	    409 },
	[BANK_TEXT_ALTERED] = { "text-altered",
	    "the text signed is not the one the bank prepared, and nothing "
	    "was posted: check this computer before trying again",
	    422 },
	[BANK_ORDER_SIGNATURE] = { "order-signature",
	    "the signature does not fit the order, and nothing was posted: "
	    "sign again",
	    422 },
	[BANK_ACCOUNT] = { "account",
	    "no such account, or it may not be used for this: check both "
	    "account numbers",
	    422 },
	[BANK_AMOUNT] = { "amount",
	    "the amount must be more than zero and within the limit: change "
	    "it",
	    422 },
	[BANK_OVER_LIMIT] = { "over-limit",
	    "more than this account may pay in one transfer or one day, and "
	    "nothing was posted: pay less, or ask the bank for a higher limit",
	    409 },
	[BANK_DISPLAY_LEVEL] = { "display-level",
	    "an amount like this must be confirmed where it is shown, and "
	    "nothing was posted: sign again on a device that shows it",
	    422 },
	[BANK_DISPLAY_STATEMENT] = { "display-statement",
	    "the terminal's statement that it showed the order is not good, "
	    "and nothing was posted: register the terminal, or sign again",
	    422 },
	[BANK_PAYEE] = { "payee",
	    "the account does not belong to a payee of this name: ask the "
	    "payee for the right name or account",
	    422 },
	[BANK_REPLAYED] = { "replayed",
	    "this very request was heard before: sign it again with a new "
	    "nonce",
	    401 },
	[BANK_MERCHANT_SIGNATURE] = { "merchant-signature",
	    "the request is not signed as it must be, by a key that is "
	    "registered and valid: check key, clock and covered components",
	    401 },
	[BANK_BILL_CLOSED] = { "bill-closed",
	    "the bill is paid, rejected, cancelled or expired already, and "
	    "nothing was changed: ask for the bill",
	    409 },
	[BANK_LOGIN_PASSWORD] = { "login-password",
	    "e-mail address or password is wrong, or the address was not "
	    "confirmed: try again",
	    401 },
	[BANK_TOKEN] = { "token",
	    "the confirmation is unknown or too old, or the password is not "
	    "the one it was asked for with: register again",
	    403 },
	[BANK_READER] = { "reader",
	    "the card reader is not yours, or its message was altered or sent "
	    "before: nothing was paid; ask the bank",
	    403 },
	[BANK_CARD_DATA] = { "card-data",
	    "the card's data do not fit this order, and nothing was paid: "
	    "read the card again",
	    422 },
	[BANK_HEAD_TOO_LARGE] = { "head-too-large",
	    "request line and fields must fit into 8 KiB: send less", 431 },
	[BANK_EXPECTATION] = { "expectation",
	    "nothing but 100-continue can be expected: leave Expect out", 417 },
	[BANK_NOT_IMPLEMENTED] = { "not-implemented",
	    "a method or transfer coding that is unknown here: see "
	    "docs/protocol.md",
	    501 },
	[BANK_VERSION] = { "version", "speak HTTP/1.1", 505 },
};

static const struct code_row *row_of(enum bank_code code)
{
	return &codes[code < BANK_CODE_COUNT ? code : BANK_INTERNAL];
}

int bank_code_http(enum bank_code code)
{
	return row_of(code)->http;
}

const char *bank_code_name(enum bank_code code)
{
	return row_of(code)->name;
}

const char *bank_code_text(enum bank_code code)
{
	return row_of(code)->text;
}

enum bank_code bank_code_from_name(const char *name)
{
	for (int i = 0; name != NULL && i < BANK_CODE_COUNT; i++) {
		if (strcmp(codes[i].name, name) == 0)
			return (enum bank_code)i;
	}
	return BANK_INTERNAL;
}

/* --- signature algorithms ------------------------------------------------ */

/* RFC 7518, 3.1; SM2 is GB/T 32918.2 with SM3 and the ID of GM/T 0009, 10. The
 * first row that fits a key is the one we use. */
static const struct bank_alg algs[] = {
	{ "ES256", UK_SIG_ECDSA, UK_HASH_SHA256, UK_KEY_P256 },
	{ "ES384", UK_SIG_ECDSA, UK_HASH_SHA384, UK_KEY_P384 },
	{ "ES512", UK_SIG_ECDSA, UK_HASH_SHA512, UK_KEY_P521 },
	{ "RS256", UK_SIG_PKCS1, UK_HASH_SHA256, UK_KEY_RSA },
	{ "RS384", UK_SIG_PKCS1, UK_HASH_SHA384, UK_KEY_RSA },
	{ "RS512", UK_SIG_PKCS1, UK_HASH_SHA512, UK_KEY_RSA },
	{ "PS256", UK_SIG_PSS, UK_HASH_SHA256, UK_KEY_RSA },
	{ "PS384", UK_SIG_PSS, UK_HASH_SHA384, UK_KEY_RSA },
	{ "PS512", UK_SIG_PSS, UK_HASH_SHA512, UK_KEY_RSA },
	{ "SM2", UK_SIG_SM2, UK_HASH_SM3, UK_KEY_SM2 },
};

const struct bank_alg *bank_alg_by_name(const char *name)
{
	for (size_t i = 0; name != NULL && i < ROWS(algs); i++) {
		if (strcmp(algs[i].name, name) == 0)
			return &algs[i];
	}
	return NULL;
}

const struct bank_alg *bank_alg_for_key(enum uk_key_type key)
{
	for (size_t i = 0; i < ROWS(algs); i++) {
		if (algs[i].key == key)
			return &algs[i];
	}
	return NULL;
}

/* --- exact bytes --------------------------------------------------------- */

/* A field whose length the reader of the message relies on. */
static void put_field(uk_buf *out, uk_bytes v, size_t least, size_t most)
{
	if (v.n < least || v.n > most)
		out->bad = true;
	uk_put(out, v);
}

void bank_put_challenge(uk_buf *out, uk_bytes origin_hash, uk_bytes nonce_hash,
    uk_bytes client_nonce_hash)
{
	uk_put_str(out, BANK_LOGIN_CONTEXT);
	put_field(out, origin_hash, 32, 32);
	put_field(out, nonce_hash, 32, 32);
	put_field(out, client_nonce_hash, 32, 32);
}

void bank_put_proof(
    uk_buf *out, uk_bytes serial, uk_bytes challenge, uk_bytes hash)
{
	uk_put_str(out, BANK_PROOF_CONTEXT);
	put_field(out, serial, 8, 8);
	put_field(out, challenge, 8, 32);
	put_field(out, hash, 20, 64);
}

static bool is_order_char(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool bank_order_number_ok(uk_bytes number)
{
	if (number.n < 1 || number.n > BANK_ORDER_NUMBER_MAX)
		return false;
	for (size_t i = 0; i < number.n; i++) {
		if (!is_order_char(number.p[i]))
			return false;
	}
	return true;
}

/* --- numbers ------------------------------------------------------------- */

enum { MASK_HEAD = 6 };

void bank_put_masked(uk_buf *out, uk_bytes number)
{
	const size_t tail = number.n >= 12 ? 4 : 2;
	const size_t head = number.n < 12   ? 2
			    : number.n < 14 ? number.n - 8
					    : MASK_HEAD;

	if (number.n < 6) {
		uk_put_str(out, "****");
		return;
	}
	uk_put(out, uk_bytes_first(number, head));
	uk_put_str(out, "****");
	uk_put(out, uk_bytes_last(number, tail));
}
