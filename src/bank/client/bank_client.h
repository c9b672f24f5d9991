/*
 * The customer's side of the bank protocol (docs/protocol.md).
 *
 * One function per request. What the bank answers is believed only as far as it
 * was proved: answers are parsed strictly, the bank's signing certificate and
 * its signatures are checked here, and the text of an order is compared with
 * what the customer asked for before anybody is shown it as "your order". The
 * card is not this room's business: whoever calls hands over what the card
 * signed.
 */
#ifndef BANK_CLIENT_H
#define BANK_CLIENT_H

#include "bc_answer.h"
#include "crypto.h"

typedef struct bc_bank bc_bank; /* one bank; for one thread */

/* `origin` is https://host[:port] (a slash behind it is allowed), `ca_file` PEM
 * with the CAs trusted for the connection and for the bank's signing
 * certificate. No connection is made yet. Borrows c. */
bc_result bc_open(uk_crypto *c, const char *origin, const char *ca_file,
    bc_bank **out) BC_MUST_USE;
void bc_close(bc_bank **bank); /* accepts NULL; wipes the session */

/* As it is signed and compared: lower case, no default port, no slash. */
const char *bc_origin(const bc_bank *bank);
const uk_trust *bc_trust(const bc_bank *bank);

/* The secret of the session, as login set it or as it was kept; "" = none. */
const char *bc_session(const bc_bank *bank);
uk_err bc_set_session(bc_bank *bank, const char *session)
    __attribute__((warn_unused_result));

/* GET /v1/bank. The certificate is checked for bank signing. */
bc_result bc_get_bank(bc_bank *bank, struct bc_bank_info *out) BC_MUST_USE;

/* --- login (3) ------------------------------------------------------------ */

/* Asks for a challenge and checks that the bank signed it for this origin and
 * this client. BC_NOT_BANK if not. */
bc_result bc_get_challenge(bc_bank *bank, struct bc_challenge *out) BC_MUST_USE;
/* What the signature of the next login binds to: bc_get_challenge binds the
 * bank to its connection, until bc_login or bc_logout. */
enum bc_binding {
	BC_BIND_EXPORTER,  /* the connection; the default */
	BC_BIND_END_POINT, /* the server's certificate, where a front ends TLS
			    */
	BC_BIND_NOTHING    /* a plain Web eID token */
};
void bc_set_binding(bc_bank *bank, enum bc_binding binding);
/* What card key 01 signs: hash(origin) || hash(nonce) [|| hash(binding)];
 * appends. */
uk_err bc_put_login_message(const bc_bank *bank, const char *nonce,
    enum uk_hash hash, uk_buf *out) __attribute__((warn_unused_result));
/* On success the bank has a session. */
bc_result bc_login(bc_bank *bank, const char *nonce, const char *algorithm,
    uk_bytes signature, uk_bytes certificate, struct bc_login *out) BC_MUST_USE;
bc_result bc_logout(bc_bank *bank) BC_MUST_USE;

/* --- accounts and records (4) --------------------------------------------- */

bc_result bc_get_accounts(bc_bank *bank, struct bc_accounts *out) BC_MUST_USE;
/* before 0: from the newest. */
bc_result bc_get_records(bc_bank *bank, const char *account, int64_t before,
    unsigned limit, struct bc_records *out) BC_MUST_USE;

/* --- transfer (5) --------------------------------------------------------- */

/* What the customer asks for. */
struct bc_transfer {
	char order[BANK_ORDER_NUMBER_MAX + 1];
	char from[BC_NAME_MAX + 1], to[BC_NAME_MAX + 1];
	char payee[BC_TEXT_MAX + 1], memo[BC_TEXT_MAX + 1]; /* memo may be "" */
	int64_t amount;                                     /* minor units */
	char currency[4];
	/* What it pays, if it pays a bill; all "" for a transfer. */
	char bill[BC_NAME_MAX + 1];
	char merchant[BC_TEXT_MAX + 1], merchant_order[BC_NAME_MAX + 1];
};

