/*
 * What client and server share: names, limits and the exact bytes of
 * docs/protocol.md. Pure; neither side's behaviour is in here.
 */
#ifndef BANK_PROTO_H
#define BANK_PROTO_H

#include "keyalg.h"
#include "txtext.h"

#define BANK_LOGIN_CONTEXT "ukey login challenge 1"
#define BANK_PROOF_CONTEXT "ukey bank proof 1"
#define BANK_TOKEN_FORMAT  "web-eid:1.0"
/* Also signs what the connection is bound to (docs/protocol.md, 3). */
#define BANK_CHANNEL_FORMAT "ukey:1"
#define BANK_BIND_EXPORTER  "tls-exporter"         /* RFC 9266 */
#define BANK_BIND_END_POINT "tls-server-end-point" /* RFC 5929 */
#define BANK_EXPORTER_LABEL "EXPORTER-Channel-Binding"
/* extKeyUsage of the bank's signing certificate. */
#define BANK_SIGNING_OID "1.3.6.1.4.1.65535.1.1"

enum {
	BANK_BODY_MAX = 64 * 1024,
	BANK_ORDER_NUMBER_MAX = 64,
	BANK_NONCE_BYTES = 32,
	BANK_EXPORTER_BYTES = 32,
	/* A login challenge: ours has so many characters; clients take what
	 * Web eID allows. */
	BANK_NONCE_TEXT = 76,
	BANK_NONCE_TEXT_MIN = 44,
	BANK_NONCE_TEXT_MAX = 128
};

/* --- errors (docs/protocol.md, 2) ---------------------------------------- */

enum bank_code {
	BANK_OK,
	BANK_MALFORMED,
	BANK_NOT_FOUND,
	BANK_METHOD,
	BANK_TOO_LARGE,
	BANK_BUSY,
	BANK_INTERNAL,
	BANK_NO_SESSION,
	BANK_NONCE_UNKNOWN,
	BANK_NONCE_EXPIRED,
	BANK_LOGIN_SIGNATURE,
	BANK_CHANNEL_BINDING,
	BANK_NO_CERTIFICATE,
	BANK_CERT_MALFORMED,
	BANK_CERT_UNTRUSTED,
	BANK_CERT_NOT_YET,
	BANK_CERT_EXPIRED,
	BANK_CERT_REVOKED,
	BANK_CERT_PURPOSE,
	BANK_CRL_MISSING,
	BANK_CERT_UNKNOWN,
	BANK_WRONG_CUSTOMER,
	BANK_ORDER_CONFLICT,
	BANK_ORDER_EXPIRED,
	BANK_INSUFFICIENT_FUNDS,
	BANK_TEXT_ALTERED,
	BANK_ORDER_SIGNATURE,
	BANK_ACCOUNT,
	BANK_AMOUNT,
	BANK_OVER_LIMIT,
	BANK_DISPLAY_LEVEL,
	BANK_DISPLAY_STATEMENT,
	BANK_PAYEE,
	BANK_REPLAYED,
	BANK_MERCHANT_SIGNATURE,
	BANK_BILL_CLOSED,
	/* What follows is said to card terminals, not to customers with cards;
	 * `ukey` has no exit codes for it. */
	BANK_LOGIN_PASSWORD,
	BANK_TOKEN,
	BANK_READER,
	BANK_CARD_DATA,
	/* And this to whoever does not speak HTTP as the server does. */
	BANK_HEAD_TOO_LARGE,
	BANK_EXPECTATION,
	BANK_NOT_IMPLEMENTED,
	BANK_VERSION,
	BANK_CODE_COUNT,
	BANK_CUSTOMER_CODES = BANK_LOGIN_PASSWORD
};

int bank_code_http(enum bank_code code);         /* 200, 400 ... */
const char *bank_code_name(enum bank_code code); /* "cert-expired" */
const char *bank_code_text(enum bank_code code); /* one line for people */
/* BANK_INTERNAL if the name is not one of ours. */
enum bank_code bank_code_from_name(const char *name);

/* --- signature algorithms ------------------------------------------------ */

struct bank_alg {
	const char *name; /* "ES256" */
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	enum uk_key_type key; /* UK_KEY_RSA for any RSA key */
};

