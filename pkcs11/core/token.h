/* What C_GetInfo, C_GetSlotInfo, C_GetTokenInfo and C_GetMechanism... tell. All
 * from memory: no command goes to a card, nothing is asked of the service. */
#ifndef P11_TOKEN_H
#define P11_TOKEN_H

#include "slot.h"

#include "ukey/vendor.h"

CK_RV p11_info(CK_INFO *out);
/* Takes no lock: tokens = only slots with a token that can be used. */
CK_RV p11_slot_list(bool tokens, CK_SLOT_ID_PTR list, CK_ULONG_PTR count);

CK_RV p11_slot_info(const struct p11_slot *s, CK_SLOT_INFO *out);
CK_RV p11_token_info(const struct p11_slot *s, CK_TOKEN_INFO *out);
CK_RV p11_session_info(const struct p11_slot *s,
    const struct p11_session *session, CK_SESSION_INFO *out);
CK_RV p11_mechanism_list(
    const struct p11_slot *s, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count);
CK_RV p11_mechanism_info(
    const struct p11_slot *s, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *out);
CK_RV p11_token_facts(const struct p11_slot *s, struct ukey_token_facts *out);

#endif
