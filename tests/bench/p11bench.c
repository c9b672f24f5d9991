/*
 * One piece of work with a PKCS#11 module, and what it cost:
 *
 *     p11bench MODULE list                lists everything, certificates read
 *     p11bench MODULE sign ID             login, the key with this CKA_ID,
 * signs once p11bench MODULE burst ID            ten more signatures, after
 * that
 *
 * ID in hexadecimal; the PIN is a line on descriptor 8. Each piece is a process
 * of its own, from C_Initialize to C_Finalize. With pcsccount.so preloaded,
 * prints one line: commands, bytes, milliseconds, milliseconds of processor
 * time, peak memory in kB, and objects or signatures. Exit code 3: there is no
 * token or no such key.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

enum { NOT_THERE = 3, BURST = 10, OBJECTS_MAX = 512, PIN_FD = 8 };

struct cost {
	unsigned long commands, bytes;
	double wall_ms, cpu_ms;
};

static CK_FUNCTION_LIST *f;
static CK_SESSION_HANDLE session;
static unsigned long done; /* objects listed, signatures made */

static void give_up(int code, const char *what, CK_RV rv)
{
	fprintf(stderr, "p11bench: %s: 0x%lx\n", what, rv);
	exit(code);
}

#define DO(call)                                                               \
	do {                                                                   \
		CK_RV rv_ = f->call;                                           \
		if (rv_ != CKR_OK)                                             \
			give_up(1, #call, rv_);                                \
	} while (0)

/* --- costs -------------------------------------------------------------- */

static double ms_of(const struct timeval *t)
{
	return (double)t->tv_sec * 1e3 + (double)t->tv_usec / 1e3;
}

static struct cost now(void)
{
	void (*count)(unsigned long *, unsigned long *);
	struct timespec t;
	struct rusage use;
	struct cost c = { 0 };

	*(void **)&count = dlsym(RTLD_DEFAULT, "pcsc_count");
	if (count != NULL)
		count(&c.commands, &c.bytes);
	clock_gettime(CLOCK_MONOTONIC, &t);
	c.wall_ms = (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
	getrusage(RUSAGE_SELF, &use);
	c.cpu_ms = ms_of(&use.ru_utime) + ms_of(&use.ru_stime);
	return c;
}

/* getrusage tells of the memory of whoever started us as well. */
static long peak_kb(void)
{
	FILE *in = fopen("/proc/self/status", "re");
	char line[256];
	long kb = 0;

	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	if (in != NULL)
		fclose(in);
	return kb;
}

/* --- the work ----------------------------------------------------------- */

static void load(const char *module)
{
	CK_C_GetFunctionList get = NULL;
	void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);

	if (library != NULL)
		*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (get == NULL || get(&f) != CKR_OK)
		give_up(1, dlerror(), 0);
}

static void open_session(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_SLOT_ID slots[32];
	CK_ULONG n = 32;
	CK_RV rv = CKR_TOKEN_NOT_PRESENT;

	DO(C_Initialize(&args));
	DO(C_GetSlotList(CK_TRUE, slots, &n));
	for (CK_ULONG i = 0; i < n && rv != CKR_OK; i++)
		rv = f->C_OpenSession(
		    slots[i], CKF_SERIAL_SESSION, NULL, NULL, &session);
	if (rv != CKR_OK)
		give_up(NOT_THERE, "no token", rv);
}

static CK_ULONG find(CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	CK_ULONG total = 0, got;

	DO(C_FindObjectsInit(session, t, n));
	do {
		DO(C_FindObjects(
		    session, out + total, OBJECTS_MAX - total, &got));
		total += got;
	} while (got > 0 && total < OBJECTS_MAX);
	DO(C_FindObjectsFinal(session));
	return total;
}

/* What a person sees of a card: what, which, and the certificates whole. */
static void list(void)
{
	static CK_BYTE value[16384];
	CK_OBJECT_HANDLE objects[OBJECTS_MAX];

	done = find(NULL, 0, objects);
	if (done == 0)
		give_up(NOT_THERE, "no objects", CKR_OK);
	for (unsigned long i = 0; i < done; i++) {
		CK_OBJECT_CLASS class = 0;
		CK_BYTE label[256], id[256];
		CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
			{ CKA_LABEL, label, sizeof(label) },
			{ CKA_ID, id, sizeof(id) } };
		CK_ATTRIBUTE whole = { CKA_VALUE, value, sizeof(value) };

		(void)f->C_GetAttributeValue(session, objects[i], t, 3);
		if (class == CKO_CERTIFICATE)
			DO(C_GetAttributeValue(session, objects[i], &whole, 1));
	}
}

static void log_in(void)
{
	CK_UTF8CHAR pin[64];
	ssize_t n = read(PIN_FD, pin, sizeof(pin));
	CK_RV rv;

	while (n > 0 && pin[n - 1] == '\n')
		n--;
	rv = f->C_Login(session, CKU_USER, pin, n > 0 ? (CK_ULONG)n : 0);
	explicit_bzero(pin, sizeof(pin));
	if (rv != CKR_OK)
		give_up(1, "C_Login", rv);
}

static CK_OBJECT_HANDLE find_key(const char *hex)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	CK_BYTE id[32];
	CK_ULONG n = 0;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, id, 0 } };

	while (n < sizeof(id) && sscanf(hex + 2 * n, "%2hhx", &id[n]) == 1)
		n++;
	t[1].ulValueLen = n;
	if (find(t, 2, found) == 0)
		give_up(NOT_THERE, "no such key", CKR_OK);
	return found[0];
}

static void sign(CK_OBJECT_HANDLE key, CK_KEY_TYPE type)
{
	/* DigestInfo of SHA-256 (RFC 8017, 9.2), and a hash after it */
	CK_BYTE info[51] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
		0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
		0x20, (CK_BYTE)done };
	CK_MECHANISM rsa = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM ec = { CKM_ECDSA, NULL, 0 };
	CK_BYTE sig[1024];
	CK_ULONG n = sizeof(sig);

	DO(C_SignInit(session, type == CKK_RSA ? &rsa : &ec, key));
	if (type == CKK_RSA)
		DO(C_Sign(session, info, sizeof(info), sig, &n));
	else
		DO(C_Sign(session, info + 19, 32, sig, &n));
	done++;
}

static void login_and_sign(const char *id, bool burst, struct cost *before)
{
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE t = { CKA_KEY_TYPE, &type, sizeof(type) };
	CK_OBJECT_HANDLE key;

	log_in();
	key = find_key(id);
	DO(C_GetAttributeValue(session, key, &t, 1));
	sign(key, type);
	if (!burst)
		return;
	*before = now();
	for (done = 0; done < BURST;)
		sign(key, type);
}

int main(int argc, char **argv)
{
	bool burst = argc == 4 && strcmp(argv[2], "burst") == 0;
	struct cost before, after;

	if (argc != 3 && argc != 4) {
		fprintf(
		    stderr, "usage: p11bench MODULE list|sign ID|burst ID\n");
		return 2;
	}
	before = now();
	load(argv[1]);
	open_session();
	if (argc == 3)
		list();
	else
		login_and_sign(argv[3], burst, &before);
	if (burst)
		after = now();
	DO(C_Finalize(NULL));
	if (!burst)
		after = now();
	printf("%lu %lu %.3f %.3f %ld %lu\n", after.commands - before.commands,
	    after.bytes - before.bytes, after.wall_ms - before.wall_ms,
	    after.cpu_ms - before.cpu_ms, peak_kb(), done);
	return 0;
}
