/*
 * The whole module above a hostile card: a program initialises it, looks at the
 * token, finds objects, reads their attributes, logs in, signs and deciphers,
 * and every answer of the card, beginning with the one to reset, is the
 * fuzzer's. The module must come through, stop after a bounded number of
 * commands, leave nothing behind, and show the PIN to the card once for each
 * time that the program gave it, and never otherwise.
 *
 * Input: length of the answer to reset (1), that, and a row of answers
 * (fuzz_link.h).
 */
#include "cryptoki.h"
#include "fuzz_link.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define PIN "482913"

enum {
	OBJECTS = 8, /* of which everything is read */
	VALUE_MAX = 4096,
	/* the commands of a call to the card, and a call of the module makes
	 * some of these: selecting, refreshing, listing, itself */
	CALL_MAX = 6 * UK_CALL_COMMANDS_MAX,
	/* looking for objects describes each of them */
	FIND_MAX = (6 + UK_OBJECTS_MAX) * UK_CALL_COMMANDS_MAX
};

static uk_reader input;
static CK_FUNCTION_LIST *F;

/* --- a reader with a card in it ------------------------------------------- */

static int reader_state; /* something to point at */

static uk_err source_open(uk_readers **out)
{
	*out = (uk_readers *)&reader_state;
	return uk_ok();
}

static void source_close(uk_readers **r)
{
	*r = NULL;
}

static uk_err source_readers(
    uk_readers *r, uk_reader_state *out, size_t cap, size_t *n)
{
	(void)r;
	*n = 1;
	if (cap == 0)
		return uk_fail(UK_ERR_TOO_SMALL);
	out[0] = (uk_reader_state){
		.name = "Reader 0", .present = true, .events = 1
	};
	return uk_ok();
}

static uk_err source_wait(
    uk_readers *r, const uk_reader_state *known, size_t n, unsigned timeout_ms)
{
	(void)r;
	(void)known;
	(void)n;
	(void)timeout_ms;
	return uk_fail(UK_ERR_TIMEOUT);
}

static void source_cancel(uk_readers *r)
{
	(void)r;
}

static uk_err source_connect(uk_readers *r, const char *reader, uk_link **out)
{
	(void)r;
	(void)reader;
	*out = fuzz_link(&input);
	return uk_ok();
}

static const struct p11_source source = {
	.open = source_open,
	.close = source_close,
	.readers = source_readers,
	.wait = source_wait,
	.cancel = source_cancel,
	.connect = source_connect,
	.open_cards = uk_cards_open,
};

/* --- a program ------------------------------------------------------------ */

/* Before a login, and after it: no call but C_Login shows a PIN. */
static void quiet(size_t commands)
{
	MUST(fuzz_link_commands() <= commands);
	MUST(fuzz_link_seen() == 0);
}

static void read_attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_CLASS, CKA_LABEL, CKA_ID,
		CKA_VALUE, CKA_SUBJECT, CKA_MODULUS, CKA_PUBLIC_EXPONENT,
		CKA_EC_POINT, CKA_EC_PARAMS, CKA_KEY_TYPE, CKA_SIGN,
		CKA_ALWAYS_AUTHENTICATE, CKA_PUBLIC_KEY_INFO };
	static CK_BYTE value[VALUE_MAX];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		CK_ATTRIBUTE a = { types[i], NULL, 0 };

		if (F->C_GetAttributeValue(s, o, &a, 1) != CKR_OK ||
		    a.ulValueLen > sizeof(value))
			continue;
		a.pValue = value;
		(void)F->C_GetAttributeValue(s, o, &a, 1);
		MUST(a.ulValueLen == CK_UNAVAILABLE_INFORMATION ||
		     a.ulValueLen <= sizeof(value));
		quiet(2 * CALL_MAX);
	}
}

static CK_ULONG find_objects(
    CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *found)
{
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_ULONG n = 0;

	if (F->C_FindObjectsInit(s, &t, 1) == CKR_OK) {
		(void)F->C_FindObjects(s, found, OBJECTS, &n);
		(void)F->C_FindObjectsFinal(s);
	}
	MUST(n <= OBJECTS);
	quiet(FIND_MAX);
	return n;
}

static void log_in(CK_SESSION_HANDLE s, CK_USER_TYPE user)
{
	CK_UTF8CHAR pin[] = PIN;

	/* an empty one is no PIN */
	MUST(F->C_Login(s, user, pin, 0) != CKR_OK);
	quiet(CALL_MAX);
	(void)F->C_Login(s, user, pin, sizeof(pin) - 1);
	MUST(fuzz_link_commands() <= CALL_MAX);
	MUST(fuzz_link_seen() <= 1);
}

static void use_key(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	static const CK_MECHANISM_TYPE signs[] = { CKM_SHA256_RSA_PKCS,
		CKM_ECDSA };
	static CK_BYTE in[32], out[VALUE_MAX];
	CK_ULONG n;

	for (size_t i = 0; i < 2; i++) {
		CK_MECHANISM m = { signs[i], NULL, 0 };

		if (F->C_SignInit(s, &m, key) != CKR_OK)
			continue;
		quiet(CALL_MAX);
		log_in(s, CKU_CONTEXT_SPECIFIC);
		n = sizeof(out);
		if (F->C_Sign(s, in, sizeof(in), out, &n) == CKR_OK)
			MUST(n >= 64 && n <= UK_SIGNATURE_MAX);
		quiet(CALL_MAX);
	}
}

static void try_token(CK_SLOT_ID slot)
{
	CK_OBJECT_HANDLE found[OBJECTS];
	CK_SESSION_HANDLE s;
	CK_TOKEN_INFO info;
	CK_ULONG n;

	(void)F->C_GetTokenInfo(slot, &info);
	quiet(CALL_MAX);
	if (F->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
		NULL, &s) != CKR_OK)
		return;
	n = find_objects(s, CKO_CERTIFICATE, found);
	for (CK_ULONG i = 0; i < n; i++)
		read_attributes(s, found[i]);
	log_in(s, CKU_USER);
	n = find_objects(s, CKO_PRIVATE_KEY, found);
	for (CK_ULONG i = 0; i < n; i++) {
		read_attributes(s, found[i]);
		use_key(s, found[i]);
	}
	(void)F->C_Logout(s);
	(void)F->C_CloseSession(s);
	quiet(2 * CALL_MAX);
}

static void start(void)
{
	/* No configuration of whoever runs this, and no cache. */
	if (F == NULL && (setenv("UKEY_PKCS11_CONF", "/nonexistent", 1) != 0 ||
			     setenv("XDG_CACHE_HOME", "/nonexistent", 1) != 0 ||
			     C_GetFunctionList(&F) != CKR_OK))
		abort();
	p11_use_source(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CK_C_INITIALIZE_ARGS args = {
		.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS
	};
	CK_SLOT_ID slots[UK_CARDS_MAX];
	CK_ULONG n = UK_CARDS_MAX;
	long live = uk_mem_live();

	start();
	input = uk_read(uk_view(bytes, size));
	fuzz_link_has_atr(uk_get(&input, uk_get_u8(&input)));
	fuzz_link_watch(uk_view_str(PIN));
	if (F->C_Initialize(&args) != CKR_OK)
		abort();
	if (F->C_GetSlotList(CK_TRUE, slots, &n) == CKR_OK)
		for (CK_ULONG i = 0; i < n; i++)
			try_token(slots[i]);
	MUST(F->C_Finalize(NULL) == CKR_OK);
	MUST(uk_mem_live() == live);
	return 0;
}
