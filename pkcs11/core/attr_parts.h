/*
 * Getters and their tables, for attr.c and attr_key.c: one row per attribute.
 * A getter finds its value in the object or makes it in out->scratch.
 */
#ifndef P11_ATTR_PARTS_H
#define P11_ATTR_PARTS_H

#include "attr.h"

#define P11_SHARED_GETTER(name)                                                \
	CK_RV name(struct p11_slot *s, struct p11_object *o, uint32_t arg,     \
	    struct p11_value *out)
#define P11_GETTER(name) static P11_SHARED_GETTER(name)
#define UNUSED(x)        (void)(x)

struct p11_attr_row {
	CK_ATTRIBUTE_TYPE type;
	CK_RV(*get)
	(struct p11_slot *s, struct p11_object *o, uint32_t arg,
	    struct p11_value *out);
	uint32_t arg;
	bool reads; /* the card may have to be asked */
};

/* Each ends with a row without a getter. */
extern const struct p11_attr_row p11_key_rows[]; /* of both halves */
extern const struct p11_attr_row p11_public_rows[];
extern const struct p11_attr_row p11_private_rows[];
extern const struct p11_attr_row p11_secret_rows[];

CK_RV p11_attr_give(struct p11_value *out, uk_bytes v);
CK_RV p11_attr_give_made(struct p11_value *out, const uk_buf *made);
CK_RV p11_attr_give_number(struct p11_value *out, CK_ULONG n);
CK_RV p11_attr_give_bool(struct p11_value *out, bool yes);

P11_SHARED_GETTER(p11_attr_constant_bool);
P11_SHARED_GETTER(p11_attr_constant_number);
P11_SHARED_GETTER(p11_attr_nothing);
P11_SHARED_GETTER(p11_attr_label);
P11_SHARED_GETTER(p11_attr_id);

#endif
