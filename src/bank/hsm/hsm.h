/*
 * A key of the bank's in a hardware security module, through whatever PKCS#11
 * module the bank's own vendor gives: loaded by its path, one session, one key,
 * one mechanism. The signing key: CKM_ECDSA on P-256; the key that others are
 * derived from (bank/pos/vault.h): CKM_SHA256_HMAC.
 *
 * The key is named by a PKCS#11 URI (RFC 7512), which says all of it:
 *
 *	pkcs11:token=Bank;object=sign?module-path=/usr/lib/hsm.so
 *	    &pin-source=file:/etc/ukey-bankd/pin
 *
 * The PIN file must belong to us or to root and be closed to everybody else.
 * When the module or its machine goes away, signing fails, and is tried from
 * the beginning at most once a second until it works again. A PIN that was
 * refused is never tried again, and the last try that a token has is never
 * taken.
 *
 * A signature waits as long as the module makes it wait: there is no other
 * thread.
 */
#ifndef BANK_HSM_H
#define BANK_HSM_H

#include "bytes.h"

struct bank_hsm;

enum { BANK_HSM_HASH = 32, BANK_HSM_SIGNATURE = 64 };

enum bank_hsm_use { BANK_HSM_SIGN, BANK_HSM_MAC };

/* Loads the module and does nothing yet. why: one line for people. One at a
 * time of the same module: closing one finalizes it. */
UK_RESULT bank_hsm_open(const char *uri, enum bank_hsm_use use,
    struct bank_hsm **out, char *why, size_t why_cap);
void bank_hsm_close(struct bank_hsm **h); /* accepts NULL */
/* Appends r || s over a finished SHA-256. now: seconds that only grow.
 * UK_ERR_IO: the module does not answer as it should; the log says how. */
UK_RESULT bank_hsm_sign(
    struct bank_hsm *h, uk_bytes hash, int64_t now, uk_buf *signature);
/* HMAC-SHA-256, likewise. The caller wipes. */
UK_RESULT bank_hsm_mac(
    struct bank_hsm *h, uk_bytes data, int64_t now, uint8_t mac[BANK_HSM_HASH]);
/* Brings a secret key of the URI's name into the token, not to be read again; h
 * is for that only and closed afterwards. UK_ERR_EXISTS: there is one. */
UK_RESULT bank_hsm_put(struct bank_hsm *h, uk_bytes value);

#endif
