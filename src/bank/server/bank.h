/*
 * The bank: everything a request may need, opened once.
 *
 * ukey-bankd is one process with one thread. routes.h finds the handler of a
 * request; login.h, orders.h and records.h do the work and answer with an enum
 * bank_code; ledger.h and store.h keep the books; https.h is the only file that
 * knows of sockets. So everything but https.c can be tried without a network.
 * ca.h makes the certificates of a test bank.
 */
#ifndef BANK_H
#define BANK_H

#include "certs.h"
#include "config.h"
#include "crypto.h"
#include "fields.h"
#include "files.h"
#include "hsm.h"
#include "login_token.h"
#include "metrics.h"
#include "nonces.h"
#include "pos.h"
#include "rates.h"
#include "sessions.h"
#include "statuses.h"
#include "store.h"
#include "vouchers.h"

struct bank_file_mark { /* which state of the files has been read */
	uint64_t inode, size;
	int64_t seconds, nanoseconds;
};

struct bank_confirm;         /* orders.h */
struct bank_status_question; /* status.h */

/* The responder of this certificate is being asked: the request that is about
 * it waits, and is served again (status.h). */
struct bank_pending {
	bool yes;
	uint8_t certificate[BANK_FINGERPRINT];
};

/* Kinds of pos_rates: tries of passwords. */
enum { BANK_POS_RATE_ADDRESS, BANK_POS_RATE_NAME, BANK_POS_RATES };

struct bank {
	struct bank_config config;
	char dir[BANK_PATH_MAX];
	char origin[BANK_CONFIG_TEXT + 32];
	uk_crypto *crypto;
	uk_key *signing; /* the bank's signing key, or NULL: it is in hsm */
	struct bank_hsm *hsm;
	uk_cert *certificate;
	struct bank_store *store;
	struct bank_nonces *nonces;
	struct bank_sessions *sessions;
	struct bank_rate rate_kinds[2]; /* login.c */
	struct bank_rates *rates;
	struct bank_certs *certs;
	struct bank_statuses *statuses;
	struct bank_metrics *metrics;
	struct bank_voucher_cache *vouchers;
	struct bank_vault *vault;
	struct bank_rates *pos_rates;
	struct bank_pos pos;                       /* borrows from the others */
	uk_trust *login_trust, *transaction_trust; /* bank_trust only */
	struct bank_file_mark files;
	/* What tls-server-end-point must be: of our certificate, or of the one
	 * of whoever ends TLS in front of us. */
	uint8_t end_point[UK_HASH_MAX];
	size_t end_point_size;
	/* confirmed in this round, and to be posted at its end; borrowed */
	struct bank_confirm *confirms[BANK_ROUND];
	size_t confirm_count;
	struct bank_fields *fields;
	uk_key *seal;           /* merchants encrypt for this one */
	char keyid[2 * 32 + 1]; /* of the signing key, for merchants */
	/* Something about this customer's bills has changed (0: about a call
	 * to a merchant); NULL: nobody wants to know. */
	void (*touch)(void *arg, int64_t customer);
	void *touch_arg;
	/* Begins to ask a responder; false: not now. NULL: nobody can. */
	bool (*ask)(void *arg, struct bank_status_question *q);
	void *ask_arg;
};

/* why: one line for people if something is missing or wrong. */
UK_RESULT bank_open(
    const char *dir, struct bank **out, char *why, size_t why_cap);
void bank_close(struct bank **b); /* accepts NULL */
/* What the requests of a round left to be done together. */
void bank_round_end(struct bank *b);
/* Sets the origin, from the configuration or from host and this port. */
UK_RESULT bank_set_origin(struct bank *b, unsigned port);

/* The settings are read again; those that cannot change stay, and all of them
 * if the file is wrong. The log says so. */
void bank_config_reload(struct bank *b);

/* The one translation into the protocol's codes, for certificates and what may
 * go wrong in the machine. */
enum bank_code bank_code_of(uk_err err);

/* Seconds of a clock that nobody sets. */
int64_t bank_steady_now(void);

void bank_touch(struct bank *b, int64_t customer);
/* The keys of cards and card terminals, from the security module or a file.
 * Before the signing key's module is opened, which may be the same. */
UK_RESULT bank_vault_key_open(struct bank *b, char *why, size_t cap);
/* The keys of sealed fields and of sealed messages; made where an older bank
 * does not have them (shop_keys.c). */
UK_RESULT bank_shop_keys_open(struct bank *b);
void bank_shop_keys_close(struct bank *b);

/* ES256 by the bank's signing key; appends 64 bytes. */
UK_RESULT bank_sign(struct bank *b, uk_bytes message, uk_buf *signature);
/* The same for those who do not know a struct bank; arg is one. */
UK_RESULT bank_sign_message(void *arg, uk_bytes message, uk_buf *signature);
/* Can it, and is it the key of the certificate? */
UK_RESULT bank_sign_probe(struct bank *b);

#endif
