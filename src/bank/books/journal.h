/*
 * The journal: rows that are only ever added, each bound to all before it.
 *
 * Row n carries SHA-256( hash of row n-1 || canonical bytes of row n and its
 * entries ); before row 1 stand 32 zero bytes. So whoever noted the last hash
 * (the head) can tell later whether anything up to there was altered, left out
 * or cut off, with nothing but the database: docs/bankd.md has the bytes.
 *
 * Rows are numbered without gaps. Writers follow one another: bank_journal_lock
 * takes the one row of the table journal_head, which on every engine lets
 * nobody else in until the transaction ends, and bank_journal_unlock writes the
 * new head. Many rows may be added between the two.
 */
#ifndef BANK_JOURNAL_H
#define BANK_JOURNAL_H

#include "crypto.h"
#include "store.h"

enum {
	BANK_HASH = UK_CHECKSUM_SIZE,
	BANK_ENTRIES_MAX = 2,
	BANK_KIND_MAX = 32,  /* bytes */
	BANK_MEMO_MAX = 1024 /* bytes of what is written beside a row */
};

struct bank_entry {
	int64_t account, amount, balance; /* balance: after it */
};

struct bank_journal_row {
	int64_t id, time;
	uk_bytes kind;     /* "transfer", "deposit", "reversal" ... */
	uk_bytes memo;     /* UTF-8 */
	uk_bytes currency; /* ISO 4217; none in rows older than the chain */
	int64_t order;     /* 0: none */
	int64_t reverses;  /* the row it takes back; 0: none */
	int64_t hold;      /* paid out of this hold; 0: none */
	uk_bytes basis; /* hash of what it rests on, BANK_HASH bytes, or none */
	size_t count;
	struct bank_entry entries[BANK_ENTRIES_MAX];
};

struct bank_head {
	int64_t height; /* number of rows, and id of the last one */
	uint8_t hash[BANK_HASH];
};

/* Appends the canonical bytes. UK_ERR_TOO_SMALL if they do not fit;
 * UK_ERR_ARGUMENT if the basis has a wrong length. */
UK_RESULT bank_journal_put(uk_buf *out, const struct bank_journal_row *row);
/* The hash after this row, in place of the one before it. */
UK_RESULT bank_journal_chain(
    const struct bank_journal_row *row, uint8_t hash[BANK_HASH]);

/* What a posted order rests on: SHA-256( SHA-256(text) || SHA-256(signature) ).
 */
UK_RESULT bank_journal_basis(
    uk_bytes text, uk_bytes signature, uint8_t basis[BANK_HASH]);

/* Inside a transaction of the caller's, which ends soon. */
UK_RESULT bank_journal_lock(struct bank_store *s, struct bank_head *head);
/* Are kind, memo and basis as long as they may be? Else UK_ERR_ARGUMENT. */
UK_RESULT bank_journal_check(const struct bank_journal_row *row);
/* Numbers the row (*row gets its id), chains and stores it with its entries.
 * UK_ERR_EXISTS, here or from bank_journal_unlock: its order was posted, or
 * what it takes back was taken back already. On failure head is as before; the
 * caller rolls back. */
UK_RESULT bank_journal_add(
    struct bank_store *s, struct bank_head *head, struct bank_journal_row *row);
UK_RESULT bank_journal_unlock(
    struct bank_store *s, const struct bank_head *head);
/* The head without a lock; all zeros while the journal is empty. */
UK_RESULT bank_journal_head(struct bank_store *s, struct bank_head *head);

/* Rows with from < id <= to with their entries, oldest first; the callback ends
 * it by an error. hash: what is stored, may be none. A row that has more
 * entries than BANK_ENTRIES_MAX is handed over with count above it, and the
 * first ones filled in. Views until the callback returns. */
typedef uk_err bank_journal_fn(
    void *arg, const struct bank_journal_row *row, uk_bytes hash);
UK_RESULT bank_journal_each(struct bank_store *s, int64_t from, int64_t to,
    bank_journal_fn *fn, void *arg);
/* The row that carries this hash; UK_ERR_NOT_FOUND if none does. */
UK_RESULT bank_journal_find(struct bank_store *s, uk_bytes hash, int64_t *id);

#endif
