/*
 * The other side of a secure channel of GlobalPlatform, written from the
 * standard a second time: SCP02 and SCP03, all levels. For tests and fuzzers:
 * it shares with the card only the ciphers, which have their own vectors.
 */
#ifndef GP_HOST_H
#define GP_HOST_H

#include "vc_card.h"
#include "vc_sym.h"

enum { GP_ANSWER_MAX = 4096 };

struct gp_host {
	struct vc_crypto *crypto;
	struct vc_card *card;
	uint8_t channel; /* logical; 0 unless the test says so */
	/* static keys */
	uint8_t enc[32], mac[32], dek[32];
	size_t n;
	/* session */
	uint8_t protocol, level;
	uint8_t s_enc[32], s_mac[32], s_rmac[32], s_dek[32];
	uint8_t chain[16];
	bool chained;
	uint32_t counter;
	uint8_t answer[GP_ANSWER_MAX];
	size_t answer_len;
};

/* The keys of test cards, 16 bytes 40..4F, three times. */
void gp_host_keys(struct gp_host *h, struct vc_crypto *c, struct vc_card *card);

/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE. The status word; 0 if the
 * card's cryptogram is wrong. */
unsigned gp_open(struct gp_host *h, uint8_t version, uint8_t level);
/* The first half. */
unsigned gp_begin(struct gp_host *h, uint8_t version);
/* One command, protected as the level says; fetches all of the answer. The
 * status word; the answer's data in h->answer. 0: a bad MAC. */
unsigned gp_send(struct gp_host *h, uk_bytes apdu);
/* The protected command alone; out needs 300 bytes. */
void gp_wrap(struct gp_host *h, const uk_cmd *cmd, uk_buf *out);
/* A key as PUT KEY has it: type, length, value, check value. */
void gp_put_key(struct gp_host *h, uint8_t type, uk_bytes key, uk_buf *out);

#endif
