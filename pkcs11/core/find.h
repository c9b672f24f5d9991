/* C_FindObjects...: a search is done at once by its Init; what follows hands
 * out handles. All expect the slot's lock. */
#ifndef P11_FIND_H
#define P11_FIND_H

#include "slot.h"

CK_RV p11_find_begin(struct p11_slot *s, struct p11_session *session,
    const CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV p11_find_next(struct p11_session *session, CK_OBJECT_HANDLE_PTR out,
    CK_ULONG max, CK_ULONG_PTR count);
CK_RV p11_find_end(struct p11_session *session);

#endif
