/* Templates for tests. */
#include "p11_make.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "rsa_numbers.h"

#include <string.h>

void t_without(struct tmpl *t, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG kept = 0;

	for (CK_ULONG i = 0; i < t->n; i++) {
		if (t->list[i].type == type)
			continue;
		t->list[kept] = t->list[i];
		if (t->list[i].pValue == t->values[i]) {
			memmove(t->values[kept], t->values[i], VALUE_ROOM);
			t->list[kept].pValue = t->values[kept];
		}
		kept++;
	}
	t->n = kept;
}

void t_bytes(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const void *p, size_t n)
{
	t_without(t, type);
	assert_in_range(t->n, 0, TEMPLATE_ROOM - 1);
	assert_in_range(n, 0, VALUE_ROOM);
	if (n > 0)
		memcpy(t->values[t->n], p, n);
	t->list[t->n] = (CK_ATTRIBUTE){ type, t->values[t->n], n };
	t->n++;
}

void t_hex(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const char *text)
{
	uk_bytes v = hex(text);

	t_bytes(t, type, v.p, v.n);
}

void t_text(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const char *text)
{
	t_bytes(t, type, text, strlen(text));
}

void t_bool(struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool yes)
{
	CK_BBOOL b = yes ? CK_TRUE : CK_FALSE;

	t_bytes(t, type, &b, sizeof(b));
}

void t_number(struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG n)
{
	t_bytes(t, type, &n, sizeof(n));
}

void t_copy(struct tmpl *to, const struct tmpl *from)
{
	to->n = 0;
	for (CK_ULONG i = 0; i < from->n; i++)
		t_bytes(to, from->list[i].type, from->list[i].pValue,
		    from->list[i].ulValueLen);
}

static void begin(struct tmpl *t, CK_OBJECT_CLASS class, bool token)
{
	t->n = 0;
	t_number(t, CKA_CLASS, class);
	t_bool(t, CKA_TOKEN, token);
	t_text(t, CKA_LABEL, "mine");
}

static void copy(struct tmpl *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type)
{
	CK_BYTE b[VALUE_ROOM];
	CK_ATTRIBUTE a = { type, b, sizeof(b) };

	expect_rv(F->C_GetAttributeValue(s, o, &a, 1), CKR_OK);
	t_bytes(t, type, b, a.ulValueLen);
}

void t_certificate(struct tmpl *t, CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE cert = find(s, CKO_CERTIFICATE, 1);

	begin(t, CKO_CERTIFICATE, false);
	t_hex(t, CKA_ID, "77");
	t_number(t, CKA_CERTIFICATE_TYPE, CKC_X_509);
	copy(t, s, cert, CKA_SUBJECT);
	copy(t, s, cert, CKA_VALUE);
}

void t_data(struct tmpl *t)
{
	begin(t, CKO_DATA, false);
	t_text(t, CKA_APPLICATION, "notes");
	t_text(t, CKA_VALUE, "something to remember");
}

static void key(struct tmpl *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	begin(t, class, class == CKO_PRIVATE_KEY);
	t_hex(t, CKA_ID, "77");
	t_number(t, CKA_KEY_TYPE, type);
}

static void modulus(struct tmpl *t)
{
	CK_BYTE n[256];

	memset(n, 0xb5, sizeof(n));
	t_bytes(t, CKA_MODULUS, n, sizeof(n));
	t_hex(t, CKA_PUBLIC_EXPONENT, "010001");
}

void t_rsa_public(struct tmpl *t)
{
	key(t, CKO_PUBLIC_KEY, CKK_RSA);
	modulus(t);
}

/* The base point of P-256 (SP 800-186, 3.2.1.3), that is the key 1. */
void t_ec_public(struct tmpl *t)
{
	key(t, CKO_PUBLIC_KEY, CKK_EC);
	t_hex(t, CKA_EC_PARAMS, "06082a8648ce3d030107");
	t_hex(t, CKA_EC_POINT,
	    "0441"
	    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
}

void t_rsa_private(struct tmpl *t)
{
	key(t, CKO_PRIVATE_KEY, CKK_RSA);
	t_hex(t, CKA_MODULUS, RSA_N);
	t_hex(t, CKA_PUBLIC_EXPONENT, RSA_E);
	t_hex(t, CKA_PRIVATE_EXPONENT, RSA_D);
	t_hex(t, CKA_PRIME_1, RSA_P);
	t_hex(t, CKA_PRIME_2, RSA_Q);
}

void t_ec_private(struct tmpl *t)
{
	key(t, CKO_PRIVATE_KEY, CKK_EC);
	t_hex(t, CKA_EC_PARAMS, "06082a8648ce3d030107");
	t_hex(t, CKA_VALUE, "01");
}

CK_RV t_create(CK_SESSION_HANDLE s, struct tmpl *t, CK_OBJECT_HANDLE *o)
{
	return F->C_CreateObject(s, t->list, t->n, o);
}

bool is(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL b = 2;
	CK_ATTRIBUTE a = { type, &b, sizeof(b) };

	expect_rv(F->C_GetAttributeValue(s, o, &a, 1), CKR_OK);
	assert_in_range(b, 0, 1);
	return b == CK_TRUE;
}
