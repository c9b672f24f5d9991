/*
 * Calls a PKCS#11 module step by step, as standard input says, so that a script
 * can do things to the card between two calls of one process:
 *
 *     p11do MODULE <<steps
 *
 *     init | fini                       C_Initialize, C_Finalize
 *     slots                             C_GetSlotList, those with a token
 *     slotinfo SLOT | tokeninfo SLOT | sessioninfo
 *     open SLOT | close                 one session at a time
 *     login user|so|context PIN         PIN: the rest of the line; may be empty
 *     logout
 *     initpin PIN                       likewise, or `pad`
 *     setpin OLD NEW | setpin pad
 *     inittoken SLOT PIN LABEL          PIN: one word, or `pad`
 *     key N                             finds the Nth private key, from 0
 *     keyid HEX                         finds the one with this CKA_ID
 *     data                              private data, and the first one's value
 *     signinit MECHANISM                a number, such as 0x1041
 *     sign HEX
 *     status                            every status call once
 *     event [block]                     C_WaitForSlotEvent
 *
 * Each step gets one line: the CKR_ name, then what there is to say.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

enum { LINE_MAX_CHARS = 4096, DATA_MAX = 1024, SLOTS_MAX = 64, KEYS_MAX = 64 };

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;

static const struct {
	CK_RV rv;
	const char *name;
} names[] = {
	{ CKR_OK, "CKR_OK" },
	{ CKR_NO_EVENT, "CKR_NO_EVENT" },
	{ CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID" },
	{ CKR_NO_EVENT, "CKR_NO_EVENT" },
	{ CKR_SESSION_EXISTS, "CKR_SESSION_EXISTS" },
	{ CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR" },
	{ CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED" },
	{ CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD" },
	{ CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE" },
	{ CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR" },
	{ CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED" },
	{ CKR_FUNCTION_REJECTED, "CKR_FUNCTION_REJECTED" },
	{ CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID" },
	{ CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID" },
	{ CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED" },
	{ CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT" },
	{ CKR_PIN_INVALID, "CKR_PIN_INVALID" },
	{ CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE" },
	{ CKR_PIN_LOCKED, "CKR_PIN_LOCKED" },
	{ CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED" },
	{ CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID" },
	{ CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT" },
	{ CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED" },
	{ CKR_USER_ALREADY_LOGGED_IN, "CKR_USER_ALREADY_LOGGED_IN" },
	{ CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN" },
	{ CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED" },
};

static void say(CK_RV rv)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].rv == rv) {
			printf("%s", names[i].name);
			return;
		}
	}
	printf("CKR_0x%lX", rv);
}

static void step_init(char *rest)
{
	(void)rest;
	say(p11->C_Initialize(NULL));
}

static void step_fini(char *rest)
{
	(void)rest;
	say(p11->C_Finalize(NULL));
}

static void step_slots(char *rest)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_RV rv = p11->C_GetSlotList(CK_TRUE, slots, &n);

	(void)rest;
	say(rv);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		printf(" %lu", slots[i]);
}

static void step_slotinfo(char *rest)
{
	CK_SLOT_INFO info;
	CK_RV rv = p11->C_GetSlotInfo(strtoul(rest, NULL, 0), &info);

	say(rv);
	if (rv == CKR_OK)
		printf(" flags=0x%lX", info.flags);
}

static void step_tokeninfo(char *rest)
{
	CK_TOKEN_INFO info;
	CK_RV rv = p11->C_GetTokenInfo(strtoul(rest, NULL, 0), &info);

	say(rv);
	if (rv == CKR_OK)
		printf(" flags=0x%lX%s%s%s%s label=%.32s", info.flags,
		    info.flags & CKF_USER_PIN_COUNT_LOW ? " count-low" : "",
		    info.flags & CKF_USER_PIN_FINAL_TRY ? " final-try" : "",
		    info.flags & CKF_USER_PIN_LOCKED ? " locked" : "",
		    info.flags & CKF_PROTECTED_AUTHENTICATION_PATH
			? " protected"
			: "",
		    (const char *)info.label);
}

static void step_sessioninfo(char *rest)
{
	CK_SESSION_INFO info;
	CK_RV rv = p11->C_GetSessionInfo(session, &info);

	(void)rest;
	say(rv);
	if (rv == CKR_OK)
		printf(" state=%lu", info.state);
}

static void step_open(char *rest)
{
	say(p11->C_OpenSession(strtoul(rest, NULL, 0),
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
}

static void step_close(char *rest)
{
	(void)rest;
	say(p11->C_CloseSession(session));
}

static void step_login(char *rest)
{
	char *pin = strchr(rest, ' ');
	CK_USER_TYPE who = CKU_USER;

	if (pin != NULL)
		*pin++ = '\0';
	if (strcmp(rest, "so") == 0)
		who = CKU_SO;
	if (strcmp(rest, "context") == 0)
		who = CKU_CONTEXT_SPECIFIC;
	if (pin == NULL)
		pin = rest + strlen(rest);
	if (strcmp(pin, "pad") == 0) /* entered on the reader */
		say(p11->C_Login(session, who, NULL, 0));
	else
		say(p11->C_Login(
		    session, who, (CK_UTF8CHAR_PTR)pin, strlen(pin)));
}

