/* The operations. */
#include "desk_program.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP(p, call, rv) desk_step(p, call, rv)

/* --- looking
 * ------------------------------------------------------------------ */

static void run_start(struct desk_program *p)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;
	CK_TOKEN_INFO info;

	(void)(STEP(p, "C_Initialize", p->f->C_Initialize(NULL)) &&
	       STEP(p, "C_GetSlotList",
		   p->f->C_GetSlotList(CK_FALSE, slots, &n)) &&
	       STEP(p, "C_GetTokenInfo", p->f->C_GetTokenInfo(0, &info)) &&
	       STEP(p, "C_OpenSession", desk_open(p)));
}

/* A certificate must be one of the card's on which the session is. */
static void check_certificate(
    struct desk_program *p, const CK_BYTE *der, size_t n)
{
	for (int i = 0; i < DESK_KEYS; i++) {
		const struct desk_cert *c = &p->cards->certs[0][i];

		if (c->n == n && memcmp(c->der, der, n) == 0)
			return;
	}
	desk_complain(p, "a certificate of another card", CKR_OK);
}

static void run_list(struct desk_program *p)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[DESK_FOUND_MAX];
	CK_BYTE der[DESK_CERT_MAX];
	CK_ULONG n;

	if (!STEP(p, "C_FindObjects", desk_find(p, &t, 1, found, &n)))
		return;
	if (n != (p->cards->kind->keys == NULL ? 1 : DESK_KEYS))
		desk_complain(p, "certificates are missing", CKR_OK);
	for (CK_ULONG i = 0; i < n; i++) {
		CK_ATTRIBUTE v = { CKA_VALUE, der, sizeof(der) };

		if (!STEP(p, "C_GetAttributeValue",
			p->f->C_GetAttributeValue(p->session, found[i], &v, 1)))
			return;
		check_certificate(p, der, v.ulValueLen);
	}
}

/* --- logging in and out
 * --------------------------------------------------------- */

static void run_login(struct desk_program *p)
{
	if (STEP(p, "C_Login", desk_login(p, CKU_USER)))
		(void)STEP(p, "C_FindObjects", desk_find_keys(p));
}

static void run_logout(struct desk_program *p)
{
	(void)STEP(p, "C_Logout", p->f->C_Logout(p->session));
	desk_check_closed(p, "C_Logout left the card open");
}

static void run_finalize(struct desk_program *p)
{
	(void)STEP(p, "C_Finalize", p->f->C_Finalize(NULL));
	p->finalized = true;
	desk_check_closed(p, "C_Finalize left the card open");
}

static void run_set_pin(struct desk_program *p)
{
	static char new_pin[] = "20261120";
	char *old = desk_pins[0];

	p->new_pin = new_pin;
	p->given += 2; /* some cards verify before they change */
	(void)STEP(p, "C_SetPIN",
	    p->f->C_SetPIN(p->session, (CK_UTF8CHAR_PTR)old, strlen(old),
		(CK_UTF8CHAR_PTR)p->new_pin, strlen(p->new_pin)));
}

/* --- keys
 * ------------------------------------------------------------------------ */

/* Two: the second one of a burst has less to send. */
static void run_sign(struct desk_program *p)
{
	for (int i = 0; i < 2; i++) {
		if (STEP(p, "C_SignInit", desk_sign_begin(p, DESK_SIGNS)) &&
		    STEP(p, "C_Sign", desk_sign_end(p)))
			desk_check_signature(p, p->cards->pub[0][DESK_SIGNS]);
	}
}

static void run_consent(struct desk_program *p)
{
	if (STEP(p, "C_SignInit", desk_sign_begin(p, DESK_CONSENTS)) &&
	    STEP(p, "C_Login", desk_login(p, CKU_CONTEXT_SPECIFIC)) &&
	    STEP(p, "C_Sign", desk_sign_end(p)))
		desk_check_signature(p, p->cards->pub[0][DESK_CONSENTS]);
}

