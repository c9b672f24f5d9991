/*
 * Whom the bank trusts: its own CA with its revocation list, and the CAs and
 * lists of others by configuration, for login and for transactions apart.
 */
#ifndef BANK_TRUSTED_H
#define BANK_TRUSTED_H

#include "bank.h"

UK_RESULT bank_trust_open(struct bank *b);
void bank_trust_close(struct bank *b);

/* For this purpose (login or transaction), with the present revocation lists:
 * files are read again when they have changed. If one cannot be read, what was
 * known before stays. */
const uk_trust *bank_trust(struct bank *b, enum uk_purpose purpose);
void bank_trust_reload(struct bank *b);
/* The same without looking at the files: for whoever holds a certificate of
 * bank_check_cert, which reading them anew would take away. */
const uk_trust *bank_trust_loaded(
    const struct bank *b, enum uk_purpose purpose);
/* Of a file that the settings name: relative to the bank's folder. */
UK_RESULT bank_trust_path(
    const struct bank *b, const char *name, char path[BANK_PATH_MAX]);

/* A certificate from outside: well-formed, and trusted for this purpose now.
 * *out is borrowed until the next call; NULL if it is not. */
enum bank_code bank_check_cert(struct bank *b, uk_bytes der,
    enum uk_purpose purpose, int64_t now, const uk_cert **out);
/* Likewise, with certificates that were sent along. */
enum bank_code bank_check_cert_with(struct bank *b, uk_bytes der,
    const struct bank_cert_list *extra, enum uk_purpose purpose, int64_t now,
    const uk_cert **out);

/* Decoded ones; to be freed also on failure. */
struct bank_certs_sent {
	uk_cert *list[BANK_TOKEN_CERTS];
	size_t n;
};
enum bank_code bank_certs_decode(struct bank *b,
    const struct bank_cert_list *der, struct bank_certs_sent *out);
void bank_certs_sent_free(struct bank_certs_sent *c);

#endif
