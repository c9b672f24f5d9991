/*
 * Has a module of ours show and sign a transaction text, as a bank's program
 * would (ukey/vendor.h, sign_transaction):
 *
 *   p11text MODULE MECHANISM ANSWER [COMMAND [ARGUMENT...]] <TEXT >SIGNATURE
 *
 * The items are printed on standard error, the COMMAND is run while the person
 * thinks, and then the answer is given: yes, no, none (nobody is there to be
 * asked), in (yes, and logged in before; else that comes after the yes). The
 * key is that of the last certificate in slot 0, the PIN is read from
 * descriptor 8. The last line on standard error is the result.
 */
#include <p11-kit/pkcs11.h>
#include <ukey/vendor.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct interface {
	CK_UTF8CHAR *name;
	const struct ukey_functions *functions;
	CK_FLAGS flags;
};

static CK_FUNCTION_LIST *f;
static const struct ukey_functions *v;
static CK_SESSION_HANDLE session;
static struct ukey_transaction transaction;
static CK_BYTE pin[64];
static ssize_t pin_len;
static const char *answer;
static char **command;

static CK_RV up(const char *module)
{
	void *library = dlopen(module, RTLD_NOW);
	CK_UTF8CHAR name[] = UKEY_INTERFACE_NAME;
	CK_RV(*interface)
	(CK_UTF8CHAR *, CK_VERSION *, struct interface **, CK_FLAGS) = NULL;
	CK_VERSION wanted = { 1, 1 };
	CK_C_GetFunctionList list = NULL;
	struct interface *found;
	CK_RV rv = CKR_GENERAL_ERROR;

	if (library != NULL) {
		*(void **)&list = dlsym(library, "C_GetFunctionList");
		*(void **)&interface = dlsym(library, "C_GetInterface");
	}
	if (list != NULL && interface != NULL)
		rv = interface(name, &wanted, &found, 0);
	if (rv == CKR_OK)
		v = found->functions;
	if (rv == CKR_OK)
		rv = list(&f);
	if (rv == CKR_OK)
		rv = f->C_Initialize(NULL);
	return rv == CKR_OK ? f->C_OpenSession(
				  0, CKF_SERIAL_SESSION, NULL, NULL, &session)
			    : rv;
}

static void run_command(void)
{
	pid_t child = command[0] == NULL ? -1 : fork();

	if (child == 0) {
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	if (child > 0)
		(void)waitpid(child, NULL, 0);
}

static CK_RV show(void *arg, const struct ukey_item *items, CK_ULONG n)
{
	(void)arg;
	for (CK_ULONG i = 0; i < n; i++)
		fprintf(stderr, "%.*s: %.*s\n", (int)items[i].key_len,
		    (const char *)items[i].key, (int)items[i].value_len,
		    (const char *)items[i].value);
	run_command();
	return strcmp(answer, "no") != 0 ? CKR_OK : CKR_FUNCTION_REJECTED;
}

static CK_RV prepare(void *arg)
{
	(void)arg;
	return f->C_Login(session, CKU_USER, pin, (CK_ULONG)pin_len);
}

static CK_OBJECT_HANDLE last_certificate(void)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[16];
	CK_ULONG n = 0;

	(void)f->C_FindObjectsInit(session, &t, 1);
	(void)f->C_FindObjects(session, found, 16, &n);
	(void)f->C_FindObjectsFinal(session);
	return n == 0 ? 0 : found[n - 1];
}

int main(int argc, char **argv)
{
	static CK_BYTE text[8192], sig[512];
	CK_ULONG sig_len = sizeof(sig);
	struct ukey_report report;
	CK_MECHANISM m = { 0 };
	CK_RV rv;

	if (argc < 4)
		return 2;
	m.mechanism = strtoul(argv[2], NULL, 0);
	answer = argv[3];
	command = &argv[4];
	pin_len = read(8, pin, sizeof(pin));
	while (pin_len > 0 && pin[pin_len - 1] == '\n')
		pin_len--;
	transaction = (struct ukey_transaction){ .text = text,
		.text_len = fread(text, 1, sizeof(text), stdin),
		.show = strcmp(answer, "none") == 0 ? NULL : show,
		.prepare = strcmp(answer, "in") == 0 ? NULL : prepare,
		.pin = pin,
		.pin_len = (CK_ULONG)pin_len };
	rv = up(argv[1]);
	if (rv == CKR_OK && transaction.prepare == NULL)
		rv = prepare(NULL);
	if (rv == CKR_OK)
		rv = v->sign_transaction(session, &m, last_certificate(),
		    &transaction, sig, &sig_len, &report);
	fprintf(stderr, "0x%lX", rv);
	if (rv == CKR_OK)
		fprintf(stderr, " display %lu, shown %lu of %lu",
		    report.display, report.shown, report.items);
	fprintf(stderr, "\n");
	if (rv == CKR_OK && fwrite(sig, 1, sig_len, stdout) != sig_len)
		return 1;
	if (f != NULL)
		(void)f->C_Finalize(NULL);
	return rv != CKR_OK;
}