/* What a child may do that has inherited us, logged in as we are. */
static void be_a_child(struct desk_program *p, int way)
{
	CK_BYTE sig[512];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = CKR_OK;

	switch (way) {
	case 0: /* nothing, and ends with all handlers */
		exit(0);
	case 1: /* what is not its own */
		rv = p->f->C_Sign(
		    p->session, desk_digest, sizeof(desk_digest), sig, &n);
		_exit(rv == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 1);
	case 2:
		rv = p->f->C_Finalize(NULL);
		_exit(rv == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 1);
	default: /* a beginning of its own */
		rv = p->f->C_Initialize(NULL);
		if (rv == CKR_OK)
			rv = desk_open(p);
		if (rv == CKR_OK)
			rv = p->f->C_Finalize(NULL);
		_exit(rv == CKR_OK ? 0 : 1);
	}
}

#ifdef __SANITIZE_ADDRESS__
static char state_of(const char *task)
{
	char path[64], text[256] = "";
	const char *end;
	int fd, n;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%s/stat", task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : (int)read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		(void)close(fd);
	end = n > 0 ? strrchr(text, ')') : NULL; /* proc(5): pid (name) state */
	return end == NULL ? 'S' : end[2];
}

static bool others_sleep(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *e;
	int awake = 0;

	while (tasks != NULL && (e = readdir(tasks)) != NULL)
		awake += e->d_name[0] != '.' && state_of(e->d_name) != 'S';
	if (tasks != NULL)
		(void)closedir(tasks);
	return awake <= 1; /* we are */
}

/*
 * The address sanitizer's allocator (GCC 12) takes no care of its locks over
 * fork(): if the module's thread is in free() at that moment, the child waits
 * for a region's lock for ever, in its first malloc() or in libcrypto's atexit
 * handler. glibc's own allocator does, so that only here we wait until the
 * other threads sleep.
 */
static pid_t fork_quietly(void)
{
	while (!others_sleep())
		(void)usleep(100);
	return fork();
}
#else
#define fork_quietly fork
#endif

/* Between C_SignInit and C_Sign, and the parent is none the worse. */
static void run_fork(struct desk_program *p)
{
	int status, ways = p->cards->kind->select_ends ? 3 : 4;
	long countdown = p->world->countdown;

	for (int way = 0; way < ways && !p->ended; way++) {
		pid_t child;

		if (!STEP(p, "C_SignInit", desk_sign_begin(p, DESK_SIGNS)))
			return;
		p->world->countdown = -1; /* not in the child */
		if ((child = fork_quietly()) == 0)
			be_a_child(p, way);
		if (waitpid(child, &status, 0) != child || status != 0)
			desk_complain(p, "a child", CKR_OK);
		p->world->countdown = countdown;
		if (STEP(p, "C_Sign", desk_sign_end(p)))
			desk_check_signature(p, p->cards->pub[0][DESK_SIGNS]);
		countdown = p->world->countdown;
	}
}

static const unsigned char secret[] = "what nobody else shall read";

static void decrypt(struct desk_program *p)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA_1, CKG_MGF1_SHA1,
		CKZ_DATA_SPECIFIED, NULL, 0 };
	CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) };
	unsigned char in[512];
	size_t n = sizeof(in);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(
	    p->cards->pub[0][DESK_DECIPHERS], NULL);

	if (EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_encrypt(ctx, in, &n, secret, sizeof(secret)) != 1)
		desk_complain(p, "OpenSSL cannot encrypt", CKR_OK);
	EVP_PKEY_CTX_free(ctx);
	p->out_len = sizeof(p->out);
	if (STEP(p, "C_DecryptInit",
		p->f->C_DecryptInit(p->session, &m, p->keys[DESK_DECIPHERS])) &&
	    STEP(p, "C_Decrypt",
		p->f->C_Decrypt(p->session, in, n, p->out, &p->out_len)) &&
	    (p->out_len != sizeof(secret) ||
		memcmp(p->out, secret, sizeof(secret)) != 0))
		desk_complain(p, "another plain text", CKR_OK);
}

