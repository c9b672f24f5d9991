/*
 * Templates and mechanism parameters as an application with bad intent, or bad
 * luck, would pass them: any types, any number, lengths that lie as far as
 * memory really reaches. Input: one byte of function, then records of type (2),
 * form (1), length (1), value.
 */
#include "p11_make.h"

#include "mem.h"

#include <stdlib.h>

enum { RECORDS = 24, VALUE = 64 };

static CK_SESSION_HANDLE session;
static struct tmpl certificate;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void up(void)
{
	CK_C_INITIALIZE_ARGS args = {
		.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS
	};
	CK_UTF8CHAR pin[] = FAKE_PIN;

	fake_reset();
	fake_insert(0, 1);
	if (C_GetFunctionList(&F) != CKR_OK ||
	    F->C_Initialize(&args) != CKR_OK ||
	    F->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
		&session) != CKR_OK ||
	    F->C_Login(session, CKU_USER, pin, 6) != CKR_OK)
		abort();
	t_certificate(&certificate, session);
}

struct input {
	CK_ATTRIBUTE list[RECORDS];
	uint8_t values[RECORDS][VALUE]; /* as long as they say: no longer */
	CK_ULONG count;
};

/* Numbers that matter are rare among all: steer half of the types to them. */
static CK_ULONG type_of(uint16_t raw)
{
	if ((raw & 0x8000) != 0)
		return raw & 0x3ff;
	return (raw & 0x4000) != 0 ? CKF_ARRAY_ATTRIBUTE | (raw & 0xfff) : raw;
}

static void take_record(uk_reader *r, struct input *in)
{
	CK_ATTRIBUTE *a = &in->list[in->count];
	uk_buf value = uk_buf_over(in->values[in->count], VALUE);
	uint8_t form, n;

	a->type = type_of(uk_get_u16(r));
	form = uk_get_u8(r);
	n = uk_get_u8(r) % (VALUE + 1);
	uk_put(&value, uk_get(r, n < r->left ? n : r->left));
	a->ulValueLen = value.len;
	a->pValue = in->values[in->count];
	if (form % 4 == 0)
		a->pValue = NULL;
	if (form % 4 == 0 && form % 8 == 0)
		a->ulValueLen = (CK_ULONG)-1;
	in->count++;
}

/* Answers change the template's lengths, so each call gets a fresh one. */
static void read_attributes(const struct input *in, CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE copy[RECORDS];

	for (CK_ULONG i = 0; i < in->count; i++)
		copy[i] = in->list[i];
	(void)F->C_GetAttributeValue(session, o, copy, in->count);
}

static void search(struct input *in)
{
	CK_OBJECT_HANDLE found[32];
	CK_ULONG n = 0;

	if (F->C_FindObjectsInit(session, in->list, in->count) != CKR_OK)
		return;
	(void)F->C_FindObjects(session, found, 32, &n);
	(void)F->C_FindObjectsFinal(session);
	for (CK_ULONG i = 0; i < n; i++)
		read_attributes(in, found[i]);
}

static void on_every_object(struct input *in)
{
	CK_OBJECT_HANDLE all[32];
	CK_ULONG n = 0;

	if (F->C_FindObjectsInit(session, NULL, 0) != CKR_OK)
		abort();
	(void)F->C_FindObjects(session, all, 32, &n);
	(void)F->C_FindObjectsFinal(session);
	for (CK_ULONG i = 0; i < n; i++) {
		(void)F->C_SetAttributeValue(
		    session, all[i], in->list, in->count);
		read_attributes(in, all[i]);
	}
}

