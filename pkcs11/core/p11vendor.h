/* The functions behind the interface "Vendor ukey" (ukey/vendor.h), inside a
 * slot's lock. */
#ifndef P11_VENDOR_H
#define P11_VENDOR_H

#include "slot.h"

CK_RV p11_challenge(struct p11_slot *s, CK_BYTE_PTR out, CK_ULONG n);
CK_RV p11_prove_bank(struct p11_slot *s, const CK_BYTE *hash, CK_ULONG hash_len,
    const CK_BYTE *sig, CK_ULONG sig_len);

#endif
