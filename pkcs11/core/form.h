/*
 * Templates that describe an object to be made or changed. Their values come
 * from the application: they are looked at only through the getters below,
 * after p11_template_take has checked that each has the form of its type.
 */
#ifndef P11_FORM_H
#define P11_FORM_H

#include "bytes.h"
#include "cryptoki.h"

struct p11_template {
	const CK_ATTRIBUTE *list; /* borrowed from the caller */
	CK_ULONG count;
};

/* CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID (a wrong length, a CK_BBOOL
 * that is neither, text that is not UTF-8), CKR_TEMPLATE_INCONSISTENT (two
 * values for one attribute); *out is empty then. */
CK_RV p11_template_take(
    const CK_ATTRIBUTE *list, CK_ULONG count, struct p11_template *out);

bool p11_given(const struct p11_template *t, CK_ATTRIBUTE_TYPE type);
/* What is not given is `otherwise`, or no bytes. */
bool p11_given_bool(
    const struct p11_template *t, CK_ATTRIBUTE_TYPE type, bool otherwise);
CK_ULONG p11_given_number(
    const struct p11_template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise);
uk_bytes p11_given_bytes(const struct p11_template *t, CK_ATTRIBUTE_TYPE type);
/* A big integer without its leading zeros. */
uk_bytes p11_given_integer(
    const struct p11_template *t, CK_ATTRIBUTE_TYPE type);
/* Into a string of ours, unless it is not given. CKR_ATTRIBUTE_VALUE_INVALID if
 * it does not fit or holds a NUL. */
CK_RV p11_given_text(const struct p11_template *t, CK_ATTRIBUTE_TYPE type,
    char *field, size_t cap);

/* Do these two values of the attribute say the same? */
bool p11_form_same(CK_ATTRIBUTE_TYPE type, uk_bytes a, uk_bytes b);

#endif
