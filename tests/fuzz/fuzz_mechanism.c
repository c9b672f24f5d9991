/*
 * Mechanisms, their parameters and their data as an application with bad
 * intent, or bad luck, would pass them, to every kind of operation and key.
 * Input: mechanism (2), key (1), form of the parameter (1), three numbers (2
 * each), length of what the parameter points to (1), that, data.
 */
#include "gm.h"
#include "mech.h"
#include "p11_fake.h"

#include "ukey/vendor.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 64, OUT_MAX = 1024 };

_Static_assert(
    sizeof(CK_RSA_PKCS_OAEP_PARAMS) == sizeof(CK_ECDH1_DERIVE_PARAMS),
    "see set_params");

static CK_FUNCTION_LIST *F;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE keys[KEYS_MAX];
static CK_ULONG key_count;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make(CK_MECHANISM_TYPE type, CK_ATTRIBUTE_TYPE use)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bits = 2048;
	CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
		0x07 };
	CK_MECHANISM m = { type, NULL, 0 };
	CK_ATTRIBUTE pub = { CKA_MODULUS_BITS, &bits, sizeof(bits) };
	CK_ATTRIBUTE key[] = { { CKA_TOKEN, &yes, 1 }, { use, &yes, 1 },
		{ CKA_SIGN, &no, 1 } };
	CK_OBJECT_HANDLE a, b;

	if (type == CKM_EC_KEY_PAIR_GEN)
		pub = (CK_ATTRIBUTE){ CKA_EC_PARAMS, p256, sizeof(p256) };
	if (F->C_GenerateKeyPair(session, &m, &pub, type != p11_gm()->generate,
		key, use == CKA_SIGN ? 2 : 3, &a, &b) != CKR_OK)
		abort();
}

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
	make(CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_DECRYPT);
	make(CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_SIGN_RECOVER);
	make(CKM_EC_KEY_PAIR_GEN, CKA_DERIVE);
	make(p11_gm()->generate, CKA_SIGN);
	make(p11_gm()->generate, CKA_DECRYPT);
	if (F->C_FindObjectsInit(session, NULL, 0) != CKR_OK ||
	    F->C_FindObjects(session, keys, KEYS_MAX, &key_count) != CKR_OK ||
	    F->C_FindObjectsFinal(session) != CKR_OK)
		abort();
}

/* --- the input ----------------------------------------------------------- */

struct input {
	CK_MECHANISM m;
	CK_OBJECT_HANDLE key;
	union {
		CK_RSA_PKCS_PSS_PARAMS pss;
		CK_RSA_PKCS_OAEP_PARAMS oaep;
		CK_ECDH1_DERIVE_PARAMS ecdh;
	} params;
	CK_BYTE *pointed; /* exactly as long as it says */
	CK_BYTE *data;
	size_t n;
};

static CK_BYTE *exactly(uk_bytes v)
{
	CK_BYTE *p = malloc(v.n == 0 ? 1 : v.n);

	if (p == NULL)
		abort();
	if (v.n > 0)
		memcpy(p, v.p, v.n);
	return p;
}

static CK_MECHANISM_TYPE type_of(uint16_t raw)
{
	const struct p11_mech *m = p11_mech_at(raw & 0x3f);

	return m == NULL || (raw & 0x8000) != 0 ? raw & 0x3fff : m->type;
}

enum { BYTES, NOTHING, PSS, OAEP, ECDH, SHORT, FORMS };

static void set_params(
    struct input *in, unsigned form, const uint16_t *n, uk_bytes pointed)
{
	CK_BYTE *p = in->pointed = exactly(pointed);

	in->m.pParameter = &in->params;
	switch (form) {
	case BYTES:
		in->m.pParameter = p;
		in->m.ulParameterLen = pointed.n;
		/* a struct of this length, OAEP's or ECDH's, holds a pointer */
		if (pointed.n == sizeof(in->params.oaep))
			in->m.ulParameterLen--;
		break;
	case PSS:
	case SHORT:
		in->params.pss = (CK_RSA_PKCS_PSS_PARAMS){ n[0], n[1], n[2] };
		in->m.ulParameterLen = sizeof(in->params.pss) - (form == SHORT);
		break;
	case OAEP:
		in->params.oaep = (CK_RSA_PKCS_OAEP_PARAMS){ n[0], n[1], n[2],
			p, pointed.n };
		in->m.ulParameterLen = sizeof(in->params.oaep);
		break;
	case ECDH:
		in->params.ecdh = (CK_ECDH1_DERIVE_PARAMS){ n[0], n[1], NULL,
			pointed.n, p };
		in->m.ulParameterLen = sizeof(in->params.ecdh);
		break;
	default:
		in->m.pParameter = NULL;
		break;
	}
}

