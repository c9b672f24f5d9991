/*
 * Answers of the bank: JSON to structs (docs/protocol.md). Pure: no network.
 *
 * Every parser is strict: a missing member, a wrong type, a text that is too
 * long or holds control characters, duplicate names or bytes behind the end
 * make the whole answer UK_ERR_FORMAT. On failure nothing needs to be freed.
 */
#ifndef BC_ANSWER_H
#define BC_ANSWER_H

#include "mem.h"
#include "proto.h"

/* How an exchange with the bank ended. */
enum bc_fault {
	BC_OK,
	BC_LOCAL,       /* .err: a failure on this side; nothing was sent */
	BC_REFUSED,     /* .code: the bank says no */
	BC_UNREACHABLE, /* no connection: nothing was sent */
	BC_TLS,       /* the server is not the one we trust; nothing was sent */
	BC_NO_ANSWER, /* sent, but no whole answer came: it may have been done
		       */
	BC_MALFORMED, /* the answer is not as the protocol says */
	BC_NOT_BANK,  /* .err: the bank did not prove itself */
	BC_REBOUND,   /* another connection than the one that was signed for:
		       * nothing was sent */
	BC_TEXT,      /* .field: the text is not what the customer asked for */
	BC_RECEIPT,   /* .field: the receipt does not prove the payment */
	BC_FAULT_COUNT
};

/* Like uk_err a struct, so that it cannot be mistaken for another result. */
typedef struct bc_result {
	enum bc_fault fault;
	enum bank_code code; /* with BC_REFUSED */
	uk_err err;          /* with BC_LOCAL and BC_NOT_BANK */
	const char *field;   /* with BC_TEXT and BC_RECEIPT: a constant */
} bc_result;

#define BC_MUST_USE __attribute__((warn_unused_result))

static inline BC_MUST_USE bc_result bc_ok(void)
{
	return (bc_result){ BC_OK, BANK_OK, { UK_OK, 0 }, "" };
}

static inline BC_MUST_USE bc_result bc_fail(enum bc_fault fault)
{
	return (bc_result){ fault, BANK_OK, { UK_OK, 0 }, "" };
}

static inline BC_MUST_USE bc_result bc_fail_err(enum bc_fault fault, uk_err err)
{
	return (bc_result){ fault, BANK_OK, err, "" };
}

static inline BC_MUST_USE bc_result bc_fail_field(
    enum bc_fault fault, const char *field)
{
	return (bc_result){ fault, BANK_OK, { UK_OK, 0 }, field };
}

static inline bool bc_is_ok(bc_result r)
{
	return r.fault == BC_OK;
}

enum {
	BC_NAME_MAX = 64, /* bytes of an account or order number */
	BC_TEXT_MAX =
	    1024, /* bytes of a name, memo (256 characters) or origin */
	BC_SECRET_MAX = 256,   /* bytes of a session's secret */
	BC_ENROL_RECEIPT = 64, /* characters of the receipt for a request */
	BC_LIST_MAX = 1000     /* accounts or records in one answer */
};

/* {"error":{"code","message"}}: BANK_INTERNAL for a code we do not know. */
UK_RESULT bc_parse_error(uk_bytes json, enum bank_code *code);

struct bc_bank_info {
	char name[BC_TEXT_MAX + 1];
	char origin[BC_TEXT_MAX + 1];
	uk_blob certificate;
};
UK_RESULT bc_parse_bank(uk_bytes json, struct bc_bank_info *out);
void bc_bank_info_free(struct bc_bank_info *b);

struct bc_challenge {
	char nonce[BANK_NONCE_TEXT_MAX + 1];
	int64_t expires;
	uk_blob signature, certificate;
};
UK_RESULT bc_parse_challenge(uk_bytes json, struct bc_challenge *out);
void bc_challenge_free(struct bc_challenge *c);

