/*
 * Objects as templates describe them, before they are anywhere.
 *
 * An object is made from what a template must say, and then every other value
 * of the template is compared with what the object says of itself. So an
 * application is either given what it asked for or told that it cannot be.
 */
#ifndef P11_MAKE_H
#define P11_MAKE_H

#include "form.h"
#include "slot.h"

/* For C_CreateObject. owner: the session of a session object, or 0. All
 * refusals of templates: CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_TYPE_INVALID,
 * CKR_ATTRIBUTE_READ_ONLY. *out is NULL then. */
CK_RV p11_make(struct p11_slot *s, CK_SESSION_HANDLE owner,
    const struct p11_template *t, struct p11_object **out);

/* What a template says about any object: where and how it is kept, label, id.
 */
CK_RV p11_make_common(struct p11_object *o, CK_SESSION_HANDLE owner,
    const struct p11_template *t);
/* What a key may be used for, as far as its kind can be used so. */
void p11_make_usage(struct p11_object *o, const struct p11_template *t);
/* Those uses alone that the template asks for and such a key has. */
uint32_t p11_given_usage(
    const struct p11_template *t, CK_OBJECT_CLASS class, enum uk_key_type type);
/* Does the object agree with all of the template? (agree.c) */
CK_RV p11_make_agrees(
    struct p11_slot *s, struct p11_object *o, const struct p11_template *t);

#endif
