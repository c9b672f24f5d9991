/*
 * The token the customer uses: found by PKCS#11 URI or because it is the only
 * one, with a session, its certificates by use, and signing with them.
 */
#ifndef CLI_TOKEN_H
#define CLI_TOKEN_H

#include "cli_module.h"
#include "cli_pin.h"
#include "crypto.h"
#include "display.h"
#include "x509.h"

struct token {
	struct module *m; /* borrowed */
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	CK_TOKEN_INFO info; /* as it was when opened */
	char label[33];
	bool logged_in;
	bool signing; /* C_SignInit was done and not used up */
	/* How far the last text that was signed was shown: "none", "host" or
	 * "terminal"; NULL: there was none. */
	const char *display;
	/* The reader's, with "terminal". */
	uint8_t statement[UK_STATEMENT_MAX];
	size_t statement_n;
};

/* CLI_NO_SERVICE ... CLI_CARD_UNKNOWN, CLI_SEVERAL_TOKENS. Borrows m. */
CLI_RESULT token_open(struct cli *cli, struct module *m, struct token **out);
void token_close(struct token **t); /* accepts NULL; logs out */

/* PIN tries left: from the vendor interface, else as far as flags tell; -1 =
 * not known, 0 = blocked. */
int token_tries_left(const struct token *t);
int module_tries_left(
    const struct module *m, CK_SLOT_ID slot, CK_FLAGS token_flags);

enum token_use { TOKEN_FOR_LOGIN, TOKEN_FOR_TRANSACTION };

/* A certificate on the token and what belongs to it; or, to ask for one, a key
 * that has none. */
struct token_key {
	uk_blob cert;   /* DER; empty: none yet */
	uk_blob spki;   /* SubjectPublicKeyInfo, if there is no cert */
	uint8_t id[64]; /* CKA_ID */
	size_t id_len;
	const struct bank_alg *alg;
};

/* The first certificate for this use; CLI_NO_KEY. Needs no login. */
CLI_RESULT token_find_key(struct cli *cli, struct token *t, enum token_use use,
    struct token_key *out);
void token_key_free(struct token_key *k);
/* Is it a certificate for this use? By its keyUsage (RFC 5280, 4.2.1.3). */
bool token_cert_is_for(const uk_x509 *x, enum token_use use);

/* The object of this class that belongs to the key; CKR_KEY_HANDLE_INVALID if
 * there is none. Private keys are there after login. */
CK_RV token_find(const struct token *t, CK_OBJECT_CLASS class,
    const struct token_key *k, CK_OBJECT_HANDLE *out);

/* Does this private key want the PIN for each signature? */
bool token_wants_consent(const struct token *t, CK_OBJECT_HANDLE key);

/* The mechanism that hashes a message and signs it, as the bank's algorithm
 * wants it; false: there is none. */
bool token_mechanism(
    const struct token *t, const struct bank_alg *alg, CK_MECHANISM *out);

/* What is to be signed. */
struct token_job {
	const char *purpose; /* shown with the question for the PIN */
	uk_bytes message;
	bool is_text; /* a transaction text: shown, and a yes wanted, first */
	/* Run when the token is logged in and before it signs; may be NULL. It
	 * may still decide about the message and, in the caller's token_key,
	 * about the key. */
	cli_end (*prepare)(struct cli *cli, void *arg);
	void *arg;
};

/*
 * Signs with the key that belongs to the certificate: raw r||s, or the RSA
 * block. Asks for the PIN as often as a person wants to answer, uses it for
 * login and, if the key wants it, for consent, wipes it, and verifies the
 * signature with the certificate.
 */
CLI_RESULT token_sign(struct cli *cli, struct token *t,
    const struct token_key *k, const struct token_job *job, uk_buf *signature);

/* Logs in, if nobody is; the PIN as for token_sign. */
CLI_RESULT token_login(struct cli *cli, struct token *t, const char *purpose);

/* Visits the certificates of a token's session, for `ukey cards`. */
typedef void (*token_visit)(void *arg, uk_bytes cert, uk_bytes id);
CK_RV token_each_cert(const struct module *m, CK_SESSION_HANDLE session,
    token_visit visit, void *arg);

#endif
