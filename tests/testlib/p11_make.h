/* Templates for tests: attributes are added one by one, values are copied. */
#ifndef P11_MAKE_TEST_H
#define P11_MAKE_TEST_H

#include "p11_run.h"

/* An attribute from a literal. */
#define A_TEXT(type, text)                                                     \
	{                                                                      \
		type, (CK_BYTE[]){ text }, sizeof(text) - 1                    \
	}

enum { TEMPLATE_ROOM = 24, VALUE_ROOM = 1024 };

struct tmpl {
	CK_ATTRIBUTE list[TEMPLATE_ROOM];
	CK_BYTE values[TEMPLATE_ROOM][VALUE_ROOM];
	CK_ULONG n;
};

/* Each adds one, or replaces the one with this type. */
void t_bytes(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const void *p, size_t n);
void t_hex(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const char *hex);
void t_text(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const char *text);
void t_bool(struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool yes);
void t_number(struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG n);
void t_without(struct tmpl *t, CK_ATTRIBUTE_TYPE type);

void t_copy(struct tmpl *to, const struct tmpl *from);

/* Complete ones for C_CreateObject, with CKA_TOKEN false and label "mine". The
 * certificate is that of the card's key 1. */
void t_certificate(struct tmpl *t, CK_SESSION_HANDLE s);
void t_data(struct tmpl *t);
void t_rsa_public(struct tmpl *t);
void t_ec_public(struct tmpl *t);
/* With CKA_TOKEN true, because no session holds one. */
void t_rsa_private(struct tmpl *t);
void t_ec_private(struct tmpl *t);

CK_RV t_create(CK_SESSION_HANDLE s, struct tmpl *t, CK_OBJECT_HANDLE *o);
/* A boolean attribute. */
bool is(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);

#endif