static void mechanisms(struct input *in)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE keys[2] = { 0, 0 };
	CK_BYTE sig[512];
	CK_ULONG n = 0;

	if (F->C_FindObjectsInit(session, &t, 1) != CKR_OK)
		abort();
	(void)F->C_FindObjects(session, keys, 2, &n);
	(void)F->C_FindObjectsFinal(session);
	for (CK_ULONG i = 0; i < in->count; i++) {
		CK_ATTRIBUTE *a = &in->list[i];
		CK_MECHANISM m = { a->type, a->pValue,
			a->pValue == NULL ? 0 : a->ulValueLen };

		n = sizeof(sig);
		if (F->C_SignInit(session, &m, keys[i % 2]) == CKR_OK)
			(void)F->C_Sign(session, in->values[i], VALUE, sig, &n);
		n = sizeof(sig);
		if (F->C_DigestInit(session, &m) == CKR_OK)
			(void)F->C_Digest(
			    session, in->values[i], VALUE, sig, &n);
	}
}

/* Whatever was made is looked at, changed, copied and destroyed. */
static void use(const struct input *in, CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE copy[RECORDS];
	CK_OBJECT_HANDLE other;
	CK_ULONG size;

	read_attributes(in, o);
	(void)F->C_GetObjectSize(session, o, &size);
	for (CK_ULONG i = 0; i < in->count; i++)
		copy[i] = in->list[i];
	(void)F->C_SetAttributeValue(session, o, copy, in->count);
	if (F->C_CopyObject(session, o, copy, in->count, &other) == CKR_OK)
		(void)F->C_DestroyObject(session, other);
	if (F->C_CopyObject(session, o, NULL, 0, &other) == CKR_OK)
		(void)F->C_DestroyObject(session, other);
	(void)F->C_DestroyObject(session, o);
}

static void bare(struct input *in)
{
	CK_OBJECT_HANDLE o;

	if (F->C_CreateObject(session, in->list, in->count, &o) == CKR_OK)
		use(in, o);
	(void)F->C_CopyObject(session, 0x100, in->list, in->count, &o);
}

/* A good template, with the input's attributes in place of, or after, its own.
 */
static void mix(struct tmpl *t, const struct input *in, bool replace)
{
	for (CK_ULONG i = 0; i < in->count; i++) {
		if (replace)
			t_without(t, in->list[i].type);
		if (t->n < TEMPLATE_ROOM)
			t->list[t->n++] = in->list[i];
	}
}

static void create(struct input *in)
{
	static void (*const bases[])(struct tmpl *) = { t_data, t_rsa_public,
		t_ec_public, t_rsa_private, t_ec_private };
	static struct tmpl t;
	CK_OBJECT_HANDLE o;

	for (size_t i = 0; i < 12; i++) {
		if (i / 2 < 5)
			bases[i / 2](&t);
		else
			t_copy(&t, &certificate);
		mix(&t, in, i % 2 != 0);
		if (F->C_CreateObject(session, t.list, t.n, &o) == CKR_OK)
			use(in, o);
	}
}

static void generate(struct input *in)
{
	static struct tmpl pub, key;
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE p, k;

	for (int way = 0; way < 8; way++) {
		pub.n = key.n = 0;
		t_bool(&pub, CKA_TOKEN, true);
		t_bool(&key, CKA_TOKEN, true);
		t_number(&pub, CKA_MODULUS_BITS, 2048);
		m.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
		if ((way & 1) != 0) {
			t_without(&pub, CKA_MODULUS_BITS);
			t_hex(&pub, CKA_EC_PARAMS, "06082a8648ce3d030107");
			m.mechanism = CKM_EC_KEY_PAIR_GEN;
		}
		mix((way & 2) != 0 ? &pub : &key, in, (way & 4) != 0);
		if (F->C_GenerateKeyPair(session, &m, pub.list, pub.n, key.list,
			key.n, &p, &k) != CKR_OK)
			continue;
		use(in, p);
		use(in, k);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const ways[])(struct input *) = { search, on_every_object,
		mechanisms, bare, create, generate };
	uk_reader r = uk_read(uk_view(data, size));
	struct input *in = calloc(1, sizeof(*in));
	uint8_t way = uk_get_u8(&r);

	if (in == NULL)
		abort();
	if (F == NULL)
		up();
	while (r.left > 0 && in->count < RECORDS)
		take_record(&r, in);
	ways[way % (sizeof(ways) / sizeof(ways[0]))](in);
	free(in);
	return 0;
}