/* A fresh order number of 26 characters: milliseconds, then 80 random bits, so
 * that numbers sort by time (the layout of a ULID). */
uk_err bc_make_order_number(uk_crypto *c, int64_t now_ms,
    char out[BANK_ORDER_NUMBER_MAX + 1]) __attribute__((warn_unused_result));

bc_result bc_prepare(bc_bank *bank, const struct bc_transfer *want,
    struct bc_order *out) BC_MUST_USE;
bc_result bc_get_order(
    bc_bank *bank, const char *number, struct bc_order *out) BC_MUST_USE;
/* If the order has been posted meanwhile (by another client), *posted is it and
 * there is no proof; otherwise posted->posted is false. */
bc_result bc_get_proof(bc_bank *bank, const char *number, uk_bytes serial,
    uk_bytes challenge, const char *algorithm, uk_bytes certificate,
    struct bc_proof *out, struct bc_order *posted) BC_MUST_USE;
/* What the customer's card signed, and how it was shown (9). */
struct bc_confirmation {
	uk_bytes text, signature, certificate;
	const char *algorithm;
	const char *display; /* "none", "host", "terminal"; "" is none */
	uk_bytes statement;  /* the terminal's; empty: none */
};
/* May be repeated: the bank posts once. */
bc_result bc_confirm(bc_bank *bank, const char *number,
    const struct bc_confirmation *c, struct bc_order *out) BC_MUST_USE;
/* What the bank keeps of a posted order: SignedData, DER (10). */
bc_result bc_get_evidence(
    bc_bank *bank, const char *number, uk_blob *out) BC_MUST_USE;

/* --- bills (7) ------------------------------------------------------------ */

/* Those that wait for an answer, or all. wait: so many seconds at most (0 to
 * 20) for something after the event number `after`. */
bc_result bc_get_bills(bc_bank *bank, bool all, int64_t after, unsigned wait,
    struct bc_bills *out) BC_MUST_USE;
bc_result bc_get_bill(
    bc_bank *bank, const char *number, struct bc_bill *out) BC_MUST_USE;
/* A person has seen it. */
bc_result bc_show_bill(bc_bank *bank, const char *number) BC_MUST_USE;
bc_result bc_reject_bill(bc_bank *bank, const char *number, const char *reason,
    struct bc_bill *out) BC_MUST_USE;
/* What comes, as it comes: a stream over a connection of its own, from behind
 * the event number `after`; whoever keeps the number of the last event loses
 * and hears twice nothing, however often it breaks. The bank may be used
 * meanwhile and must stay. */
typedef struct bc_events bc_events;
bc_result bc_events_open(
    bc_bank *bank, int64_t after, bc_events **out) BC_MUST_USE;
void bc_events_close(bc_events **e); /* accepts NULL */
/* Waits. BC_NO_ANSWER: it broke; BC_REFUSED with BANK_NO_SESSION: log in. */
bc_result bc_events_next(bc_events *e, struct bc_event *out) BC_MUST_USE;
/* Inside the room: takes over the stream. */
struct bc_stream;
bc_result bc_events_over(
    struct bc_stream **stream, bc_events **out) BC_MUST_USE;
/* What pays it, but for order and from; to be given to bc_prepare. */
uk_err bc_bill_transfer(const struct bc_bill *bill, struct bc_transfer *out)
    __attribute__((warn_unused_result));

/* --- enrolment (12) ------------------------------------------------------- */

/* Asks for a certificate. request: PKCS #10, PEM. The answer waits, and has the
 * receipt by which alone it is asked for later. */
bc_result bc_enrol(bc_bank *bank, const char *name, const char *purpose,
    const char *request, struct bc_enrolment *out) BC_MUST_USE;
bc_result bc_get_enrolment(
    bc_bank *bank, const char *enrolment, struct bc_enrolment *out) BC_MUST_USE;

#endif
