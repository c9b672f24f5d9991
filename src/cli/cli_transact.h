/*
 * Transaction texts: shown, approved, signed.
 *
 * A module of ours does it in one call (ukey/vendor.h, sign_transaction), which
 * signs the very bytes that it had shown. With somebody else's module the text
 * is shown here first and signed afterwards like anything else.
 */
#ifndef CLI_TRANSACT_H
#define CLI_TRANSACT_H

#include "cli_token.h"

struct transact {
	struct cli *cli;
	struct token *t;
	const struct token_key *k;
	uk_bytes text;
	/* Called after the yes: has to ask for the PIN, log in, and give the
	 * card what it needs. *pin: for the consent; NULL = on the reader. */
	cli_end (*unlock)(void *arg, const uk_pin **pin);
	void *arg;

	const char *display; /* how far it went: struct token */
	uk_buf statement;    /* where the reader's goes; may have no storage */
	bool approved;       /* asked once, also if PINs are wrong */
	bool unlocking;      /* the text was approved, wherever that was */
	cli_end end;         /* what a callback ended with */
	struct ukey_transaction call; /* the one that runs */
};

/* Does the module do it, with this key? */
bool transact_by_module(const struct transact *x);
/* Without the module: shows the text, unless that was done, and asks. */
CLI_RESULT transact_confirm(struct transact *x);
/* With it. *rv is the module's word if it is what failed, else CKR_OK. Appends
 * the signature. */
CLI_RESULT transact_sign(struct transact *x, uk_buf *signature, CK_RV *rv);

/* For people: "host (shown by this computer)"; display as in struct token. */
const char *transact_display_text(const char *display);

#endif