static size_t point_of(EVP_PKEY *key, unsigned char *out, size_t cap)
{
	size_t n = 0;

	(void)EVP_PKEY_get_octet_string_param(
	    key, "encoded-pub-key", out, cap, &n);
	return n;
}

static bool agree_here(EVP_PKEY *mine, EVP_PKEY *card, unsigned char *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
	size_t n = 32;
	bool ok = EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_derive_set_peer(ctx, card) == 1 &&
		  EVP_PKEY_derive(ctx, out, &n) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static CK_RV agree_there(
    struct desk_program *p, EVP_PKEY *mine, CK_OBJECT_HANDLE *key)
{
	unsigned char point[133];
	CK_ECDH1_DERIVE_PARAMS params = { CKD_NULL, 0, NULL,
		point_of(mine, point, sizeof(point)), point };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
	CK_ULONG len = 32;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_SENSITIVE, &no, sizeof(no) },
		{ CKA_EXTRACTABLE, &yes, sizeof(yes) },
		{ CKA_VALUE_LEN, &len, sizeof(len) } };

	return p->f->C_DeriveKey(p->session, &m, p->keys[DESK_DECIPHERS], t,
	    sizeof(t) / sizeof(t[0]), key);
}

static void derive(struct desk_program *p)
{
	EVP_PKEY *mine = EVP_EC_gen("P-256");
	unsigned char here[32], there[32];
	CK_OBJECT_HANDLE key = 0;
	CK_ATTRIBUTE v = { CKA_VALUE, there, sizeof(there) };

	if (!agree_here(mine, p->cards->pub[0][DESK_DECIPHERS], here))
		desk_complain(p, "OpenSSL cannot agree", CKR_OK);
	if (STEP(p, "C_DeriveKey", agree_there(p, mine, &key)) &&
	    STEP(p, "C_GetAttributeValue",
		p->f->C_GetAttributeValue(p->session, key, &v, 1)) &&
	    memcmp(here, there, sizeof(here)) != 0)
		desk_complain(p, "another secret", CKR_OK);
	EVP_PKEY_free(mine);
}

static void run_decrypt(struct desk_program *p)
{
	if (p->cards->kind->rsa)
		decrypt(p);
	else
		derive(p);
}

static CK_RV generate(struct desk_program *p, CK_OBJECT_HANDLE pair[2])
{
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
		0x03, 0x01, 0x07 };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_BBOOL yes = CK_TRUE;
	CK_BYTE id = 0x04; /* PIV: slot 9E */
	CK_ATTRIBUTE public[] = { { CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_VERIFY, &yes, sizeof(yes) }, { CKA_ID, &id, 1 } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SIGN, &yes, sizeof(yes) }, { CKA_ID, &id, 1 } };

	return p->f->C_GenerateKeyPair(
	    p->session, &m, public, 4, private, 4, &pair[0], &pair[1]);
}

static void run_generate(struct desk_program *p)
{
	CK_OBJECT_HANDLE pair[2];

	(void)STEP(p, "C_GenerateKeyPair", generate(p, pair));
}

const struct desk_op desk_ops[] = {
	{ "start", false, DESK_FROM_NOTHING, run_start, false },
	{ "list", false, -1, run_list, false },
	{ "login", false, -1, run_login, false },
	{ "sign", true, DESK_SIGNS, run_sign, false },
	{ "fork", true, DESK_SIGNS, run_fork, false },
	{ "consent", true, DESK_CONSENTS, run_consent, false },
	{ "decrypt", true, DESK_DECIPHERS, run_decrypt, false },
	{ "set-pin", false, -1, run_set_pin, false },
	{ "generate", true, -1, run_generate, true },
	{ "logout", true, -1, run_logout, false },
	{ "finalize", true, -1, run_finalize, false },
};
const size_t desk_op_count = sizeof(desk_ops) / sizeof(desk_ops[0]);
