/*
 * The heap: the only doors to it, so that tests can make the Nth call fail.
 *
 * Long-lived things are allocated (module, slots, card, sessions, documents);
 * everything else uses its caller's storage. Memory comes zeroed.
 */
#ifndef UK_MEM_H
#define UK_MEM_H

#include "bytes.h"

/* count * size zeroed bytes, or NULL (also when the product overflows or is 0).
 */
void *uk_new_array(size_t count, size_t size);
static inline void *uk_new(size_t size)
{
	return uk_new_array(1, size);
}
/* Grows or shrinks an array; new elements are zeroed. NULL leaves the old one
 * untouched. Never for secrets: the old place is not wiped. */
void *uk_resize_array(void *old, size_t old_count, size_t count, size_t size);
/* A copy with a NUL byte behind it (so it also serves as a string). */
uint8_t *uk_dup(uk_bytes v);
char *uk_dup_str(const char *s);
void uk_free(void *p); /* accepts NULL */

/* A growable byte string for documents of unknown size. */
typedef struct uk_blob {
	uint8_t *p;
	size_t n;
} uk_blob;
UK_RESULT uk_blob_set(uk_blob *b, uk_bytes v); /* replaces the content */
UK_RESULT uk_blob_add(uk_blob *b, uk_bytes v); /* appends */
void uk_blob_free(uk_blob *b);                 /* leaves it empty */
static inline uk_bytes uk_blob_view(const uk_blob *b)
{
	return uk_view(b->p, b->n);
}

/* For allocators of their own (secret.c), so that the switch and the count
 * below hold for them too: asks before taking, tells after giving back. */
bool uk_mem_may_take(void);
void uk_mem_given_back(void);

/*
 * For tests: the call number `nth` from now (1 = the next) and none else
 * returns NULL; 0 turns it off. uk_mem_calls counts calls since then, and
 * uk_mem_live what is allocated and not yet freed. Not meant for use with
 * threads.
 */
void uk_mem_fail_nth(unsigned long nth);
unsigned long uk_mem_calls(void);
long uk_mem_live(void);

#endif