static void step_logout(char *rest)
{
	(void)rest;
	say(p11->C_Logout(session));
}

static bool is_pad(const char *pin)
{
	return strcmp(pin, "pad") == 0;
}

/* Cuts the first word off. */
static char *next_word(char **rest)
{
	char *word = *rest, *end = strchr(word, ' ');

	*rest = end == NULL ? word + strlen(word) : end + 1;
	if (end != NULL)
		*end = '\0';
	return word;
}

static void step_initpin(char *rest)
{
	say(p11->C_InitPIN(session, is_pad(rest) ? NULL : (CK_UTF8CHAR_PTR)rest,
	    strlen(rest)));
}

static void step_setpin(char *rest)
{
	char *old = next_word(&rest);

	if (is_pad(old))
		say(p11->C_SetPIN(session, NULL, 0, NULL, 0));
	else
		say(p11->C_SetPIN(session, (CK_UTF8CHAR_PTR)old, strlen(old),
		    (CK_UTF8CHAR_PTR)rest, strlen(rest)));
}

static void step_inittoken(char *rest)
{
	CK_UTF8CHAR label[32];
	CK_SLOT_ID slot = strtoul(next_word(&rest), NULL, 0);
	char *pin = next_word(&rest);
	size_t n = strlen(rest);

	memset(label, ' ', sizeof(label));
	memcpy(label, rest, n < sizeof(label) ? n : sizeof(label));
	say(p11->C_InitToken(slot, is_pad(pin) ? NULL : (CK_UTF8CHAR_PTR)pin,
	    strlen(pin), label));
}

static void step_key(char *rest)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[KEYS_MAX];
	CK_ULONG n = 0, wanted = strtoul(rest, NULL, 0);
	CK_RV rv = p11->C_FindObjectsInit(session, &template, 1);

	if (rv == CKR_OK) {
		rv = p11->C_FindObjects(session, found, KEYS_MAX, &n);
		p11->C_FindObjectsFinal(session);
	}
	say(rv);
	if (rv == CKR_OK && wanted < n)
		key = found[wanted];
	printf(" of=%lu", n);
}

static void step_keyid(char *rest)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_BYTE id[64];
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, id, 0 } };
	CK_ULONG n = 0, found = 0;
	unsigned byte;
	CK_RV rv;

	while (n < sizeof(id) && sscanf(rest + 2 * n, "%2x", &byte) == 1)
		id[n++] = (CK_BYTE)byte;
	template[1].ulValueLen = n;
	rv = p11->C_FindObjectsInit(session, template, 2);
	if (rv == CKR_OK) {
		rv = p11->C_FindObjects(session, &key, 1, &found);
		p11->C_FindObjectsFinal(session);
	}
	say(rv);
	printf(" of=%lu", found);
}

/* A number of bytes: is it told, and how long is it? */
static void step_attr(char *rest)
{
	CK_BYTE value[1024];
	CK_ATTRIBUTE t = { strtoul(rest, NULL, 0), value, sizeof(value) };

	say(p11->C_GetAttributeValue(session, key, &t, 1));
	printf(" n=%lu", t.ulValueLen);
}

