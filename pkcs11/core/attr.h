/*
 * Attributes: one table per class of object, from attribute to getter.
 *
 * Templates come from the application: their values are read only here, after
 * their lengths were checked.
 */
#ifndef P11_ATTR_H
#define P11_ATTR_H

#include "object.h"

enum { P11_SCRATCH = 1024, P11_TEMPLATE_MAX = 256 };

/* A value: a view into the object, or into scratch when it had to be made. */
struct p11_value {
	uk_bytes v;
	uint8_t scratch[P11_SCRATCH];
};

/* CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE, or what reading it from
 * the card said. */
CK_RV p11_attr_get(struct p11_slot *s, struct p11_object *o,
    CK_ATTRIBUTE_TYPE type, struct p11_value *out);
/* Is that what the object says? An SM2 key is found as CKK_EC, too, whatever
 * number it calls itself by (gm.h). */
bool p11_attr_same(const struct p11_object *o, CK_ATTRIBUTE_TYPE type,
    uk_bytes actual, uk_bytes wanted);
/* Does this class of object have the attribute at all? */
bool p11_attr_known(const struct p11_object *o, CK_ATTRIBUTE_TYPE type);

/* Is it answered from memory (uk_object.recalled)? */
bool p11_attr_is_recalled(const struct p11_object *o, CK_ATTRIBUTE_TYPE type);
/* Might the card have to be asked for it? */
bool p11_attr_reads(const struct p11_object *o, CK_ATTRIBUTE_TYPE type);

/* C_GetAttributeValue's rules: every attribute is filled in or told what is
 * wrong, and the result is the gravest of these. */
CK_RV p11_attr_read(struct p11_slot *s, struct p11_object *o,
    CK_ATTRIBUTE_PTR template, CK_ULONG count);

/* NULL with a count, or more attributes than any class has. */
CK_RV p11_template_check(const CK_ATTRIBUTE *template, CK_ULONG count);
/* Does the object have all these values? What needs no card is compared first,
 * so that a key is found by CKA_ID without reading certificates. An object that
 * cannot be read does not match; CKR_DEVICE_REMOVED ends the search. */
CK_RV p11_template_matches(struct p11_slot *s, struct p11_object *o,
    const CK_ATTRIBUTE *template, CK_ULONG count, bool *matches);

#endif
