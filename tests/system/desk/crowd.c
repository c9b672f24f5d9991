/*
 * Many programs sign with one card at once:
 *
 *     ukey-vcard exec -- crowd MODULE
 *
 * Eight processes make fifty signatures each, every one in a hurry, and all are
 * right. What that takes is printed beside what one process needs for all of
 * them; a figure, not a verdict: it depends on what else the machine does.
 */
#include <dlfcn.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ecdsa.h>

enum { PROCESSES = 8, EACH = 50, OBJECTS_MAX = 16, FIELD = 32, ROUNDS = 9 };
#define A_MOMENT 0.3 /* seconds */

static CK_FUNCTION_LIST *f;
static CK_SESSION_HANDLE session;

static bool good(const char *what, CK_RV rv)
{
	if (rv != CKR_OK)
		fprintf(stderr, "NOT OK - %s: 0x%lx\n", what, rv);
	return rv == CKR_OK;
}

/* The first one: the login key, and its certificate. */
static CK_OBJECT_HANDLE find(CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	CK_ULONG n = 0;

	if (good("C_FindObjectsInit", f->C_FindObjectsInit(session, &t, 1)))
		good("C_FindObjects",
		    f->C_FindObjects(session, found, OBJECTS_MAX, &n));
	f->C_FindObjectsFinal(session);
	return n == 0 ? 0 : found[0];
}

static EVP_PKEY *public_key(void)
{
	CK_BYTE der[2048];
	CK_ATTRIBUTE a = { CKA_VALUE, der, sizeof(der) };
	const unsigned char *p = der;
	EVP_PKEY *key;
	X509 *x;

	if (!good("the certificate",
		f->C_GetAttributeValue(session, find(CKO_CERTIFICATE), &a, 1)))
		return NULL;
	x = d2i_X509(NULL, &p, (long)a.ulValueLen);
	key = X509_get_pubkey(x);
	X509_free(x);
	return key;
}

static bool is_right(EVP_PKEY *pub, const CK_BYTE *sig, const CK_BYTE *digest)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pub, NULL);
	ECDSA_SIG *parts = ECDSA_SIG_new();
	unsigned char *der = NULL;
	bool right;
	int n;

	ECDSA_SIG_set0(parts, BN_bin2bn(sig, FIELD, NULL),
	    BN_bin2bn(sig + FIELD, FIELD, NULL));
	n = i2d_ECDSA_SIG(parts, &der);
	right = EVP_PKEY_verify_init(ctx) == 1 &&
		EVP_PKEY_verify(ctx, der, (size_t)n, digest, 32) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(parts);
	EVP_PKEY_CTX_free(ctx);
	return right;
}

static bool sign_one(CK_OBJECT_HANDLE key, EVP_PKEY *pub, int i)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_BYTE digest[32], sig[2 * FIELD];
	CK_ULONG n = sizeof(sig);

	memset(digest, i, sizeof(digest));
	if (!good("C_SignInit", f->C_SignInit(session, &m, key)) ||
	    !good(
		"C_Sign", f->C_Sign(session, digest, sizeof(digest), sig, &n)))
		return false;
	if (n == sizeof(sig) && is_right(pub, sig, digest))
		return true;
	fprintf(stderr, "NOT OK - a wrong signature\n");
	return false;
}

static bool work(int signatures)
{
	CK_UTF8CHAR pin[] = "123456";
	EVP_PKEY *pub = NULL;
	bool ok = good("C_Initialize", f->C_Initialize(NULL)) &&
		  good("C_OpenSession", f->C_OpenSession(0, CKF_SERIAL_SESSION,
					    NULL, NULL, &session)) &&
		  good("C_Login", f->C_Login(session, CKU_USER, pin, 6)) &&
		  (pub = public_key()) != NULL;
	CK_OBJECT_HANDLE key = ok ? find(CKO_PRIVATE_KEY) : 0;

	for (int i = 0; ok && i < signatures; i++)
		ok = sign_one(key, pub, i);
	EVP_PKEY_free(pub);
	return good("C_Finalize", f->C_Finalize(NULL)) && ok;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds; < 0 if anything went wrong. */
static double crowd(int processes, int signatures)
{
	double from = now();
	bool ok = true;
	int status;

	for (int i = 0; i < processes; i++) {
		if (fork() == 0)
			_exit(work(signatures) ? 0 : 1);
	}
	for (int i = 0; i < processes; i++) {
		ok = wait(&status) > 0 && status == 0 && ok;
	}
	return ok ? now() - from : -1;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Medians of some rounds: what takes a moment only is at the mercy of whatever
 * else the machine does. false if anything went wrong. */
static bool measure(double *alone, double *together)
{
	double a[ROUNDS], t[ROUNDS];
	int n = 0;

	do {
		a[n] = crowd(1, PROCESSES * EACH);
		t[n] = crowd(PROCESSES, EACH);
		if (a[n] < 0 || t[n] < 0)
			return false;
	} while (a[n] < A_MOMENT && ++n < ROUNDS);
	n = n < ROUNDS ? n + 1 : n;
	qsort(a, (size_t)n, sizeof(*a), by_size);
	qsort(t, (size_t)n, sizeof(*t), by_size);
	*alone = a[n / 2];
	*together = t[n / 2];
	return true;
}

int main(int argc, char **argv)
{
	void *module = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	const char *folder = getenv("UKEY_VCARD_DIR");
	CK_C_GetFunctionList get = NULL;
	double alone, together;

	if (module != NULL)
		get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
	if (folder == NULL || get == NULL || get(&f) != CKR_OK) {
		fprintf(stderr, "usage: ukey-vcard exec -- crowd MODULE\n");
		return 2;
	}
	setenv("XDG_RUNTIME_DIR", folder, 1);
	setenv("XDG_CACHE_HOME", folder, 1);
	if (!measure(&alone, &together))
		return 1;
	printf("%d signatures: one process %.3f s, %d processes %.3f s, "
	       "%.2f times as long\n",
	    PROCESSES * EACH, alone, PROCESSES, together, together / alone);
	return 0;
}