static void take(uk_reader *r, struct input *in)
{
	uint16_t type = uk_get_u16(r), n[3];
	uint8_t key = uk_get_u8(r), form = uk_get_u8(r);
	uint8_t len;
	uk_bytes rest;

	for (size_t i = 0; i < 3; i++)
		n[i] = uk_get_u16(r);
	len = uk_get_u8(r);
	rest = uk_get_rest(r);
	*in = (struct input){ .key = keys[key % key_count] };
	in->m.mechanism = type_of(type);
	set_params(in, form % FORMS, n, uk_bytes_first(rest, len));
	rest = uk_bytes_from(rest, len);
	in->data = exactly(rest);
	in->n = rest.n;
}

/* --- the operations ------------------------------------------------------ */

static void with_public_key(struct input *in)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG n = sizeof(out);

	if (F->C_VerifyInit(session, &in->m, in->key) == CKR_OK) {
		size_t half = in->n / 2;

		(void)F->C_VerifyUpdate(session, in->data, half);
		(void)F->C_VerifyFinal(session, in->data + half, in->n - half);
	}
	if (F->C_VerifyRecoverInit(session, &in->m, in->key) == CKR_OK)
		(void)F->C_VerifyRecover(session, in->data, in->n, out, &n);
	n = in->n + 96; /* may be too short */
	if (n > sizeof(out))
		n = sizeof(out);
	if (F->C_EncryptInit(session, &in->m, in->key) == CKR_OK)
		(void)F->C_Encrypt(session, in->data, in->n, out, &n);
	(void)F->C_EncryptFinal(session, out, &n);
}

static void with_private_key(struct input *in)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG n = sizeof(out);
	CK_OBJECT_HANDLE made;

	if (F->C_SignInit(session, &in->m, in->key) == CKR_OK)
		(void)F->C_Sign(session, in->data, in->n, out, &n);
	n = sizeof(out);
	if (F->C_SignRecoverInit(session, &in->m, in->key) == CKR_OK)
		(void)F->C_SignRecover(session, in->data, in->n, out, &n);
	n = in->n; /* may be too short */
	if (n > sizeof(out))
		n = sizeof(out);
	fake_cipher.output_len = in->n % sizeof(fake_cipher.output);
	if (F->C_DecryptInit(session, &in->m, in->key) == CKR_OK)
		(void)F->C_Decrypt(session, in->data, in->n, out, &n);
	(void)F->C_DecryptFinal(session, out, &n);
	fake_cipher.output_len = 32;
	if (F->C_DeriveKey(session, &in->m, in->key, NULL, 0, &made) == CKR_OK)
		(void)F->C_DestroyObject(session, made);
}

static CK_RV looks(void *arg, const struct ukey_item *items, CK_ULONG n)
{
	uint8_t *sum = arg;

	for (CK_ULONG i = 0; i < n; i++) {
		for (CK_ULONG j = 0; j < items[i].key_len; j++)
			*sum ^= items[i].key[j];
		for (CK_ULONG j = 0; j < items[i].value_len; j++)
			*sum ^= items[i].value[j];
	}
	return CKR_OK;
}

/* The data as a text to be shown; or a good one, so that it gets there. */
static void with_text(struct input *in, const CK_BYTE *text, size_t n)
{
	uint8_t sum = 0;
	const struct ukey_transaction t = { .text = text,
		.text_len = n,
		.show = looks,
		.arg = &sum,
		.pin = (const CK_UTF8CHAR *)FAKE_PIN,
		.pin_len = 6 };
	CK_UTF8CHAR name[] = UKEY_INTERFACE_NAME;
	const struct ukey_functions *v;
	struct ukey_report report;
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = in->n + 64; /* may be too short */
	CK_INTERFACE *i;

	if (len > sizeof(out))
		len = sizeof(out);
	if (C_GetInterface(name, NULL, &i, 0) != CKR_OK)
		abort();
	v = i->pFunctionList;
	if (v->sign_transaction(
		session, &in->m, in->key, &t, out, &len, &report) == CKR_OK &&
	    (report.shown == 0 || report.items > n || len > sizeof(out)))
		abort();
}

static void with_no_key(struct input *in)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG n = sizeof(out);

	if (F->C_DigestInit(session, &in->m) != CKR_OK)
		return;
	(void)F->C_DigestUpdate(session, in->data, in->n);
	(void)F->C_DigestKey(session, in->key);
	(void)F->C_DigestFinal(session, out, &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const CK_BYTE good[] = "<T><D><M><k>a</k><v>b</v></M></D></T>";
	uk_reader r = uk_read(uk_view(data, size));
	struct input in;

	if (F == NULL)
		up();
	take(&r, &in);
	with_public_key(&in);
	with_private_key(&in);
	with_no_key(&in);
	with_text(&in, in.data, in.n);
	with_text(&in, good, sizeof(good) - 1);
	free(in.pointed);
	free(in.data);
	return 0;
}
