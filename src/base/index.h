/*
 * Finding things in an array by a key: chains through the array's places.
 *
 * The array, its elements and their keys are the caller's; here is only which
 * places have a key of this hash. The hash must be as good as random to whoever
 * may choose keys: the first bytes of a cryptographic hash or MAC, or of one
 * with a secret in front (uk_index_mix is enough for numbers that we give out
 * ourselves). Memory is taken once and touched as it is used.
 */
#ifndef UK_INDEX_H
#define UK_INDEX_H

#include "mem.h"

typedef struct uk_index {
	size_t mask;            /* heads: a power of two */
	uint32_t *heads, *next; /* place + 1; 0: end of the chain */
} uk_index;

#define UK_INDEX_NONE ((size_t)-1)

/* For an array of room places, at most 2^31. To be closed also on failure. */
UK_RESULT uk_index_open(uk_index *x, size_t room);
void uk_index_close(uk_index *x); /* leaves it empty */

/* The place must be in no chain of this index. */
void uk_index_add(uk_index *x, size_t place, uint64_t hash);
/* With the hash it was added with. Not being there is allowed. */
void uk_index_remove(uk_index *x, size_t place, uint64_t hash);
/* Places that may have a key of this hash: first, then the next ones, newest
 * first; UK_INDEX_NONE ends them. */
size_t uk_index_first(const uk_index *x, uint64_t hash);
size_t uk_index_next(const uk_index *x, size_t place);

/* The first 8 bytes of a key (at least so many) that is a hash already. */
uint64_t uk_index_of(uk_bytes key);
/* Spreads a number. */
uint64_t uk_index_mix(uint64_t number);

#endif