static void step_data(char *rest)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_PRIVATE, &yes, sizeof(yes) } };
	CK_BYTE value[DATA_MAX];
	CK_ATTRIBUTE ask = { CKA_VALUE, value, sizeof(value) };
	CK_OBJECT_HANDLE found[KEYS_MAX];
	CK_ULONG n = 0;
	CK_RV rv = p11->C_FindObjectsInit(session, template, 2);

	(void)rest;
	if (rv == CKR_OK) {
		rv = p11->C_FindObjects(session, found, KEYS_MAX, &n);
		p11->C_FindObjectsFinal(session);
	}
	if (rv == CKR_OK && n > 0)
		rv = p11->C_GetAttributeValue(session, found[0], &ask, 1);
	say(rv);
	printf(" of=%lu", n);
	if (rv == CKR_OK && n > 0)
		putchar(' ');
	for (CK_ULONG i = 0; rv == CKR_OK && n > 0 && i < ask.ulValueLen; i++)
		printf("%02x", value[i]);
}

static void step_signinit(char *rest)
{
	CK_MECHANISM m = { strtoul(rest, NULL, 0), NULL, 0 };

	say(p11->C_SignInit(session, &m, key));
}

static void step_sign(char *rest)
{
	CK_BYTE data[DATA_MAX], sig[DATA_MAX];
	CK_ULONG n = 0, len = sizeof(sig);
	unsigned byte;
	CK_RV rv;

	while (n < DATA_MAX && sscanf(rest + 2 * n, "%2x", &byte) == 1)
		data[n++] = (CK_BYTE)byte;
	rv = p11->C_Sign(session, data, n, sig, &len);
	say(rv);
	if (rv == CKR_OK)
		putchar(' ');
	for (CK_ULONG i = 0; rv == CKR_OK && i < len; i++)
		printf("%02x", sig[i]);
}

/* Which slot, if there was one. */
static void step_event(char *rest)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = p11->C_WaitForSlotEvent(
	    strcmp(rest, "block") == 0 ? 0 : CKF_DONT_BLOCK, &slot, NULL);

	if (rv == CKR_OK)
		printf("CKR_OK %lu", slot);
	else
		say(rv);
}

static void step_status(char *rest)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
	CK_SESSION_INFO info;
	CK_MECHANISM_TYPE mechanisms[SLOTS_MAX];
	CK_ULONG m = SLOTS_MAX;

	(void)rest;
	say(p11->C_GetSlotList(CK_FALSE, slots, &n));
	for (CK_ULONG i = 0; i < n; i++) {
		putchar(' ');
		say(p11->C_GetSlotInfo(slots[i], &slot));
		putchar(' ');
		say(p11->C_GetTokenInfo(slots[i], &token));
		p11->C_GetMechanismList(slots[i], mechanisms, &m);
	}
	putchar(' ');
	say(p11->C_GetSessionInfo(session, &info));
}

static const struct {
	const char *word;
	void (*run)(char *rest);
} steps[] = {
	{ "init", step_init },
	{ "fini", step_fini },
	{ "slots", step_slots },
	{ "slotinfo", step_slotinfo },
	{ "tokeninfo", step_tokeninfo },
	{ "sessioninfo", step_sessioninfo },
	{ "open", step_open },
	{ "close", step_close },
	{ "login", step_login },
	{ "logout", step_logout },
	{ "initpin", step_initpin },
	{ "setpin", step_setpin },
	{ "inittoken", step_inittoken },
	{ "key", step_key },
	{ "keyid", step_keyid },
	{ "attr", step_attr },
	{ "data", step_data },
	{ "signinit", step_signinit },
	{ "sign", step_sign },
	{ "status", step_status },
	{ "event", step_event },
};

static void run_step(char *line)
{
	char *rest = strchr(line, ' ');
	static char nothing[1];

	if (rest != NULL)
		*rest++ = '\0';
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].word, line) == 0) {
			steps[i].run(rest != NULL ? rest : nothing);
			putchar('\n');
			fflush(stdout);
			return;
		}
	}
	printf("no step '%s'\n", line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_CHARS];
	CK_C_GetFunctionList get;
	void *module = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;

	if (module == NULL) {
		fprintf(stderr, "usage: p11do MODULE <steps (%s)\n",
		    argc == 2 ? dlerror() : "which module?");
		return 2;
	}
	get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
	if (get == NULL || get(&p11) != CKR_OK)
		return 2;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		run_step(line);
	}
	return 0;
}
