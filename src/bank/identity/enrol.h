/*
 * Requests for certificates that wait until somebody at the bank has looked at
 * them. Anybody may ask; a request is nothing but a wish, a name that somebody
 * claims and a key whose private half he has. Who asked is known by a receipt,
 * 256 random bits of which the bank keeps the hash.
 *
 * A state never changes twice, and only waiting requests are limited in number:
 * what nobody has looked at for a month is swept away.
 */
#ifndef BANK_ENROL_H
#define BANK_ENROL_H

#include "ca.h"

enum {
	BANK_ENROL_RECEIPT = 64, /* hex characters */
	BANK_ENROL_WAITING = 1000,
	BANK_ENROL_SECONDS = 30 * 86400,
	BANK_ENROL_REASON = 200
};

enum bank_enrol_state {
	BANK_ENROL_ASKED,
	BANK_ENROL_APPROVED,
	BANK_ENROL_REJECTED
};

struct bank_enrol {
	int64_t id, time;
	enum bank_enrol_state state;
	enum uk_purpose purpose;
	uk_blob name, request; /* as claimed; PEM */
	uk_blob key;           /* SHA-256 of the SubjectPublicKeyInfo */
	uk_blob reason;        /* of a rejection, for the customer */
	uk_blob certificate;   /* DER, once approved */
};
void bank_enrol_free(struct bank_enrol *e);
/* "waiting", "approved", "rejected". */
const char *bank_enrol_state_name(enum bank_enrol_state state);

/* Appends the receipt. UK_ERR_CARD_BUSY: too many are waiting. Errors of
 * bank_ca_check_request. In a transaction of its own. */
UK_RESULT bank_enrol_ask(struct bank_store *s, uk_crypto *c, uk_bytes name,
    enum uk_purpose purpose, uk_bytes request, int64_t now, uk_buf *receipt);
/* UK_ERR_NOT_FOUND. */
UK_RESULT bank_enrol_by_receipt(struct bank_store *s, uk_crypto *c,
    uk_bytes receipt, struct bank_enrol *out);
UK_RESULT bank_enrol_by_id(
    struct bank_store *s, int64_t id, struct bank_enrol *out);
/* Those that wait, oldest first. */
typedef void bank_enrol_fn(void *arg, const struct bank_enrol *e);
UK_RESULT bank_enrol_each(struct bank_store *s, bank_enrol_fn *fn, void *arg);

/* Inside a transaction of the caller's. UK_ERR_CONDITIONS: decided already. */
UK_RESULT bank_enrol_approve(
    struct bank_store *s, int64_t id, uk_bytes certificate, int64_t now);
UK_RESULT bank_enrol_reject(
    struct bank_store *s, int64_t id, uk_bytes reason, int64_t now);

#endif
