/*
 * Account and card numbers bound to the card: kept on it as a private data
 * object that is sealed to a key of the card's own (P-256, made when the first
 * number is bound, and able to do nothing but agree on keys). So a copy of the
 * object is worth nothing without the card and its PIN.
 *
 *   object = 01 || ephemeral point (65) || nonce (12) || ciphertext || tag (16)
 *   key    = HKDF-SHA256(x of ECDH, salt: the ephemeral point,
 *            info: "ukey bound numbers"), for AES-256-GCM; what stands before
 *            the nonce is authenticated with it
 *   text   = each number and a line feed
 */
#ifndef CLI_BOUND_H
#define CLI_BOUND_H

#include "cli.h"

enum {
	BOUND_MAX = 8, /* numbers */
	BOUND_NUMBER_MAX = 34,
	BOUND_POINT = 65,
	BOUND_TEXT_MAX = BOUND_MAX * (BOUND_NUMBER_MAX + 1),
	BOUND_SEALED_MAX = 1 + BOUND_POINT + UK_GCM_NONCE + BOUND_TEXT_MAX +
			   UK_GCM_TAG
};

/* To be wiped. */
struct bound {
	size_t n;
	char numbers[BOUND_MAX][BOUND_NUMBER_MAX + 1];
};

/* Letters, digits and '-', 4 to BOUND_NUMBER_MAX of them. */
bool bound_number_ok(uk_bytes number);
/* UK_ERR_EXISTS; UK_ERR_TOO_SMALL: there are BOUND_MAX. */
UK_RESULT bound_add(struct bound *b, uk_bytes number);
UK_RESULT bound_remove(struct bound *b, uk_bytes number); /* UK_ERR_NOT_FOUND */

/* point: the card's. Appends. */
UK_RESULT bound_seal(
    uk_crypto *c, uk_bytes point, const struct bound *b, uk_buf *out);
/* The ephemeral point, for the card; UK_ERR_FORMAT. */
UK_RESULT bound_point(uk_bytes sealed, uk_bytes *point);
/* shared: x, as the card has computed it. UK_ERR_SIGNATURE: not sealed to this
 * card, or altered. */
UK_RESULT bound_open(
    uk_crypto *c, uk_bytes shared, uk_bytes sealed, struct bound *out);

/* "622202****3445"; returns out. */
const char *cli_masked(const char *number, char out[64]);

/* From the card of cli->token, with its PIN; none if there is no object. */
CLI_RESULT cli_read_bound(struct cli *cli, struct bound *out);
/* To the card; none: the object is destroyed. */
CLI_RESULT cli_write_bound(struct cli *cli, const struct bound *b);

#endif
