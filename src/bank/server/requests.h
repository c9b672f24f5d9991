/*
 * Request bodies: JSON to structs, with every length checked. Pure: what is
 * wrong with a body shows here and nowhere else. Answers are UK_ERR_FORMAT for
 * anything malformed; the struct may be freed in either case.
 */
#ifndef BANK_REQUESTS_H
#define BANK_REQUESTS_H

#include "login_token.h"

struct bank_challenge_request {
	uk_blob client_nonce; /* the base64 text of 32 bytes */
};

struct bank_login_request {
	uk_blob nonce; /* text */
	struct bank_token token;
};

/* Somebody asks for a certificate (docs/protocol.md, 12). */
struct bank_enrol_request {
	uk_blob name, purpose, request;
};

struct bank_order_request {
	uk_blob number, from, to, payee, currency, memo;
	int64_t amount;
	const struct bank_bill *bill; /* that it pays; NULL for a transfer */
};

struct bank_bill;

/* A merchant's order (docs/protocol.md, 8). */
struct bank_merchant_request {
	uk_blob number, phone, payee, currency, memo, callback;
	uk_blob items; /* JSON text of an array; empty: there are none */
	uk_blob method, terminal; /* may be empty */
	int64_t amount, seconds;
};

/* Which account pays a bill, and why one is rejected. */
struct bank_bill_pay_request {
	uk_blob number, from;
};

struct bank_bill_reject_request {
	uk_blob reason;
};

struct bank_proof_request {
	uk_blob serial, challenge, algorithm;
	uk_blob certificate; /* may be empty */
};

struct bank_confirm_request {
	uk_blob text, algorithm, signature, certificate;
	uk_blob display, statement; /* level, and the terminal's words */
};

/* --- card terminals ------------------------------------------------------- */

struct bank_pos_register_request {
	uk_blob email, password, account;
};

struct bank_pos_confirm_request {
	uk_blob token, password;
};

struct bank_pos_login_request {
	uk_blob email, password;
};

struct bank_pos_password_request {
	uk_blob old, fresh;
};

struct bank_pos_reader_request {
	uk_blob algorithm; /* text; may be empty */
};

struct bank_pos_authorise_request {
	uk_blob ksn, card, emv, pin_block, signature, mac;
};

struct bank_pos_complete_request {
	uk_blob emv; /* may be empty */
};

UK_RESULT bank_read_pos_register(
    uk_bytes body, struct bank_pos_register_request *out);
UK_RESULT bank_read_pos_confirm(
    uk_bytes body, struct bank_pos_confirm_request *out);
UK_RESULT bank_read_pos_login(
    uk_bytes body, struct bank_pos_login_request *out);
UK_RESULT bank_read_pos_password(
    uk_bytes body, struct bank_pos_password_request *out);
UK_RESULT bank_read_pos_reader(
    uk_bytes body, struct bank_pos_reader_request *out);
UK_RESULT bank_read_pos_authorise(
    uk_bytes body, struct bank_pos_authorise_request *out);
UK_RESULT bank_read_pos_complete(
    uk_bytes body, struct bank_pos_complete_request *out);

/* What is secret is wiped. */
void bank_free_pos_register(struct bank_pos_register_request *r);
void bank_free_pos_confirm(struct bank_pos_confirm_request *r);
void bank_free_pos_login(struct bank_pos_login_request *r);
void bank_free_pos_password(struct bank_pos_password_request *r);
void bank_free_pos_reader(struct bank_pos_reader_request *r);
void bank_free_pos_authorise(struct bank_pos_authorise_request *r);
void bank_free_pos_complete(struct bank_pos_complete_request *r);

/* --- customers ------------------------------------------------------------ */

UK_RESULT bank_read_challenge(
    uk_bytes body, struct bank_challenge_request *out);
UK_RESULT bank_read_login(uk_bytes body, struct bank_login_request *out);
UK_RESULT bank_read_enrol(uk_bytes body, struct bank_enrol_request *out);
UK_RESULT bank_read_order(uk_bytes body, struct bank_order_request *out);
UK_RESULT bank_read_proof(uk_bytes body, struct bank_proof_request *out);
UK_RESULT bank_read_confirm(uk_bytes body, struct bank_confirm_request *out);

UK_RESULT bank_read_merchant(uk_bytes body, struct bank_merchant_request *out);
UK_RESULT bank_read_bill_pay(uk_bytes body, struct bank_bill_pay_request *out);
UK_RESULT bank_read_bill_reject(
    uk_bytes body, struct bank_bill_reject_request *out);

void bank_free_challenge(struct bank_challenge_request *r);
void bank_free_login(struct bank_login_request *r);
void bank_free_enrol(struct bank_enrol_request *r);
void bank_free_order(struct bank_order_request *r);
void bank_free_proof(struct bank_proof_request *r);
void bank_free_confirm(struct bank_confirm_request *r);
void bank_free_merchant(struct bank_merchant_request *r);
void bank_free_bill_pay(struct bank_bill_pay_request *r);
void bank_free_bill_reject(struct bank_bill_reject_request *r);

#endif
