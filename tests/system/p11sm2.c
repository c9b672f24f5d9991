/*
 * SM2 encryption through the module, which no common program speaks:
 *
 *   p11sm2 MODULE make            makes a key pair on the card that deciphers;
 *                                 its SubjectPublicKeyInfo to standard output
 *   p11sm2 MODULE encrypt|decrypt from standard input to standard output
 *
 * The PIN is read from descriptor 8. Slot 0; the numbers are the default ones.
 */
#include <p11-kit/pkcs11.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GENERATE = 0x80000b20, ENCRYPT = 0x80008200, SM2_KEY = 0x80000016 };

static CK_FUNCTION_LIST *f;
static CK_SESSION_HANDLE session;

static int failed(const char *what, CK_RV rv)
{
	if (rv != CKR_OK)
		fprintf(stderr, "%s: 0x%lx\n", what, rv);
	return rv != CKR_OK;
}

static int up(const char *module)
{
	void *library = dlopen(module, RTLD_NOW);
	CK_C_GetFunctionList get = NULL;
	CK_BYTE pin[64];
	ssize_t n = read(8, pin, sizeof(pin));

	if (library != NULL)
		*(void **)&get = dlsym(library, "C_GetFunctionList");
	while (n > 0 && pin[n - 1] == '\n')
		n--;
	return get == NULL || n <= 0 || failed("list", get(&f)) ||
	       failed("initialize", f->C_Initialize(NULL)) ||
	       failed("open",
		   f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION,
		       NULL, NULL, &session)) ||
	       failed("login", f->C_Login(session, CKU_USER, pin, (CK_ULONG)n));
}

static int make(void)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_MECHANISM m = { GENERATE, NULL, 0 };
	CK_ATTRIBUTE pub[] = { { CKA_TOKEN, &yes, 1 } };
	CK_ATTRIBUTE key[] = { { CKA_TOKEN, &yes, 1 }, { CKA_SIGN, &no, 1 },
		{ CKA_DECRYPT, &yes, 1 } };
	CK_BYTE spki[256];
	CK_ATTRIBUTE info = { CKA_PUBLIC_KEY_INFO, spki, sizeof(spki) };
	CK_OBJECT_HANDLE p, k;

	if (failed("generate",
		f->C_GenerateKeyPair(session, &m, pub, 1, key, 3, &p, &k)) ||
	    failed("read", f->C_GetAttributeValue(session, p, &info, 1)))
		return 1;
	return fwrite(spki, 1, info.ulValueLen, stdout) != info.ulValueLen;
}

static CK_OBJECT_HANDLE find(CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE use)
{
	CK_BBOOL yes = CK_TRUE;
	CK_KEY_TYPE type = SM2_KEY;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) }, { use, &yes, 1 } };
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG n;

	(void)failed("find", f->C_FindObjectsInit(session, t, 3));
	(void)failed("find", f->C_FindObjects(session, &found, 1, &n));
	(void)failed("find", f->C_FindObjectsFinal(session));
	return found;
}

static int crypt_with(int decrypts)
{
	CK_MECHANISM m = { ENCRYPT, NULL, 0 };
	CK_BYTE in[1024], out[1024];
	CK_ULONG n = fread(in, 1, sizeof(in), stdin), len = sizeof(out);
	CK_RV rv;

	if (decrypts)
		rv = f->C_DecryptInit(
		    session, &m, find(CKO_PRIVATE_KEY, CKA_DECRYPT));
	else
		rv = f->C_EncryptInit(
		    session, &m, find(CKO_PUBLIC_KEY, CKA_ENCRYPT));
	if (rv == CKR_OK)
		rv = decrypts ? f->C_Decrypt(session, in, n, out, &len)
			      : f->C_Encrypt(session, in, n, out, &len);
	return failed("crypt", rv) || fwrite(out, 1, len, stdout) != len;
}

int main(int argc, char **argv)
{
	int bad;

	if (argc != 3 || up(argv[1]))
		return 2;
	bad = strcmp(argv[2], "make") == 0
		  ? make()
		  : crypt_with(strcmp(argv[2], "decrypt") == 0);
	(void)f->C_Finalize(NULL);
	return bad;
}
