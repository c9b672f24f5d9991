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

struct ukey_functions {
	CK_VERSION version; /* 1.0; later ones only append */

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
};

#endif
