/*
 * What vouches for a certificate at a moment: the CA certificates above it and
 * their revocation lists, and what an OCSP responder said of it. All orders of
 * a day rest on the same few, so they are kept once, as a set that many orders
 * refer to.
 */
#ifndef BANK_VOUCHERS_H
#define BANK_VOUCHERS_H

#include "crypto.h"
#include "store.h"

enum { BANK_VOUCHERS_MAX = 16, BANK_VOUCHER_CACHE = 16 };

enum bank_voucher_kind {
	BANK_VOUCHER_CERTIFICATE,
	BANK_VOUCHER_CRL,
	BANK_VOUCHER_OCSP
};

struct bank_vouchers {
	uint8_t fingerprint[UK_CHECKSUM_SIZE]; /* of the whole set */
	size_t count;
	struct bank_voucher {
		enum bank_voucher_kind kind;
		uint8_t fingerprint[UK_CHECKSUM_SIZE];
		uk_blob der;
	} item[BANK_VOUCHERS_MAX];
};

void bank_vouchers_free(struct bank_vouchers *v); /* what is inside */
/* ocsp: an OCSPResponse, or none. *v is empty before. UK_ERR_TOO_SMALL: more
 * than BANK_VOUCHERS_MAX. */
UK_RESULT bank_vouchers_collect(const uk_trust *trust, const uk_cert *cert,
    uk_bytes ocsp, struct bank_vouchers *v);

/* The set's number; stored if it is new. In a transaction of the caller's. */
UK_RESULT bank_vouchers_keep(
    struct bank_store *s, const struct bank_vouchers *v, int64_t *set);
UK_RESULT bank_vouchers_load(
    struct bank_store *s, int64_t set, struct bank_vouchers *v);

/* Collected and stored once per issuer and answer, until whom we trust changes.
 */
struct bank_voucher_cache;
UK_RESULT bank_voucher_cache_open(struct bank_voucher_cache **out);
void bank_voucher_cache_close(struct bank_voucher_cache **c); /* takes NULL */
void bank_voucher_cache_forget(struct bank_voucher_cache *c);
/* The number of the set for this certificate, which was found good; stored, in
 * a transaction of its own, if it is new. Forget the cache if what was stored
 * may have been taken back. */
UK_RESULT bank_voucher_cache_get(struct bank_voucher_cache *c,
    struct bank_store *s, const uk_trust *trust, const uk_cert *cert,
    uk_bytes ocsp, int64_t *set);

#endif
