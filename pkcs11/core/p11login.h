/*
 * Logins and PINs of a slot's token. No PIN is kept: each lives in one uk_pin
 * of the function that sends it. A PIN that is empty or too long never reaches
 * the card.
 */
#ifndef P11_LOGIN_H
#define P11_LOGIN_H

#include "slot.h"

/* All expect the slot's lock and a session of the slot. */
CK_RV p11_login(struct p11_slot *s, struct p11_session *session,
    CK_USER_TYPE user, const CK_BYTE *pin, CK_ULONG pin_len);
CK_RV p11_logout(struct p11_slot *s);
CK_RV p11_set_pin(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *old, CK_ULONG old_len, const CK_BYTE *pin, CK_ULONG pin_len);
CK_RV p11_init_pin(struct p11_slot *s, const CK_BYTE *pin, CK_ULONG pin_len);
/* Needs no session, and that there is none. What the bank has put on the card
 * stays, and so does the PIN. */
CK_RV p11_init_token(struct p11_slot *s, const CK_BYTE *pin, CK_ULONG pin_len,
    const CK_UTF8CHAR *label);

/* The card no longer knows us: private handles and key operations end. */
void p11_login_forget(struct p11_slot *s);

#endif