const struct bank_alg *bank_alg_by_name(const char *name); /* NULL: unknown */
/* The algorithm we use with a key: ES256, ES384, ES512, RS256, SM2; NULL if
 * none. */
const struct bank_alg *bank_alg_for_key(enum uk_key_type key);

/* --- display levels (docs/protocol.md, 9) -------------------------------- */

#define BANK_DISPLAY_CONTEXT "ukey display statement 1"

enum bank_display {
	BANK_DISPLAY_NONE,    /* nobody was asked */
	BANK_DISPLAY_HOST,    /* shown by the customer's computer, as it says */
	BANK_DISPLAY_TERMINAL /* shown by a terminal that signed that */
};
const char *bank_display_name(enum bank_display level); /* "none" ... */
/* false: no such name; an empty one is "none". */
bool bank_display_by_name(uk_bytes name, enum bank_display *out);

/* What a terminal says: 112 bytes. */
struct bank_statement {
	uint8_t terminal[32]; /* SHA-256 of its SubjectPublicKeyInfo */
	int64_t counter;      /* > 0, and more each time */
	int64_t time;
	uint8_t signature[64]; /* r||s, P-256 and SHA-256 */
};
enum { BANK_STATEMENT_BYTES = 112 };
UK_RESULT bank_parse_statement(uk_bytes bytes, struct bank_statement *out);
/* What it signs; two SHA-256 hashes go in. */
void bank_put_displayed(uk_buf *out, uk_bytes text_hash,
    uk_bytes signature_hash, int64_t counter, int64_t time);

/* --- exact bytes --------------------------------------------------------- */

/* What the bank signs in the login challenge; three SHA-256 hashes go in. */
void bank_put_challenge(uk_buf *out, uk_bytes origin_hash, uk_bytes nonce_hash,
    uk_bytes client_nonce_hash);
/* What the bank signs for EXTERNAL AUTHENTICATE. */
void bank_put_proof(
    uk_buf *out, uk_bytes serial, uk_bytes challenge, uk_bytes hash);
/* 1 to 64 characters of A-Z a-z 0-9 - _ . */
bool bank_order_number_ok(uk_bytes number);

/* --- money --------------------------------------------------------------- */

/* Decimals of an ISO 4217 currency we know (CNY 2, JPY 0, ...); -1: unknown. */
int bank_currency_decimals(uk_bytes currency);
/* "123.45 CNY"; UK_ERR_ARGUMENT for an unknown currency. */
UK_RESULT bank_put_money(uk_buf *out, int64_t minor, uk_bytes currency);
/* "123.45" (at most that many decimals, no sign, no blanks) to minor units. */
UK_RESULT bank_parse_amount(uk_bytes text, uk_bytes currency, int64_t *minor);

/* --- texts (docs/protocol.md, 6) ----------------------------------------- */

struct bank_order_text {
	uk_bytes from, to, payee, memo; /* memo may be empty */
	int64_t amount;
	uk_bytes currency;
	uk_bytes bank, order, customer, prepared, expires;
	/* An order that pays a bill: the merchant, his order number, and the
	 * bill's. All empty for a transfer. */
	uk_bytes merchant, merchant_order, bill;
};
UK_RESULT bank_put_order_text(uk_buf *out, const struct bank_order_text *t);

struct bank_receipt_text {
	uk_bytes from, to, payee, memo;
	int64_t amount;
	uk_bytes currency;
	uk_bytes time, receipt;
	uk_bytes bank, order;
	uk_bytes order_sha256, signature_sha256; /* 32 bytes each */
	uk_bytes display; /* "host", "terminal"; none: left out */
};
UK_RESULT bank_put_receipt_text(uk_buf *out, const struct bank_receipt_text *t);

/* RFC 3339 UTC, whole seconds: 20 characters. */
void bank_put_time(uk_buf *out, int64_t seconds);
UK_RESULT bank_parse_time(uk_bytes text, int64_t *seconds);

/* For people and logs: "+86138****1234", never more than the first six and the
 * last four (PCI DSS 4.0, 3.4.1); less is shown of short ones. */
void bank_put_masked(uk_buf *out, uk_bytes number);

#endif
