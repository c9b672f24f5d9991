/* A merchant whose orders go to the town's residents: RFC 9421 signatures and
 * sealed phone numbers, as docs/protocol.md has them. */
#ifndef BENCH_SHOP_H
#define BENCH_SHOP_H

#include "town.h"

struct shop {
	struct town *town;
	uk_key *key, *seal;
	char keyid[2 * 32 + 1];
	char authority[64]; /* of the bank */
};

/* Before the server starts: registers the merchant, and gives a phone number to
 * each resident. */
void shop_open(struct shop *s, struct town *t);
/* After that, when the port is known. */
void shop_meet(struct shop *s, unsigned port);
/* The whole HTTP request for order "wNUMBER" to that resident. */
void shop_order(
    const struct shop *s, size_t number, size_t resident, uk_blob *request);
void shop_close(struct shop *s);

#endif
