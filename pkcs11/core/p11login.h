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

/*
 * A consent is for the next signature of the operation that it was given to.
 * Until then the reader's transaction is held.
 */

/* Does an operation still wait to use the one that was given? */
bool p11_consent_pending(const struct p11_slot *s);
/* The card has used it up. */
void p11_consent_used(struct p11_slot *s);
/* Takes it back from the operation and from the card. The transaction is open,
 * and ends if the card has to be reset for it. */
void p11_consent_revoke(struct p11_slot *s);

/* Ends our login on the card, in a transaction; not if other programs of the
 * user are logged in with it, whose login it is as well. */
UK_RESULT p11_login_end(struct p11_slot *s);
/* The card no longer knows us: private handles and key operations end. */
void p11_login_forget(struct p11_slot *s);

#endif
