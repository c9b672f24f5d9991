/*
 * What makes the bank's words believable.
 *
 * Texts are not searched for good values: the text that must have come is built
 * again from what we know, and has to be equal byte for byte. So there is no
 * room for an additional line, another order of lines or other spelling.
 */
#ifndef BC_CHECK_H
#define BC_CHECK_H

#include "bank_client.h"

/* A certificate of the bank for signing, good at `now`. BC_NOT_BANK with the
 * reason. *out is handed over. */
bc_result bc_check_bank_cert(uk_crypto *c, const uk_trust *trust, uk_bytes der,
    int64_t now, uk_cert **out) BC_MUST_USE;

/* The bank's signature over origin, nonce and our own nonce (base64 texts). */
bc_result bc_check_challenge(uk_crypto *c, const uk_cert *bank,
    const char *origin, const char *client_nonce,
    const struct bc_challenge *challenge) BC_MUST_USE;

/* `text` is the order text for exactly this transfer at this bank. On BC_TEXT
 * .field names the first line that differs. tx gets views into text. */
bc_result bc_check_order_text(uk_bytes text, const struct bc_transfer *want,
    const char *origin, uk_tx *tx) BC_MUST_USE;

/* Reads an order text back into what was asked for; origin gets its `Bank`.
 * BC_TEXT if it is not an order text as the protocol says. */
bc_result bc_read_order_text(uk_bytes text, struct bc_transfer *out,
    char origin[BC_TEXT_MAX + 1]) BC_MUST_USE;

/* The parts of a payment's proof. */
struct bc_evidence {
	const struct bc_transfer *order;
	uk_bytes order_text;                      /* empty: not known to us */
	uk_bytes customer_signature;              /* empty: not known to us */
	uk_bytes receipt, signature, certificate; /* the bank's */
};

/* What a good receipt does not say about itself. */
struct bc_verdict {
	/* It names the hash of order_text. */
	bool binds_text;
	/* It names the hash of customer_signature. If not, the order was
	 * confirmed with another signature: by another run of the client. */
	bool binds_signature;
};

/*
 * The receipt is signed by the bank with a certificate that was good at the
 * time it names, and is about exactly this order. A known order_text must be
 * the one it names. BC_RECEIPT with the line that is wrong.
 */
bc_result bc_check_receipt(uk_crypto *c, const uk_trust *trust,
    const char *origin, const struct bc_evidence *e,
    struct bc_verdict *verdict) BC_MUST_USE;

#endif
