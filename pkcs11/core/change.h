/* Objects as a whole: reading their attributes, and the refusals to create,
 * change, copy or destroy what the bank has put on the card. All expect the
 * slot's lock. */
#ifndef P11_CHANGE_H
#define P11_CHANGE_H

#include "slot.h"

CK_RV p11_get_attributes(struct p11_slot *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_PTR template, CK_ULONG count);
CK_RV p11_set_attributes(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV p11_object_size(
    struct p11_slot *s, CK_OBJECT_HANDLE object, CK_ULONG_PTR size);
CK_RV p11_create(const struct p11_session *session,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE_PTR out);
CK_RV p11_copy(struct p11_slot *s, CK_OBJECT_HANDLE object,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE_PTR out);
CK_RV p11_destroy(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object);

#endif
