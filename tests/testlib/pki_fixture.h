/*
 * A folder of keys, certificates and revocation lists, made by the openssl
 * program (make-pki says which), so that nothing of ours has made what we
 * judge.
 */
#ifndef PKI_FIXTURE_H
#define PKI_FIXTURE_H

/* Group set-up and tear-down for cmocka. */
int pki_make(void **state);
int pki_remove(void **state);
/* The same, and crypto_fixture's. */
int pki_open(void **state);
int pki_close(void **state);
/* Path of a file in the folder; a ring of 8 values. */
const char *pki_file(const char *name);

#endif
