/*
 * Who signed a merchant's request, and the bank's signature under the answer
 * (docs/protocol.md, 8).
 */
#ifndef BANK_MERCHANT_AUTH_H
#define BANK_MERCHANT_AUTH_H

#include "bhs.h"
#include "routes.h"

/* Signature, digest, time and nonce of call->message and call->body: fills in
 * call->merchant. BANK_MERCHANT_SIGNATURE, BANK_REPLAYED. */
enum bank_code bank_merchant_check(struct bank *b, struct bank_call *call);

/* An answer as it goes out. */
struct bank_sealed {
	char digest[96];
	char input[1024];
	char signature[256];
};

/* The bank's signature over an answer of this status and body to the request.
 * UK_ERR_NOT_FOUND: the request had no signature to bind it to. */
UK_RESULT bank_merchant_seal(struct bank *b,
    const struct uk_http_message *request, int status, uk_bytes body,
    int64_t now, struct bank_sealed *out);

#endif
