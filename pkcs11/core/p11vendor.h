/* The functions behind the interface "Vendor ukey" (ukey/vendor.h), inside a
 * slot's lock, which sign_transaction gives up while the program is at work. */
#ifndef P11_VENDOR_H
#define P11_VENDOR_H

#include "module.h"

#include "ukey/vendor.h"

CK_RV p11_challenge(struct p11_slot *s, CK_BYTE_PTR out, CK_ULONG n);
CK_RV p11_prove_bank(struct p11_slot *s, const CK_BYTE *hash, CK_ULONG hash_len,
    const CK_BYTE *sig, CK_ULONG sig_len);

/* key: UKEY_READER_KEY bytes. */
CK_RV p11_reader_key(struct p11_slot *s, CK_BYTE_PTR key, CK_ULONG *len);

/* What sign_transaction is to sign, with what. */
struct p11_to_sign {
	const CK_MECHANISM *mechanism;
	CK_OBJECT_HANDLE key;
	const struct ukey_transaction *transaction;
};

CK_RV p11_sign_transaction(struct p11_call *call,
    const struct p11_to_sign *what, CK_BYTE_PTR sig, CK_ULONG_PTR sig_len,
    struct ukey_report *report);

#endif
