/*
 * What a terminal keeps, in a folder of mode 0700: the statement key, the
 * number of the last statement, the hosts it is paired with.
 */
#ifndef TRM_KEEP_H
#define TRM_KEEP_H

#include "crypto.h"
#include "pairs.h"

enum { TRM_KEEP_PATH = 4096 };

struct trm_keep {
	char dir[TRM_KEEP_PATH];
	uk_crypto *crypto;
	uk_key *key;
	uint8_t point[TRM_PAIRING_POINT];
	uint64_t number; /* of the last statement */
};

/* Makes folder and key if they are not there. why: one line for people. */
UK_RESULT trm_keep_open(
    const char *dir, struct trm_keep *out, char *why, size_t why_cap);
void trm_keep_close(struct trm_keep *k);

/* The next number: it is on the disk before it is told, so that none is ever
 * given twice. */
UK_RESULT trm_keep_count(struct trm_keep *k, uint64_t *number);
/* The secret of the pairing with this name. */
bool trm_keep_find(struct trm_keep *k, uk_bytes id, struct trm_secret *out);
UK_RESULT trm_keep_pair(struct trm_keep *k, const struct trm_paired *p);

#endif
