/*
 * The login challenges that are out: in memory, so many and no more, each good
 * for one login and for a limited time.
 */
#ifndef BANK_NONCES_H
#define BANK_NONCES_H

#include "mem.h"
#include "proto.h"

enum { BANK_NONCE_SECONDS = 5 * 60 };

struct bank_nonces;

UK_RESULT bank_nonces_open(size_t room, struct bank_nonces **out);
void bank_nonces_close(struct bank_nonces **n); /* accepts NULL */

/* text: BANK_NONCE_TEXT characters. BANK_BUSY if all places hold challenges
 * that are still good. */
enum bank_code bank_nonces_add(
    struct bank_nonces *n, uk_bytes text, int64_t now);
/* Known and in time? Whatever the answer, it is not known any more. */
enum bank_code bank_nonces_take(
    struct bank_nonces *n, uk_bytes text, int64_t now);

#endif
