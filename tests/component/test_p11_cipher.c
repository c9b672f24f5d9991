/* Encrypting, decrypting, deriving, and SM2; the fake card answers what it is
 * told to. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "gm.h"
#include "mem.h"
#include "p11_run.h"

#include <string.h>

static CK_SESSION_HANDLE s;
static CK_BYTE out[512];
static CK_ULONG out_len;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static int up(void **state)
{
	int rc = p11_up(state);

	s = open_rw(0);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	memset(&fake_cipher, 0, sizeof(fake_cipher));
	return rc;
}

/* --- keys ---------------------------------------------------------------- */

struct pair {
	CK_OBJECT_HANDLE pub, key;
};

/* use: what the private key is for */
static struct pair generate(
    CK_MECHANISM_TYPE type, const char *curve, CK_ATTRIBUTE_TYPE use)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_ULONG bits = 2048;
	uint8_t oid[16];
	uk_buf params = UK_BUF(oid);
	CK_ATTRIBUTE pub[] = { { CKA_MODULUS_BITS, &bits, sizeof(bits) } };
	CK_ATTRIBUTE key[] = { { CKA_TOKEN, &yes, 1 }, { use, &yes, 1 },
		{ CKA_SIGN, use == CKA_SIGN ? &yes : &no, 1 } };
	struct pair p;

	if (curve != NULL) {
		uk_put(&params, hex(curve));
		pub[0] = (CK_ATTRIBUTE){ CKA_EC_PARAMS, oid, params.len };
	}
	expect_rv(F->C_GenerateKeyPair(s, &m, pub, 1, key,
		      use == CKA_SIGN ? 2 : 3, &p.pub, &p.key),
	    CKR_OK);
	return p;
}

#define P256 "06082a8648ce3d030107"
#define SM2  "06082a811ccf5501822d"

static struct pair rsa(void)
{
	return generate(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, CKA_DECRYPT);
}

static void will_answer(uk_bytes v)
{
	uk_buf b = UK_BUF(fake_cipher.output);

	uk_put(&b, v);
	fake_cipher.output_len = b.len;
}

/* --- OAEP ---------------------------------------------------------------- */

/* "secret" for SHA-256 without a label, seed 40 41 ... 5f: worked out with
 * Python's hashlib after RFC 8017, 7.1.1, step 2. */
static const char EM[] =
    "0062ea758f9f865b9015ac87ccf4182a3a9dff075001fa19655ca838d322af36"
    "52edf5c11e43d640d17213bd237ba4a4744dc0968dff240ff6695c62945e5b95"
    "7619ac9bfdc07dfbf4f96e74051b4a8c507a70e15baa0adac274432c5d7ab0d6"
    "894cdf83a8180f9a3be5fa01f4f72576e14112d3b80da562f0c7947f7ef1958e"
    "6a18efda9443740a1effb85e5db5322eb16d6903b55b8777ae8baca53ed1eac0"
    "c06eefc14013d3de72fb7a0406363006a2abfed5f2e96d101f21f5d8b41fe51e"
    "e613f7372b02b7f47729e89db00f6b99ad88fc3bb3191d369bec10cc1fea0c2d"
    "dda65233057d0c9f7bca873c1f0a5f409f64635f4e1a9b00182abbd0e68553d2";

static CK_RSA_PKCS_OAEP_PARAMS oaep_params = { CKM_SHA256, CKG_MGF1_SHA256,
	CKZ_DATA_SPECIFIED, NULL, 0 };
static CK_MECHANISM oaep = { CKM_RSA_PKCS_OAEP, &oaep_params,
	sizeof(oaep_params) };

static CK_RV decrypt(CK_BYTE *in, CK_ULONG n)
{
	out_len = sizeof(out);
	return F->C_Decrypt(s, in, n, out, &out_len);
}

