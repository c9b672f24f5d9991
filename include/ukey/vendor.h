/*
 * The PKCS#11 vendor interface "Vendor ukey": what PKCS#11 cannot say.
 *
 *     CK_INTERFACE *i;
 *     C_GetInterface((CK_UTF8CHAR *)UKEY_INTERFACE_NAME, NULL, &i, 0);
 *     const struct ukey_functions *f = i->pFunctionList;
 *
 * The functions may be called between C_Initialize and C_Finalize, from any
 * thread. They return CKR_ values, the usual ones of PKCS#11 3.0, 5.1, for
 * sessions, tokens and arguments. Include a PKCS#11 header first.
 *
 * Later versions of the list append functions to it and change none. Look at
 * its version before you call one that is not of 1.0; who asks C_GetInterface
 * for a version gets that one or a later one of the same major number.
 */
#ifndef UKEY_VENDOR_H
#define UKEY_VENDOR_H

#define UKEY_INTERFACE_NAME "Vendor ukey"

/* What stands between this process and the readers. */
enum ukey_service {
	UKEY_SERVICE_OK,
	UKEY_SERVICE_NOT_RUNNING,   /* pcscd does not run */
	UKEY_SERVICE_NO_PERMISSION, /* pcscd refuses this user */
	UKEY_SERVICE_FAILED         /* it answers, but not as it should */
};

struct ukey_status {
	CK_ULONG service; /* enum ukey_service */
	CK_ULONG readers; /* attached now */
	CK_ULONG cards;   /* present now, of any kind */
};

/* Facts about a token; answered from memory, no command is sent to the card. */
struct ukey_token_facts {
	CK_UTF8CHAR kind[16]; /* "ukey", NUL padded */
	CK_BYTE serial[32];
	CK_ULONG serial_len;
	CK_ULONG content_version;
	CK_LONG pin_tries_left; /* -1 = not known */
	CK_LONG so_tries_left;  /* -1 = not known */
	CK_BBOOL bank_proof; /* transaction key wants external_authenticate */
};

/* --- transactions (1.1) -------------------------------------------------- */

/* Who has shown a text to a person before it was signed. */
enum ukey_display {
	UKEY_DISPLAY_NONE,    /* nobody */
	UKEY_DISPLAY_HOST,    /* a program on this computer */
	UKEY_DISPLAY_TERMINAL /* a reader with a screen of its own */
};

/* A line to be shown, UTF-8 without an end: "Amount", "12.50 CNY". */
struct ukey_item {
	const CK_UTF8CHAR *key;
	CK_ULONG key_len;
	const CK_UTF8CHAR *value;
	CK_ULONG value_len;
};

/*
 * A text to be shown and signed, and the program's part in that. The callbacks
 * run in the calling thread, with nothing locked: they take as long as a person
 * does, and may call whatever they like. Answering anything but CKR_OK ends the
 * call with that answer (a vendor's own number: CKR_FUNCTION_CANCELED) before a
 * PIN is used: CKR_FUNCTION_REJECTED if the person says no,
 * CKR_FUNCTION_CANCELED if there was no answer.
 *
 * A reader with a screen of its own shows the text and asks in every case, also
 * without `show`, before `prepare` is called. If it does not state afterwards
 * that it did (it knows the kinds of cards of docs/terminal.md, section 8), the
 * level is UKEY_DISPLAY_HOST.
 */
struct ukey_transaction {
	/* <T><D>..</D><E>..</E></T>, strictly: docs/protocol.md, section 6 */
	const CK_BYTE *text;
	CK_ULONG text_len;

	/* enum ukey_display: rather not sign than with less than this */
	CK_ULONG least;

	/* Shows all n items in their order, asks, and answers CKR_OK for a yes.
	 * NULL: nobody is there to whom it could be shown. The items are the
	 * callback's until it returns. Not called where a reader shows the text
	 * and asks by itself. */
	CK_RV (*show)(void *arg, const struct ukey_item *items, CK_ULONG n);

	/* Called after the yes, or NULL: what else must be done before the
	 * signature. The place for asking for the PIN (below), for C_Login,
	 * and for get_challenge and external_authenticate. */
	CK_RV (*prepare)(void *arg);

	void *arg; /* for both */

