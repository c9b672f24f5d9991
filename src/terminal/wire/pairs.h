/*
 * The pairs a side knows, in a file of mode 0600: one line each,
 *
 *   name-of-the-pairing (32 hex) secret (64 hex) statement key (130 hex) their
 * name
 *
 * A host has one terminal in its file, a terminal many hosts. What cannot be
 * read is an error, never an empty list: a program that finds none must not
 * write over what somebody could still want.
 */
#ifndef TRM_PAIRS_H
#define TRM_PAIRS_H

#include "pairing.h"

enum { TRM_PAIRS_MAX = 16 };

struct trm_pairs {
	struct trm_paired list[TRM_PAIRS_MAX];
	size_t n;
};

/* The caller wipes *out. A file that is not there: no pairs. UK_ERR_FORMAT;
 * UK_ERR_NO_PERMISSION: others may read it. */
UK_RESULT trm_pairs_read(const char *path, struct trm_pairs *out);
/* Whole or not at all. */
UK_RESULT trm_pairs_write(const char *path, const struct trm_pairs *p);
/* Adds one; the oldest goes if there are too many. */
void trm_pairs_add(struct trm_pairs *p, const struct trm_paired *one);
const struct trm_paired *trm_pairs_find(const struct trm_pairs *p, uk_bytes id);

/* Reads and writes the text alone. */
UK_RESULT trm_pairs_parse(uk_bytes text, struct trm_pairs *out);
void trm_pairs_put(uk_buf *out, const struct trm_pairs *p);

#endif
