/* Customers, their certificates and their accounts. */
#ifndef BANK_CUSTOMERS_H
#define BANK_CUSTOMERS_H

#include "crypto.h"
#include "store.h"

enum {
	BANK_CUSTOMER_MAX = 64,
	BANK_NAME_MAX = 128,   /* bytes, of a person or company */
	BANK_ACCOUNT_MAX = 34, /* characters of an account number (as IBAN) */
	BANK_CURRENCY_LEN = 3
};

struct bank_account {
	int64_t id;
	int64_t customer; /* 0: the bank's own */
	char number[BANK_ACCOUNT_MAX + 1];
	char name[BANK_NAME_MAX + 1];
	char currency[BANK_CURRENCY_LEN + 1];
	int64_t balance;
	int64_t held;         /* of it, by holds */
	int64_t min_balance;  /* balance - held never goes below it */
	int64_t max_transfer; /* of one transfer; 0: no limit */
	int64_t max_day;      /* of all transfers of a day (UTC); 0: no limit */
};

/* Limits go as far from zero as this. */
#define BANK_LIMIT_MAX INT64_C(1000000000000000)

/* Can it stand in the texts that customers sign? 1 to 64 bytes (X.520: a common
 * name), shown exactly: docs/protocol.md, section 6. */
bool bank_customer_name_ok(uk_bytes name);
/* Finds or makes the customer of this name. */
UK_RESULT bank_customer_make(struct bank_store *s, uk_bytes name, int64_t *id);
UK_RESULT bank_customer_find(struct bank_store *s, uk_bytes name, int64_t *id);
UK_RESULT bank_customer_name(
    struct bank_store *s, int64_t id, char name[BANK_NAME_MAX + 1]);

/* The certificate is known by the SHA-256 of its DER. serial: hex. */
UK_RESULT bank_cert_register(struct bank_store *s, uk_crypto *c,
    int64_t customer, enum uk_purpose purpose, uk_bytes serial, uk_bytes der);
struct bank_owner {
	int64_t customer;
	char name[BANK_NAME_MAX + 1];
};
/* Whose is the one with this fingerprint? UK_ERR_NOT_FOUND if nobody's, or for
 * another purpose; UK_ERR_CERT_REVOKED if this bank has revoked it. */
UK_RESULT bank_cert_owner(struct bank_store *s, uk_bytes fingerprint,
    enum uk_purpose purpose, struct bank_owner *out);

/* Its DER, by fingerprint, unless it is revoked; the caller frees it. */
UK_RESULT bank_cert_read(struct bank_store *s, uk_bytes fingerprint,
    enum uk_purpose purpose, uk_blob *der);

/* A customer's certificates, in order of their serial numbers. */
typedef void bank_cert_fn(
    void *arg, uk_bytes serial, uk_bytes purpose, bool revoked);
UK_RESULT bank_certs_each(
    struct bank_store *s, int64_t customer, bank_cert_fn *fn, void *arg);

/* UK_ERR_EXISTS if the number is taken; customer 0 = the bank itself. */
UK_RESULT bank_account_make(struct bank_store *s, int64_t customer,
    uk_bytes number, uk_bytes name, uk_bytes currency, int64_t *id);
UK_RESULT bank_account_find(
    struct bank_store *s, uk_bytes number, struct bank_account *out);
/* Sets the three limits of *a, which has been found: UK_ERR_CONDITIONS if the
 * balance is below the new one, UK_ERR_ARGUMENT if one is out of range. */
UK_RESULT bank_account_limit(
    struct bank_store *s, const struct bank_account *a);
/* Letters, digits and '-', 1 to BANK_ACCOUNT_MAX of them. */
bool bank_account_number_ok(uk_bytes number);

/* Customer's accounts in order of their numbers. */
typedef void bank_account_fn(void *arg, const struct bank_account *a);
UK_RESULT bank_accounts_each(
    struct bank_store *s, int64_t customer, bank_account_fn *fn, void *arg);

#endif
