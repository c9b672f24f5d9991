/*
 * What cards tell everybody, remembered from one program to the next.
 *
 * One file for each application of each card, in a folder of the user's: what
 * the driver has read there without a login, item by item. A driver opens it
 * when it knows which card it has and what the card itself says of its content
 * now (the proof: a version, a digest, whatever costs one command and is never
 * the same for two contents). With another proof the file counts for nothing.
 *
 * Never anything that needs a login to be read: the driver sees to that. A file
 * that is damaged, that somebody else could have written, or that belongs to
 * another card or content is as good as none. Nothing here can fail: without a
 * cache everything is read from the card.
 *
 * Of the reader's lock, like the card itself.
 */
#ifndef UK_CACHE_H
#define UK_CACHE_H

#include "bytes.h"

typedef struct uk_cache uk_cache;

enum {
	UK_CACHE_NAME_MAX = 32,
	UK_CACHE_PROOF_MAX = 64,
	UK_CACHE_ITEMS_MAX = 64,
	UK_CACHE_SIZE_MAX = 128 * 1024, /* of one file */
	UK_CACHE_FILES_MAX = 32         /* the oldest ones go */
};

/* The folder, which is made when the first file is; NULL: nothing is remembered
 * (and so it is at first). Not while a card is open. */
void uk_cache_use(const char *folder);

/* Are cards to be believed that hold, by the same name and without a proof of
 * their content, what they held? Drivers ask; at first: no. */
void uk_cache_believe(bool names);
/* false for NULL */
bool uk_cache_believes(const uk_cache *c);

/* kind: as in uk_card_info; name: the card's own, 1 to 32 bytes. NULL if
 * nothing is remembered; every function below accepts that. */
uk_cache *uk_cache_open(const char *kind, uk_bytes name, uk_bytes proof);
/* What the card says of its content now; none: nobody knows. If that is
 * something else than before, all is forgotten. */
void uk_cache_prove(uk_cache *c, uk_bytes proof);
/* The proof is good, and what was remembered by it was not: all is forgotten,
 * also in the file, when that is saved. */
void uk_cache_start_anew(uk_cache *c);
/* item: the driver's own number (those of hint.c excepted). A view, good until
 * the next call. */
bool uk_cache_get(uk_cache *c, uint32_t item, uk_bytes *value);
/* Too much is not kept. Does nothing while nobody knows. */
void uk_cache_put(uk_cache *c, uint32_t item, uk_bytes value);
/* Writes the file if there is something new in it. */
void uk_cache_save(uk_cache *c);
void uk_cache_close(uk_cache **c); /* without saving; accepts NULL */

#endif