	/* The PIN for a key with CKA_ALWAYS_AUTHENTICATE; other keys do not
	 * use it. It is looked at after `prepare`, which may put it here. NULL:
	 * it is entered on the reader, if the token has
	 * CKF_PROTECTED_AUTHENTICATION_PATH. */
	const CK_UTF8CHAR *pin;
	CK_ULONG pin_len;
};

/* What has come of it; all zeros unless the answer is CKR_OK. */
struct ukey_report {
	CK_ULONG display;        /* enum ukey_display */
	CK_ULONG shown;          /* items that were shown */
	CK_ULONG items;          /* items in the text, with those of E */
	CK_BYTE text_sha256[32]; /* of the text as it was signed */
	CK_ULONG statement_len;  /* 0 below UKEY_DISPLAY_TERMINAL */
	CK_BYTE statement[1024]; /* the terminal's, signed: it showed this */
};

enum { UKEY_READER_KEY = 65 };

struct ukey_functions {
	CK_VERSION version; /* 1.2 */

	/* Always answers, also without any reader. */
	CK_RV (*get_status)(struct ukey_status *status);

	CK_RV(*get_token_facts)
	(CK_SLOT_ID slot, struct ukey_token_facts *facts);

	/* n = 8..32 bytes of challenge from the card, for the bank to sign. */
	CK_RV(*get_challenge)
	(CK_SESSION_HANDLE session, CK_BYTE_PTR challenge, CK_ULONG n);

	/* Hands the card the bank's proof: `hash` is exactly what the
	 * transaction key will sign, `signature` the bank's r||s (64 bytes)
	 * over it as docs/card-profile.md section 6 says. Log in first:
	 * C_Login(CKU_USER) selects the application anew, and the card then
	 * forgets challenge and proof. CKR_SIGNATURE_INVALID: the card does not
	 * accept it, so this is not the bank of this card.
	 * CKR_OPERATION_NOT_INITIALIZED: no challenge is outstanding. */
	CK_RV(*external_authenticate)
	(CK_SESSION_HANDLE session, CK_BYTE_PTR hash, CK_ULONG hash_len,
	    CK_BYTE_PTR signature, CK_ULONG signature_len);

	/* --- 1.1 --- */

	/*
	 * Shows a transaction text, and signs it if the person says yes: what
	 * C_SignInit, C_Login(CKU_CONTEXT_SPECIFIC) and C_Sign do with the text
	 * as their data, except that what is shown is what is signed. Text and
	 * mechanism are copied when the call begins.
	 *
	 * key: the private key or, so that nobody needs to log in before the
	 * text was read, its certificate or public key on the token. The user
	 * must be logged in when `prepare` has returned.
	 * mechanism: one that hashes (CKM_ECDSA_SHA256, CKM_SHA256_RSA_PKCS);
	 * others are CKR_MECHANISM_INVALID.
	 * signature: NULL asks for its length, as with C_Sign; that, and
	 * CKR_BUFFER_TOO_SMALL, come before anything is shown.
	 *
	 * CKR_DATA_INVALID: not exactly such a text; nothing was shown.
	 * CKR_ACTION_PROHIBITED: `least` cannot be reached; nothing was shown,
	 * or the reader has shown it and does not state so.
	 * CKR_FUNCTION_REJECTED, CKR_FUNCTION_CANCELED: a no, or no answer, to
	 * the program or on the reader.
	 * CKR_OPERATION_ACTIVE: the session is signing something else.
	 * CKR_DEVICE_REMOVED, CKR_SESSION_CLOSED: what became of card or
	 * session meanwhile; nothing was signed.
	 * CKR_USER_NOT_LOGGED_IN: also if there is neither a PIN nor a pad.
	 * CKR_PIN_INCORRECT, CKR_PIN_LOCKED: that PIN was used, once.
	 */
	CK_RV(*sign_transaction)
	(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
	    CK_OBJECT_HANDLE key, const struct ukey_transaction *transaction,
	    CK_BYTE_PTR signature, CK_ULONG_PTR signature_len,
	    struct ukey_report *report);

	/* --- 1.2 --- */

	/* The key with which the reader of this slot signs its statements, 04
	 * || x || y on P-256, UKEY_READER_KEY bytes; *len = 0: it has no
	 * screen of its own. There must be a card in it. Asks the reader. */
	CK_RV(*get_reader_key)
	(CK_SLOT_ID slot, CK_BYTE_PTR key, CK_ULONG *len);
};

#endif
