/*
 * Card readers of terminals: asked for by their owner, prepared by the bank
 * with an initial key of their own (src/payment/dukpt.h), and known by what
 * stands in front of the counter in their KSN. Each transaction's counter must
 * be higher than the last, so that nothing is taken twice.
 */
#ifndef BANK_POS_READERS_H
#define BANK_POS_READERS_H

#include "dukpt.h"
#include "pos.h"

enum { BANK_READERS_EACH = 8 };

/* As stored. */
enum bank_reader_kind { BANK_READER_AES = 1, BANK_READER_TDES = 2 };

/* BANK_BUSY: the owner has as many as there may be. */
enum bank_code bank_reader_request(struct bank_pos *p, int64_t owner,
    enum bank_reader_kind kind, int64_t now, int64_t *id);

struct bank_reader_key { /* secret */
	enum bank_reader_kind kind;
	uint8_t id[UK_DUKPT_KSN_TDES]; /* AES: UK_DUKPT_ID bytes of it */
	size_t id_len;
	uint8_t key[UK_DUKPT_KEY]; /* initial key */
};
/* Prepares the reader: once, UK_ERR_EXISTS after that; UK_ERR_NOT_FOUND. */
UK_RESULT bank_reader_release(
    struct bank_pos *p, int64_t reader, struct bank_reader_key *out);

struct bank_reader {
	int64_t id;
	enum bank_reader_kind kind;
	int64_t counter; /* of the last transaction */
	bool released;
};
typedef void bank_reader_fn(void *arg, const struct bank_reader *r);
UK_RESULT bank_readers_each(
    struct bank_pos *p, int64_t owner, bank_reader_fn *fn, void *arg);

/* The keys of one transaction. BANK_READER: not this owner's reader, or not a
 * counter that is still to come. The caller wipes. */
enum bank_code bank_reader_keys(struct bank_pos *p, int64_t owner, uk_bytes ksn,
    struct bank_reader *reader, struct uk_dukpt_keys *keys);
/* Inside a transaction: the counter of this KSN is used. */
UK_RESULT bank_reader_used(
    struct bank_pos *p, const struct bank_reader *r, uk_bytes ksn);

#endif
