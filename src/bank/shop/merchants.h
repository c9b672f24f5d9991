/*
 * Merchants: who may place orders, and with which keys.
 *
 * A merchant has an account that is paid into, an address that is called back,
 * and keys. While keys change, two are valid; an old one gets an end. Nonces of
 * signed requests are kept as long as a request may be old, so that none is
 * heard twice, also not after a restart.
 */
#ifndef BANK_MERCHANTS_H
#define BANK_MERCHANTS_H

#include "customers.h"

enum {
	BANK_URL_MAX = 512,
	BANK_MERCHANT_KEYS = 4 /* valid at a time */
};

struct bank_merchant {
	int64_t id, account;
	char name[BANK_NAME_MAX + 1];
	char number[BANK_ACCOUNT_MAX + 1]; /* of the account */
	char currency[BANK_CURRENCY_LEN + 1];
	char callback[BANK_URL_MAX + 1];
	bool disabled;
};

/* UK_ERR_EXISTS: the name is taken. Not in a transaction of its own. */
UK_RESULT bank_merchant_make(struct bank_store *s, uk_bytes name,
    int64_t account, uk_bytes callback, int64_t *id);
UK_RESULT bank_merchant_find(
    struct bank_store *s, uk_bytes name, struct bank_merchant *out);
UK_RESULT bank_merchant_get(
    struct bank_store *s, int64_t id, struct bank_merchant *out);
typedef void bank_merchant_fn(void *arg, const struct bank_merchant *m);
UK_RESULT bank_merchants_each(
    struct bank_store *s, bank_merchant_fn *fn, void *arg);
/* Those paid into an account of this customer, in order of their names, at most
 * BANK_MERCHANTS_OF. */
enum { BANK_MERCHANTS_OF = 100 };
UK_RESULT bank_merchants_of(
    struct bank_store *s, int64_t customer, bank_merchant_fn *fn, void *arg);
/* This one, if it is his; else UK_ERR_NOT_FOUND. */
UK_RESULT bank_merchant_of(struct bank_store *s, int64_t customer, int64_t id,
    struct bank_merchant *out);
UK_RESULT bank_merchant_disable(struct bank_store *s, int64_t id, bool yes);
UK_RESULT bank_merchant_move(
    struct bank_store *s, int64_t id, uk_bytes callback);

struct bank_merchant_key {
	int64_t merchant;
	char alg[32];
	uk_blob spki;
};

/* alg: name of RFC 9421. UK_ERR_EXISTS: this key is registered already. */
UK_RESULT bank_merchant_add_key(struct bank_store *s, int64_t merchant,
    uk_bytes keyid, uk_bytes alg, uk_bytes spki, int64_t from);
/* All keys but this one end at `when`, unless they end earlier. */
UK_RESULT bank_merchant_end_keys(
    struct bank_store *s, int64_t merchant, uk_bytes keyid, int64_t when);
/* A key that is valid now, of a merchant that is not disabled; else
 * UK_ERR_NOT_FOUND. The blob is the caller's. */
UK_RESULT bank_merchant_find_key(struct bank_store *s, uk_bytes keyid,
    int64_t now, struct bank_merchant_key *out);

/* UK_ERR_EXISTS: heard before. Remembered until `until`; what is older than now
 * is forgotten. */
UK_RESULT bank_merchant_nonce(struct bank_store *s, int64_t merchant,
    uk_bytes nonce, int64_t now, int64_t until);

#endif