struct bc_account {
	char account[BC_NAME_MAX + 1];
	char name[BC_TEXT_MAX + 1];
	char currency[4];
	int64_t balance;
};
struct bc_accounts {
	struct bc_account *items;
	size_t n;
};
UK_RESULT bc_parse_accounts(uk_bytes json, struct bc_accounts *out);
void bc_accounts_free(struct bc_accounts *a);

struct bc_login {
	char session[BC_SECRET_MAX + 1];
	int64_t expires;
	char customer[BC_TEXT_MAX + 1];
	struct bc_accounts accounts;
};
UK_RESULT bc_parse_login(uk_bytes json, struct bc_login *out);
void bc_login_free(struct bc_login *l); /* wipes the secret */

struct bc_record {
	int64_t id, time, amount, balance;
	char account[BC_NAME_MAX + 1], counterparty[BC_NAME_MAX + 1];
	char counterparty_name[BC_TEXT_MAX + 1], memo[BC_TEXT_MAX + 1];
	char currency[4];
	char order[BANK_ORDER_NUMBER_MAX + 1];
};
struct bc_records {
	struct bc_record *items;
	size_t n;
	bool more;
};
UK_RESULT bc_parse_records(uk_bytes json, struct bc_records *out);
void bc_records_free(struct bc_records *r);

/* Prepared: text and expires. Posted: receipt, its signature and certificate.
 */
struct bc_order {
	char number[BANK_ORDER_NUMBER_MAX + 1];
	bool posted;
	uk_blob text;
	int64_t expires;
	uk_blob receipt, signature, certificate;
};
UK_RESULT bc_parse_order(uk_bytes json, struct bc_order *out);
void bc_order_free(struct bc_order *o);

/* Of order `number`; out is replaced. */
UK_RESULT bc_parse_evidence(uk_bytes json, const char *number, uk_blob *out);

struct bc_proof {
	uint8_t hash[UK_HASH_MAX];
	size_t hash_len;
	uint8_t signature[64];
};
UK_RESULT bc_parse_proof(uk_bytes json, struct bc_proof *out);

struct bc_bill {
	char bill[BC_NAME_MAX + 1], to[BC_NAME_MAX + 1];
	char merchant[BC_TEXT_MAX + 1], payee[BC_TEXT_MAX + 1];
	char merchant_order[BC_NAME_MAX + 1];
	char memo[BC_TEXT_MAX + 1], reason[BC_TEXT_MAX + 1];
	char state[16], receipt[32];
	char currency[4];
	int64_t amount, expires;
	bool merchant_told;
};
struct bc_bills {
	struct bc_bill *items;
	size_t n;
	int64_t last; /* number of the last event */
};
struct bc_event {
	int64_t number;
	char kind[16]; /* "new", "paid" ... */
	struct bc_bill bill;
};
UK_RESULT bc_parse_event(uk_bytes json, struct bc_event *out);
UK_RESULT bc_parse_bill(uk_bytes json, struct bc_bill *out);
UK_RESULT bc_parse_bills(uk_bytes json, struct bc_bills *out);
void bc_bills_free(struct bc_bills *b);

enum bc_enrol_state { BC_ENROL_WAITING, BC_ENROL_APPROVED, BC_ENROL_REJECTED };

/* What has become of a request for a certificate. */
struct bc_enrolment {
	enum bc_enrol_state state;
	/* The receipt; only in the answer to the request itself, else "". */
	char enrolment[BC_ENROL_RECEIPT + 1];
	uk_blob certificate;          /* approved: DER */
	char reason[BC_TEXT_MAX + 1]; /* rejected */
};
UK_RESULT bc_parse_enrolment(uk_bytes json, struct bc_enrolment *out);
void bc_enrolment_free(struct bc_enrolment *e); /* wipes the receipt */
/* BC_ENROL_RECEIPT letters and digits: it becomes a part of paths. */
bool bc_is_receipt(const char *text);

#endif