static void oaep_decryption(void **state)
{
	CK_BYTE in[256] = { 0x12 };
	struct pair p = rsa();

	(void)state;
	will_answer(hex(EM));
	expect_rv(decrypt(in, 256), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
	expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OPERATION_ACTIVE);
	fake_commands();
	expect_rv(F->C_Decrypt(s, in, 256, NULL, &out_len), CKR_OK);
	assert_int_equal(out_len, 190); /* the most that it can be */
	assert_int_equal(fake_commands(), 0);
	out_len = 5;
	expect_rv(
	    F->C_Decrypt(s, in, 256, out, &out_len), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(out_len, 6);
	expect_rv(F->C_Decrypt(s, in, 256, out, &out_len), CKR_OK);
	expect_bytes(uk_view(out, out_len), uk_view_str("secret"));
	assert_int_equal(fake_cipher.scheme, UK_DECIPHER_RSA);
	expect_bytes(
	    uk_view(fake_cipher.input, fake_cipher.input_len), UK_ARRAY(in));
	expect_rv(decrypt(in, 256), CKR_OPERATION_NOT_INITIALIZED);
	/* whatever is wrong inside, it is the same answer */
	for (size_t i = 0; i < 256; i += 17) {
		fake_cipher.output[i] ^= 4;
		expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
		expect_rv(decrypt(in, 256), CKR_ENCRYPTED_DATA_INVALID);
		fake_cipher.output[i] ^= 4;
	}
	expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
	expect_rv(decrypt(in, 255), CKR_ENCRYPTED_DATA_LEN_RANGE);
	expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
	in[255] = 0xff; /* the card refuses */
	expect_rv(decrypt(in, 256), CKR_ENCRYPTED_DATA_INVALID);
	expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
	expect_rv(F->C_Decrypt(s, NULL, 256, out, &out_len), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
	expect_rv(F->C_Decrypt(s, out, 255, out, NULL), CKR_ARGUMENTS_BAD);
	/* one part only */
	expect_rv(F->C_DecryptUpdate(s, in, 1, out, &out_len),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
	expect_rv(F->C_DecryptUpdate(s, in, 1, out, &out_len),
	    CKR_FUNCTION_NOT_SUPPORTED);
	expect_rv(
	    F->C_DecryptFinal(s, out, &out_len), CKR_OPERATION_NOT_INITIALIZED);
}

/* CVE-2023-5992, CVE-2023-6258 (Marvin, Bleichenbacher): padding that tells by
 * how it fails is not taken off here at all, on no way; and OAEP fails in one
 * way only, whatever is wrong with the block, from its first byte to its last.
 */
static void cve_2023_5992_padding_oracles(void **state)
{
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_BYTE in[256] = { 0x12 }, before[sizeof(out)];
	struct pair p = rsa();
	CK_MECHANISM_INFO info;

	(void)state;
	expect_rv(F->C_GetMechanismInfo(0, CKM_RSA_PKCS, &info), CKR_OK);
	assert_int_equal(info.flags & (CKF_DECRYPT | CKF_UNWRAP), 0);
	assert_true(F->C_DecryptInit(s, &pkcs, p.key) != CKR_OK);
	expect_rv(decrypt(in, 256), CKR_OPERATION_NOT_INITIALIZED);
	will_answer(hex(EM));
	for (size_t i = 0; i < 256; i++) {
		uk_buf kept = UK_BUF(before);

		memset(out, 0x77, sizeof(out));
		uk_put(&kept, UK_ARRAY(out));
		fake_cipher.output[i] ^= 0x80;
		expect_rv(F->C_DecryptInit(s, &oaep, p.key), CKR_OK);
		fake_commands();
		expect_rv(decrypt(in, 256), CKR_ENCRYPTED_DATA_INVALID);
		assert_int_equal(fake_commands(), 1);
		expect_bytes(UK_ARRAY(out), uk_buf_view(&kept));
		fake_cipher.output[i] ^= 0x80;
	}
}

static void oaep_parameters(void **state)
{
	static CK_BYTE label[65];
	static const struct {
		CK_RSA_PKCS_OAEP_PARAMS p;
		CK_RV rv;
	} rows[] = {
		{ { CKM_SHA256, CKG_MGF1_SHA1, 1, NULL, 0 }, CKR_OK },
		{ { CKM_SHA_1, CKG_MGF1_SHA1, 0, NULL, 0 }, CKR_OK },
		{ { CKM_SHA_1, CKG_MGF1_SHA1, 1, label, 64 }, CKR_OK },
		{ { CKM_SHA_1, CKG_MGF1_SHA1, 1, label, 65 },
		    CKR_MECHANISM_PARAM_INVALID },
		{ { CKM_SHA_1, CKG_MGF1_SHA1, 1, NULL, 1 },
		    CKR_MECHANISM_PARAM_INVALID },
		{ { CKM_SHA_1, CKG_MGF1_SHA1, 0, label, 1 },
		    CKR_MECHANISM_PARAM_INVALID },
		{ { CKM_SHA_1, CKG_MGF1_SHA1, 2, NULL, 0 },
		    CKR_MECHANISM_PARAM_INVALID },
		{ { CKM_MD5, CKG_MGF1_SHA1, 1, NULL, 0 },
		    CKR_MECHANISM_PARAM_INVALID },
		{ { CKM_SHA_1, 99, 1, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
	};
	struct pair p = rsa();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_RSA_PKCS_OAEP_PARAMS copy = rows[i].p;
		CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &copy, sizeof(copy) };

		expect_rv(F->C_DecryptInit(s, &m, p.key), rows[i].rv);
		expect_rv(F->C_EncryptInit(s, &m, p.pub), rows[i].rv);
		expect_rv(
		    F3->C_SessionCancel(s, CKF_DECRYPT | CKF_ENCRYPT), CKR_OK);
		m.ulParameterLen--;
		expect_rv(F->C_DecryptInit(s, &m, p.key),
		    CKR_MECHANISM_PARAM_INVALID);
	}
}

static void wrong_inits(void **state)
{
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM raw = { CKM_RSA_X_509, NULL, 0 };
	CK_OBJECT_HANDLE login_key = find(s, CKO_PRIVATE_KEY, 1);
	struct pair p = rsa();

	(void)state;
	/* whoever could tell good from bad padding could read messages */
	expect_rv(F->C_DecryptInit(s, &pkcs, p.key), CKR_MECHANISM_INVALID);
	expect_rv(F->C_DecryptInit(s, &raw, login_key),
	    CKR_KEY_FUNCTION_NOT_PERMITTED);
	expect_rv(F->C_DecryptInit(s, &raw, p.pub), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(F->C_DecryptInit(s, &raw, 0), CKR_KEY_HANDLE_INVALID);
	expect_rv(F->C_DecryptInit(s, &raw, find(s, CKO_PRIVATE_KEY, 2)),
	    CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(F->C_DecryptInit(s, NULL, p.key), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_EncryptInit(s, &raw, p.key), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(F->C_EncryptInit(s, &raw, find(s, CKO_PUBLIC_KEY, 1)),
	    CKR_KEY_FUNCTION_NOT_PERMITTED);
	expect_rv(
	    F->C_SignInit(s, &pkcs, p.key), CKR_KEY_FUNCTION_NOT_PERMITTED);
	expect_rv(F->C_SignInit(s, &raw, login_key), CKR_MECHANISM_INVALID);
	/* a login that ends ends it */
	expect_rv(F->C_DecryptInit(s, &raw, p.key), CKR_OK);
	expect_rv(F->C_Logout(s), CKR_OK);
	expect_rv(decrypt(out, 256), CKR_OPERATION_NOT_INITIALIZED);
}

static void raw_rsa(void **state)
{
	CK_MECHANISM raw = { CKM_RSA_X_509, NULL, 0 };
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM_INFO info;
	uint8_t block[256] = { 0, 2 };
	struct pair p;

	(void)state;
	expect_rv(F->C_GetMechanismInfo(0, CKM_RSA_X_509, &info), CKR_OK);
	assert_int_equal(info.flags & CKF_SIGN, 0); /* no such key yet */
	assert_true((info.flags & CKF_DECRYPT) != 0);
	p = rsa();
	will_answer(UK_ARRAY(block));
	expect_rv(F->C_DecryptInit(s, &raw, p.key), CKR_OK);
	expect_rv(F->C_Decrypt(s, block, 256, NULL, &out_len), CKR_OK);
	assert_int_equal(out_len, 256);
	expect_rv(decrypt(block, 256), CKR_OK);
	expect_bytes(uk_view(out, out_len), UK_ARRAY(block));
	p = generate(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, CKA_SIGN_RECOVER);
	expect_rv(F->C_GetMechanismInfo(0, CKM_RSA_X_509, &info), CKR_OK);
	assert_true((info.flags & CKF_SIGN) != 0);
	expect_rv(F->C_SignRecover(s, block, 5, out, &out_len),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_SignRecoverInit(s, &raw, p.key), CKR_OK);
	out_len = sizeof(out);
	expect_rv(F->C_SignRecover(s, block + 1, 5, out, &out_len), CKR_OK);
	assert_int_equal(fake_last.scheme, UK_SIG_RSA_RAW);
	assert_int_equal(fake_last.input_len, 256); /* as a number of k bytes */
	assert_int_equal(fake_last.input[251], 2);
	expect_rv(F->C_SignRecoverInit(s, &raw, p.key), CKR_OK);
	expect_rv(
	    F->C_SignRecover(s, out, 257, out, &out_len), CKR_DATA_LEN_RANGE);
	expect_rv(F->C_SignRecoverInit(s, &pkcs, p.key), CKR_OK);
	expect_rv(F->C_SignRecover(s, block, 245, out, &out_len), CKR_OK);
	expect_rv(F->C_SignRecoverInit(s, &pkcs, find(s, CKO_PRIVATE_KEY, 1)),
	    CKR_KEY_FUNCTION_NOT_PERMITTED);
}

static void rsa_encryption(void **state)
{
	static const struct {
		CK_MECHANISM m;
		CK_ULONG longest;
	} rows[] = {
		{ { CKM_RSA_PKCS, NULL, 0 }, 245 },
		{ { CKM_RSA_PKCS_OAEP, &oaep_params, sizeof(oaep_params) },
		    190 },
		{ { CKM_RSA_X_509, NULL, 0 }, 256 },
	};
	CK_BYTE msg[257] = { 1 };
	struct pair p = rsa();

	(void)state;
	expect_rv(F->C_Encrypt(s, msg, 1, out, &out_len),
	    CKR_OPERATION_NOT_INITIALIZED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_MECHANISM m = rows[i].m;

		expect_rv(F->C_EncryptInit(s, &m, p.pub), CKR_OK);
		expect_rv(F->C_EncryptInit(s, &m, p.pub), CKR_OPERATION_ACTIVE);
		expect_rv(F->C_Encrypt(s, msg, 1, NULL, &out_len), CKR_OK);
		assert_int_equal(out_len, 256);
		out_len = 255;
		expect_rv(F->C_Encrypt(s, msg, 1, out, &out_len),
		    CKR_BUFFER_TOO_SMALL);
		expect_rv(F->C_Encrypt(s, msg, rows[i].longest, out, &out_len),
		    CKR_OK);
		expect_rv(F->C_EncryptInit(s, &m, p.pub), CKR_OK);
		expect_rv(
		    F->C_Encrypt(s, msg, rows[i].longest + 1, out, &out_len),
		    CKR_DATA_LEN_RANGE);
		expect_rv(F->C_EncryptFinal(s, out, &out_len),
		    CKR_OPERATION_NOT_INITIALIZED);
		expect_rv(F->C_EncryptInit(s, &m, p.pub), CKR_OK);
		expect_rv(F->C_EncryptUpdate(s, msg, 1, out, &out_len),
		    CKR_FUNCTION_NOT_SUPPORTED);
	}
	memset(msg, 0xff, sizeof(msg)); /* no number below the modulus */
	expect_rv(
	    F->C_EncryptInit(s, (CK_MECHANISM[]){ rows[2].m }, p.pub), CKR_OK);
	expect_rv(F->C_Encrypt(s, msg, 256, out, &out_len), CKR_DATA_INVALID);
}

/* --- SM2 ----------------------------------------------------------------- */

/* GB/T 32918.5-2017, A.2 and A.3; the fake card's SM2 key is that of the
 * examples. */
#define E "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"
#define SIG                                                                    \
	"F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"     \
	"B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
#define C1X "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
#define C1Y "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
#define C3  "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
#define C2  "21886CA989CA9C7D58087307CA93092D651EFA"

/* The default numbers: Thales Luna's, and OpenSC's pull request 3343. */
enum {
	LUNA_GENERATE = 0x80000b20,
	LUNA_SM2DSA = 0x80000b21,
	LUNA_SM3_SM2DSA = 0x80000b22,
	LUNA_SM3 = 0x80000b01,
	LUNA_KEY = 0x80000016,
	SANSEC_SM2_RAW = 0x80008200
};

static uk_bytes mutable(const char *text, CK_BYTE *storage)
{
	uk_bytes v = hex(text);

	memcpy(storage, v.p, v.n);
	return uk_view(storage, v.n);
}

static void sm2_signature(void **state)
{
	CK_MECHANISM bare = { LUNA_SM2DSA, NULL, 0 };
	CK_BYTE id[16] = "1234567812345678", other[] = "ALICE123@YAHOO.COM";
	CK_MECHANISM with_id = { LUNA_SM3_SM2DSA, id, 16 };
	CK_MECHANISM with_default = { LUNA_SM3_SM2DSA, NULL, 0 };
	CK_MECHANISM with_other = { LUNA_SM3_SM2DSA, other, 18 };
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_BYTE msg[] = "message digest", e[32], sig[64];
	struct pair p = generate(LUNA_GENERATE, SM2, CKA_SIGN);

	(void)state;
	mutable(E, e);
	mutable(SIG, sig);
	expect_rv(F->C_SignInit(s, &ecdsa, p.key), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(F->C_VerifyInit(s, &ecdsa, p.pub), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(F->C_SignInit(s, &bare, find(s, CKO_PRIVATE_KEY, 2)),
	    CKR_KEY_TYPE_INCONSISTENT);
	for (int i = 0; i < 2; i++) {
		expect_rv(
		    F->C_SignInit(s, i == 0 ? &with_default : &with_id, p.key),
		    CKR_OK);
		expect_rv(F->C_SignUpdate(s, msg, 7), CKR_OK);
		expect_rv(F->C_SignUpdate(s, msg + 7, 7), CKR_OK);
		out_len = sizeof(out);
		expect_rv(F->C_SignFinal(s, out, &out_len), CKR_OK);
		assert_int_equal(out_len, 64);
		assert_int_equal(fake_last.scheme, UK_SIG_SM2);
		expect_bytes(
		    uk_view(fake_last.input, fake_last.input_len), hex(E));
	}
	/* Z is in front of every message */
	expect_rv(F3->C_MessageSignInit(s, &with_id, p.key), CKR_OK);
	for (int i = 0; i < 2; i++) {
		fake_last.input_len = 0;
		expect_rv(F3->C_SignMessage(s, NULL, 0, msg, 14, out, &out_len),
		    CKR_OK);
		expect_bytes(
		    uk_view(fake_last.input, fake_last.input_len), hex(E));
	}
	expect_rv(F3->C_MessageSignFinal(s), CKR_OK);
	expect_rv(F->C_SignInit(s, &bare, p.key), CKR_OK);
	expect_rv(F->C_Sign(s, e, 32, out, &out_len), CKR_OK);
	expect_bytes(uk_view(fake_last.input, fake_last.input_len), hex(E));
	expect_rv(F->C_SignInit(s, &bare, p.key), CKR_OK);
	expect_rv(F->C_Sign(s, e, 31, out, &out_len), CKR_DATA_LEN_RANGE);

	expect_rv(F->C_VerifyInit(s, &with_default, p.pub), CKR_OK);
	expect_rv(F->C_Verify(s, msg, 14, sig, 64), CKR_OK);
	expect_rv(F->C_VerifyInit(s, &with_other, p.pub), CKR_OK);
	expect_rv(F->C_Verify(s, msg, 14, sig, 64), CKR_SIGNATURE_INVALID);
	expect_rv(F->C_VerifyInit(s, &bare, p.pub), CKR_OK);
	expect_rv(F->C_Verify(s, e, 32, sig, 64), CKR_OK);
	expect_rv(F->C_VerifyInit(s, &bare, p.pub), CKR_OK);
	sig[0] ^= 1;
	expect_rv(F->C_Verify(s, e, 32, sig, 64), CKR_SIGNATURE_INVALID);
	expect_rv(F->C_VerifyInit(s, &bare, p.pub), CKR_OK);
	expect_rv(F->C_Verify(s, e, 32, sig, 63), CKR_SIGNATURE_LEN_RANGE);
	with_id.ulParameterLen = 16;
	with_id.pParameter = NULL;
	expect_rv(
	    F->C_SignInit(s, &with_id, p.key), CKR_MECHANISM_PARAM_INVALID);
}

static void sm2_decryption(void **state)
{
	CK_MECHANISM m = { SANSEC_SM2_RAW, NULL, 0 };
	CK_BYTE raw[256], der[256];
	uk_bytes as_raw = mutable("04" C1X C1Y C3 C2, raw);
	uk_bytes as_der = mutable(
	    "307C 0220" C1X "0221 00" C1Y "0420" C3 "0413" C2, der);
	struct pair p = generate(LUNA_GENERATE, SM2, CKA_DECRYPT);

	(void)state;
	will_answer(uk_view_str("encryption standard"));
	expect_rv(F->C_DecryptInit(s, &m, p.key), CKR_OK);
	expect_rv(F->C_Decrypt(s, raw, as_raw.n, NULL, &out_len), CKR_OK);
	assert_int_equal(out_len, 19);
	expect_rv(decrypt(raw, as_raw.n), CKR_OK);
	expect_bytes(uk_view(out, out_len), uk_view_str("encryption standard"));
	assert_int_equal(fake_cipher.scheme, UK_DECIPHER_SM2);
	expect_bytes(uk_view(fake_cipher.input, fake_cipher.input_len), as_raw);
	expect_rv(F->C_DecryptInit(s, &m, p.key), CKR_OK);
	expect_rv(decrypt(der, as_der.n), CKR_OK);
	expect_bytes(uk_view(fake_cipher.input, fake_cipher.input_len), as_raw);
	expect_rv(F->C_DecryptInit(s, &m, p.key), CKR_OK);
	expect_rv(decrypt(der, as_der.n - 1), CKR_ENCRYPTED_DATA_INVALID);
	expect_rv(F->C_DecryptInit(s, &m, p.key), CKR_OK);
	expect_rv(decrypt(raw, 97), CKR_ENCRYPTED_DATA_LEN_RANGE);
	expect_rv(F->C_DecryptInit(s, &m, p.key), CKR_OK);
	expect_rv(decrypt(raw, 0), CKR_ENCRYPTED_DATA_LEN_RANGE);
	raw[as_raw.n - 1] = 0xff; /* C3 does not fit, says the card */
	expect_rv(F->C_DecryptInit(s, &m, p.key), CKR_OK);
	expect_rv(decrypt(raw, as_raw.n), CKR_ENCRYPTED_DATA_INVALID);

	expect_rv(F->C_EncryptInit(s, &m, p.pub), CKR_OK);
	out_len = sizeof(out);
	expect_rv(F->C_Encrypt(s, der, 19, out, &out_len), CKR_OK);
	assert_int_equal(out_len, 97 + 19);
	expect_rv(F->C_EncryptInit(s, &m, p.pub), CKR_OK);
	expect_rv(F->C_Encrypt(s, der, 0, out, &out_len), CKR_DATA_LEN_RANGE);
}

static CK_ULONG count_of(CK_KEY_TYPE type)
{
	CK_ATTRIBUTE t = { CKA_KEY_TYPE, &type, sizeof(type) };
	CK_OBJECT_HANDLE list[16];
	CK_ULONG n;

	expect_rv(F->C_FindObjectsInit(s, &t, 1), CKR_OK);
	expect_rv(F->C_FindObjects(s, list, 16, &n), CKR_OK);
	expect_rv(F->C_FindObjectsFinal(s), CKR_OK);
	return n;
}

static void sm2_names(void **state)
{
	CK_MECHANISM sm3 = { LUNA_SM3, NULL, 0 };
	CK_BYTE abc[] = { 'a', 'b', 'c' };
	CK_ULONG type, before = count_of(CKK_EC);
	CK_ATTRIBUTE t = { CKA_KEY_TYPE, &type, sizeof(type) };
	struct pair p = generate(LUNA_GENERATE, SM2, CKA_SIGN);

	(void)state;
	expect_rv(F->C_GetAttributeValue(s, p.key, &t, 1), CKR_OK);
	assert_int_equal(type, LUNA_KEY);
	/* both halves, and the session's own copy of the public one */
	assert_int_equal(count_of(LUNA_KEY), 3);
	assert_int_equal(count_of(CKK_EC), before + 3);
	assert_int_equal(count_of(CKK_RSA), 2);
	out_len = sizeof(out);
	expect_rv(F->C_DigestInit(s, &sm3), CKR_OK);
	expect_rv(F->C_Digest(s, abc, 3, out, &out_len), CKR_OK);
	expect_bytes(uk_view(out, out_len), /* GB/T 32905-2016, A.1 */
	    hex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8"
		"e0"));
}

static void not_offered(CK_MECHANISM_TYPE type)
{
	CK_MECHANISM_INFO info;

	expect_rv(F->C_GetMechanismInfo(0, type, &info), CKR_MECHANISM_INVALID);
}

/* The numbers of swpkcs11.h (Sansec), TASS and EP11 as their users quote them;
 * every preset does the same by them. */
static void sm2_presets(void **state)
{
	static const struct {
		const char *name;
		CK_KEY_TYPE key;
		CK_MECHANISM_TYPE generate, sign, sign_sm3, encrypt, sm3;
	} rows[] = {
		{ "luna", 0x80000016, 0x80000b20, 0x80000b21, 0x80000b22,
		    0x80008200, 0x80000b01 },
		{ "ec", CKK_EC, 0x80000b20, 0x80000b21, 0x80000b22, 0x80008200,
		    0x80000b01 },
		{ "sansec", 0x80000004, 0x80008001, 0x80008105, 0x80008102,
		    0x80008200, 0x80009001 },
		{ "tass", 0x80000004, 0x80008001, 0x80008000, 0x80008100,
		    0x80008200, 0x80000005 },
		{ "ep11", 0x80050002, 0x8005000a, 0x8005000b, 0x8005000c,
		    0x8005000d, 0x8005000e },
	};

	(void)state;
	assert_false(p11_gm_choose("nobody"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_MECHANISM m = { rows[i].sign_sm3, NULL, 0 };
		CK_MECHANISM bare = { rows[i].sign, NULL, 0 };
		CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
		CK_MECHANISM_INFO info;
		CK_MECHANISM sm3 = { rows[i].sm3, NULL, 0 };
		CK_ULONG type;
		CK_ATTRIBUTE t = { CKA_KEY_TYPE, &type, sizeof(type) };
		struct pair p;

		assert_true(p11_gm_choose(rows[i].name));
		p = generate(rows[i].generate, SM2, CKA_SIGN);
		expect_rv(F->C_GetAttributeValue(s, p.key, &t, 1), CKR_OK);
		assert_int_equal(type, rows[i].key);
		expect_rv(F->C_SignInit(s, &m, p.key), CKR_OK);
		out_len = sizeof(out);
		expect_rv(F->C_Sign(s, (CK_BYTE[]){ "message digest" }, 14, out,
			      &out_len),
		    CKR_OK);
		expect_bytes(
		    uk_view(fake_last.input, fake_last.input_len), hex(E));
		expect_rv(F->C_SignInit(s, &bare, p.key), CKR_OK);
		expect_rv(F->C_SignInit(s, NULL, 0), CKR_OK);
		expect_rv(
		    F->C_SignInit(s, &ecdsa, p.key), CKR_KEY_TYPE_INCONSISTENT);
		expect_rv(
		    F->C_GetMechanismInfo(0, rows[i].encrypt, &info), CKR_OK);
		assert_int_equal(info.flags & (CKF_ENCRYPT | CKF_DECRYPT),
		    CKF_ENCRYPT | CKF_DECRYPT);
		expect_rv(F->C_DigestInit(s, &sm3), CKR_OK);
		out_len = sizeof(out);
		expect_rv(
		    F->C_Digest(s, (CK_BYTE[]){ "abc" }, 3, out, &out_len),
		    CKR_OK); /* GB/T 32905-2016, A.1 */
		expect_bytes(uk_view(out, out_len),
		    hex("66c7f0f462eeedd9d1f2d46bdc10e4e2"
			"4167c4875cf2f7a2297da02b8f4ba8e0"));
		expect_rv(F->C_DestroyObject(s, p.key), CKR_OK);
	}
	not_offered(0x80000b22);
	p11_gm_default();
}

/* What is listed is told, and nothing else; flags are exact. */
static void mechanism_infos(void **state)
{
	const CK_FLAGS curve = CKF_EC_F_P | CKF_EC_NAMEDCURVE |
			       CKF_EC_UNCOMPRESS;
	const CK_FLAGS sign = CKF_HW | CKF_SIGN | CKF_VERIFY |
			      CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY |
			      CKF_MULTI_MESSAGE;
	const struct {
		CK_MECHANISM_TYPE type;
		CK_MECHANISM_INFO info;
	} rows[] = {
		{ CKM_RSA_PKCS, { 2048, 4096,
				    sign | CKF_SIGN_RECOVER |
					CKF_VERIFY_RECOVER | CKF_ENCRYPT } },
		{ CKM_RSA_PKCS_OAEP,
		    { 2048, 4096, CKF_HW | CKF_ENCRYPT | CKF_DECRYPT } },
		{ CKM_ECDSA_SHA384, { 256, 521, sign | curve } },
		{ CKM_ECDH1_DERIVE, { 256, 521, CKF_HW | CKF_DERIVE | curve } },
		{ CKM_SHA3_256, { 0, 0, CKF_DIGEST } },
		{ LUNA_SM2DSA, { 256, 256, sign | curve } },
	};
	CK_MECHANISM_TYPE list[64];
	CK_MECHANISM_INFO info;
	CK_ULONG n = 64;

	(void)state;
	expect_rv(F->C_GetMechanismList(0, list, &n), CKR_OK);
	assert_true(n > 30);
	for (CK_ULONG i = 0; i < n; i++) {
		memset(&info, 0xee, sizeof(info));
		expect_rv(F->C_GetMechanismInfo(0, list[i], &info), CKR_OK);
		assert_true(info.ulMinKeySize <= info.ulMaxKeySize);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&info, 0xee, sizeof(info));
		expect_rv(
		    F->C_GetMechanismInfo(0, rows[i].type, &info), CKR_OK);
		assert_int_equal(info.ulMinKeySize, rows[i].info.ulMinKeySize);
		assert_int_equal(info.ulMaxKeySize, rows[i].info.ulMaxKeySize);
		assert_int_equal(info.flags, rows[i].info.flags);
	}
	not_offered(CKM_AES_CBC);
	not_offered(0x80008102); /* of another preset */
}

/* --- ECDH ---------------------------------------------------------------- */

static CK_BYTE point[65] = { 0x04, 1, 2, 3 };
static CK_ECDH1_DERIVE_PARAMS ecdh_params = { CKD_NULL, 0, NULL, 65, point };
static CK_MECHANISM ecdh = { CKM_ECDH1_DERIVE, &ecdh_params,
	sizeof(ecdh_params) };
static CK_ULONG value_len = 32;

static CK_RV derive(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE extra,
    CK_BBOOL *extra_value, CK_OBJECT_HANDLE *made)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE_LEN, &value_len, sizeof(value_len) },
		{ extra, extra_value, 1 } };

	return F->C_DeriveKey(s, &ecdh, key, t, 4, made);
}

static CK_RV value_of(CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE t = { CKA_VALUE, out, sizeof(out) };
	CK_RV rv = F->C_GetAttributeValue(s, o, &t, 1);

	out_len = t.ulValueLen;
	return rv;
}

static void shared_secrets(void **state)
{
	struct pair p = generate(CKM_EC_KEY_PAIR_GEN, P256, CKA_DERIVE);
	CK_OBJECT_HANDLE made = 0;
	CK_BYTE x[32], der[67] = { 0x04, 65 }, digest[32];
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_ULONG n = sizeof(digest);

	(void)state;
	for (size_t i = 0; i < sizeof(x); i++)
		x[i] = (CK_BYTE)(0x80 + i);
	will_answer(UK_ARRAY(x));
	value_len = 32;
	expect_rv(derive(p.key, CKA_EXTRACTABLE, &yes, &made), CKR_OK);
	assert_int_equal(fake_cipher.scheme, UK_DECIPHER_ECDH);
	expect_bytes(
	    uk_view(fake_cipher.input, fake_cipher.input_len), UK_ARRAY(point));
	expect_rv(value_of(made), CKR_OK);
	expect_bytes(uk_view(out, out_len), UK_ARRAY(x));
	expect_rv(F->C_DigestInit(s, &sha256), CKR_OK);
	expect_rv(F->C_DigestKey(s, made), CKR_OK);
	expect_rv(F->C_Digest(s, x, 1, digest, &n), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_DigestFinal(s, digest, &n), CKR_OK);
	expect_rv(F->C_DigestKey(s, made), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_DigestInit(s, &sha256), CKR_OK);
	n = sizeof(digest);
	expect_rv(F->C_Digest(s, x, 32, out, &n), CKR_OK);
	expect_bytes(UK_ARRAY(digest), uk_view(out, 32));

	value_len = 16; /* what is cut off is cut off in front */
	memcpy(der + 2, point, sizeof(point));
	ecdh_params.pPublicData = der;
	ecdh_params.ulPublicDataLen = sizeof(der);
	expect_rv(derive(p.key, CKA_EXTRACTABLE, &yes, &made), CKR_OK);
	expect_bytes(
	    uk_view(fake_cipher.input, fake_cipher.input_len), UK_ARRAY(point));
	expect_rv(value_of(made), CKR_OK);
	expect_bytes(uk_view(out, out_len), uk_view(x + 16, 16));
	ecdh_params.pPublicData = point;
	ecdh_params.ulPublicDataLen = sizeof(point);

	expect_rv(derive(p.key, CKA_EXTRACTABLE, &no, &made), CKR_OK);
	expect_rv(value_of(made), CKR_ATTRIBUTE_SENSITIVE);
	expect_rv(F->C_DigestInit(s, &sha256), CKR_OK);
	expect_rv(F->C_DigestKey(s, made), CKR_KEY_INDIGESTIBLE);
	expect_rv(F->C_DigestInit(s, &sha256), CKR_OK);
	expect_rv(F->C_DigestKey(s, p.key), CKR_KEY_INDIGESTIBLE);
	expect_rv(F->C_DigestInit(s, &sha256), CKR_OK);
	expect_rv(F->C_DigestKey(s, 0), CKR_KEY_HANDLE_INVALID);
	expect_rv(derive(p.key, CKA_SENSITIVE, &yes, &made), CKR_OK);
	expect_rv(value_of(made), CKR_ATTRIBUTE_SENSITIVE);
	expect_rv(
	    derive(p.key, CKA_TOKEN, &yes, &made), CKR_TEMPLATE_INCONSISTENT);
}

static void wrong_derivations(void **state)
{
	struct pair p = generate(CKM_EC_KEY_PAIR_GEN, P256, CKA_DERIVE);
	struct pair signs = generate(CKM_EC_KEY_PAIR_GEN, P256, CKA_SIGN);
	CK_OBJECT_HANDLE made = 0;

	(void)state;
	will_answer(UK_ARRAY(point)); /* not as long as an x */
	value_len = 32;
	expect_rv(
	    derive(p.key, CKA_EXTRACTABLE, &yes, &made), CKR_DEVICE_ERROR);
	expect_rv(derive(p.pub, CKA_EXTRACTABLE, &yes, &made),
	    CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(derive(signs.key, CKA_EXTRACTABLE, &yes, &made),
	    CKR_KEY_FUNCTION_NOT_PERMITTED);
	expect_rv(
	    derive(0, CKA_EXTRACTABLE, &yes, &made), CKR_KEY_HANDLE_INVALID);
	expect_rv(
	    F->C_DeriveKey(s, NULL, p.key, NULL, 0, &made), CKR_ARGUMENTS_BAD);
	expect_rv(
	    F->C_DeriveKey(s, &ecdh, p.key, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
	value_len = 33;
	expect_rv(derive(p.key, CKA_EXTRACTABLE, &yes, &made),
	    CKR_ATTRIBUTE_VALUE_INVALID);
	value_len = 32;
	point[64] = 0xff; /* off the curve, says the card */
	expect_rv(derive(p.key, CKA_EXTRACTABLE, &yes, &made),
	    CKR_MECHANISM_PARAM_INVALID);
	point[64] = 0;
	ecdh_params.ulPublicDataLen = 64;
	expect_rv(derive(p.key, CKA_EXTRACTABLE, &yes, &made),
	    CKR_MECHANISM_PARAM_INVALID);
	ecdh_params.ulPublicDataLen = 65;
	ecdh_params.kdf = CKD_SHA1_KDF;
	expect_rv(derive(p.key, CKA_EXTRACTABLE, &yes, &made),
	    CKR_MECHANISM_PARAM_INVALID);
	ecdh_params.kdf = CKD_NULL;
	ecdh_params.ulSharedDataLen = 1;
	expect_rv(derive(p.key, CKA_EXTRACTABLE, &yes, &made),
	    CKR_MECHANISM_PARAM_INVALID);
	ecdh_params.ulSharedDataLen = 0;
	assert_int_equal(made, 0);
}

/* --- when things fail ---------------------------------------------------- */

static CK_RV all_of_them(struct pair *r, struct pair *e)
{
	CK_BYTE in[256] = { 0x12 };
	CK_OBJECT_HANDLE made = 0;
	CK_RV rv;

	F3->C_SessionCancel(s, CKF_DECRYPT | CKF_ENCRYPT);
	will_answer(hex(EM));
	rv = F->C_DecryptInit(s, &oaep, r->key);
	if (rv == CKR_OK)
		rv = decrypt(in, 256);
	if (rv == CKR_OK)
		rv = F->C_EncryptInit(s, &oaep, r->pub);
	out_len = sizeof(out);
	if (rv == CKR_OK)
		rv = F->C_Encrypt(s, in, 16, out, &out_len);
	will_answer(uk_bytes_first(hex(EM), 32));
	if (rv == CKR_OK)
		rv = derive(e->key, CKA_EXTRACTABLE, &yes, &made);
	if (made != 0)
		expect_rv(F->C_DestroyObject(s, made), CKR_OK);
	return rv;
}

static void without_memory(void **state)
{
	struct pair r = rsa();
	struct pair e = generate(CKM_EC_KEY_PAIR_GEN, P256, CKA_DERIVE);
	CK_RV rv = CKR_HOST_MEMORY;
	unsigned long n;

	(void)state;
	for (n = 1; rv != CKR_OK; n++) {
		assert_true(n < 1000);
		uk_mem_fail_nth(n);
		rv = all_of_them(&r, &e);
		uk_mem_fail_nth(0);
		if (rv != CKR_OK)
			expect_rv(rv, CKR_HOST_MEMORY);
	}
	assert_true(n > 3);
}

/* The card says something else than yes, once, in every place. */
static void with_a_bad_card(void **state)
{
	struct pair r = rsa();
	struct pair e = generate(CKM_EC_KEY_PAIR_GEN, P256, CKA_DERIVE);
	unsigned n;

	(void)state;
	for (n = 1;; n++) {
		CK_RV rv;

		fake_fail(n, UK_ERR_CARD_MUTE);
		rv = all_of_them(&r, &e);
		if (!fake_failed()) {
			expect_rv(rv, CKR_OK);
			break;
		}
		expect_rv(rv, CKR_DEVICE_ERROR);
	}
	assert_true(n > 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(oaep_decryption),
		TEST(cve_2023_5992_padding_oracles),
		TEST(oaep_parameters),
		TEST(wrong_inits),
		TEST(raw_rsa),
		TEST(rsa_encryption),
		TEST(sm2_signature),
		TEST(sm2_decryption),
		TEST(sm2_names),
		TEST(sm2_presets),
		TEST(mechanism_infos),
		TEST(shared_secrets),
		TEST(wrong_derivations),
		TEST(without_memory),
		TEST(with_a_bad_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
