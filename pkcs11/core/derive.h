/* Secret keys that the card's private keys agree on with somebody else. */
#ifndef P11_DERIVE_H
#define P11_DERIVE_H

#include "slot.h"

/* C_DeriveKey: ECDH. The result is a session object, CKK_GENERIC_SECRET, which
 * can be read if the template makes it extractable. */
CK_RV p11_derive(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *out);

#endif
