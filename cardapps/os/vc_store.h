/*
 * The card's memory chip: one file that is always whole.
 *
 * A write goes to a temporary file in the same folder, is flushed, and replaces
 * the old file by rename; the folder is flushed too. Killing the process or the
 * machine at any moment leaves the old content or the new one. What is in
 * it, the private keys of a *test* card, is protected by its mode 0600, and by
 * nothing else unless it is sealed (vc_seal.h).
 *
 * A sibling NAME.lock keeps two processes from writing the same card.
 */
#ifndef VC_STORE_H
#define VC_STORE_H

#include "mem.h"

enum vc_store_mode {
	VC_STORE_READ, /* no lock; writing fails */
	VC_STORE_WRITE,
	VC_STORE_CREATE /* UK_ERR_EXISTS if the file is there */
};

enum { VC_STORE_MAX = 1 << 20 }; /* longest file that is read or written */

struct vc_store;

/* UK_ERR_NOT_FOUND; UK_ERR_EXISTS; UK_ERR_CARD_BUSY if another process has it;
 * UK_ERR_IO (errno tells more). */
UK_RESULT vc_store_open(
    const char *path, enum vc_store_mode mode, struct vc_store **out);
void vc_store_close(struct vc_store **store);

/* The whole file in pages from uk_secret_new, which the caller frees; *n bytes.
 * UK_ERR_FORMAT if it is empty or longer than VC_STORE_MAX. */
UK_RESULT vc_store_read(struct vc_store *store, uint8_t **p, size_t *n);
/* Replaces the content; on failure (UK_ERR_IO) the old one is still there.
 * NULL as store writes nowhere: a card that lives in memory only. */
UK_RESULT vc_store_write(struct vc_store *store, uk_bytes content);

/* For tests: write number `nth` from now fails (1 = the next); 0 = none. */
void vc_store_fail_nth(unsigned long nth);
unsigned long vc_store_writes(void); /* since then */
/* Power fails in write number `nth` from now: it and all that follow leave the
 * old content, half of the new one beside it. 0: there is power. */
void vc_store_cut_power(unsigned long nth);

#endif
