/*
 * Why the program ends, and with which exit code.
 *
 * Four languages of errors meet here: uk_err, CKR_ values of the module, codes
 * of the bank, and faults of the exchange with it. Each is translated into a
 * cause by one function; a cause is one row with an exit code, a name for
 * --json and a sentence that says what to do next. docs/exit-codes.md lists the
 * same rows (a test compares them). Codes are promised to scripts: they never
 * change meaning.
 */
#ifndef CLI_EXITCODE_H
#define CLI_EXITCODE_H

#include "bc_answer.h"

enum cli_cause {
	CLI_DONE,
	/* this program */
	CLI_USAGE,
	CLI_CONFIG,
	CLI_DECLINED,
	CLI_NO_PERSON,
	CLI_LAST_TRY,
	CLI_NO_SESSION_KEPT,
	CLI_NOT_KEPT,
	/* enum uk_code, one each */
	CLI_MEMORY,
	CLI_ARGUMENT,
	CLI_TOO_SMALL,
	CLI_FORMAT,
	CLI_NOT_FOUND,
	CLI_EXISTS,
	CLI_UNSUPPORTED,
	CLI_IO,
	CLI_TIMEOUT,
	CLI_CANCELLED,
	CLI_INTERNAL,
	CLI_NO_SERVICE,
	CLI_NO_PERMISSION,
	CLI_NO_READER,
	CLI_NO_CARD,
	CLI_CARD_REMOVED,
	CLI_CARD_RESET,
	CLI_CARD_BUSY,
	CLI_CARD_MUTE,
	CLI_CARD_UNKNOWN,
	CLI_CARD_STATUS,
	CLI_PIN_WRONG,
	CLI_PIN_BLOCKED,
	CLI_PIN_LENGTH,
	CLI_NOT_LOGGED_IN,
	CLI_CONDITIONS,
	CLI_CRYPTO,
	CLI_SIGNATURE,
	CLI_CERT_UNTRUSTED,
	CLI_CERT_NOT_YET,
	CLI_CERT_EXPIRED,
	CLI_CERT_REVOKED,
	CLI_CERT_PURPOSE,
	CLI_CRL_MISSING,
	CLI_AGAIN,
	/* module and token, beyond the above */
	CLI_MODULE_MISSING,
	CLI_MODULE_FAILED,
	CLI_NO_KEY,
	CLI_SEVERAL_TOKENS,
	CLI_CARD_REFUSES_BANK,
	CLI_NO_FREE_KEY,
	/* the exchange with the bank */
	CLI_BANK_UNREACHABLE,
	CLI_BANK_TLS,
	CLI_BANK_NO_ANSWER,
	CLI_BANK_MALFORMED,
	CLI_BANK_UNPROVEN,
	CLI_BANK_REBOUND,
	CLI_TEXT_DIFFERS,
	CLI_RECEIPT_BAD,
	CLI_EVIDENCE_BAD,
	CLI_ENROL_REJECTED,
	/* enum bank_code, one each */
	CLI_SAID_MALFORMED,
	CLI_SAID_NOT_FOUND,
	CLI_SAID_METHOD,
	CLI_SAID_TOO_LARGE,
	CLI_SAID_BUSY,
	CLI_SAID_INTERNAL,
	CLI_SAID_NO_SESSION,
	CLI_SAID_NONCE_UNKNOWN,
	CLI_SAID_NONCE_EXPIRED,
	CLI_SAID_LOGIN_SIGNATURE,
	CLI_SAID_CHANNEL_BINDING,
	CLI_SAID_NO_CERTIFICATE,
	CLI_SAID_CERT_MALFORMED,
	CLI_SAID_CERT_UNTRUSTED,
	CLI_SAID_CERT_NOT_YET,
	CLI_SAID_CERT_EXPIRED,
	CLI_SAID_CERT_REVOKED,
	CLI_SAID_CERT_PURPOSE,
	CLI_SAID_CRL_MISSING,
	CLI_SAID_CERT_UNKNOWN,
	CLI_SAID_WRONG_CUSTOMER,
	CLI_SAID_ORDER_CONFLICT,
	CLI_SAID_ORDER_EXPIRED,
	CLI_SAID_INSUFFICIENT_FUNDS,
	CLI_SAID_TEXT_ALTERED,
	CLI_SAID_ORDER_SIGNATURE,
	CLI_SAID_ACCOUNT,
	CLI_SAID_AMOUNT,
	CLI_SAID_OVER_LIMIT,
	CLI_SAID_DISPLAY_LEVEL,
	CLI_SAID_DISPLAY_STATEMENT,
	CLI_SAID_PAYEE,
	CLI_SAID_REPLAYED,
	CLI_SAID_MERCHANT_SIGNATURE,
	CLI_SAID_BILL_CLOSED,
	CLI_CAUSE_COUNT
};

struct cli_row {
	int exit;         /* 0..125 */
	const char *name; /* for --json */
	const char *text; /* what happened and what to do next */
};

const struct cli_row *cli_row(enum cli_cause cause); /* never NULL */

/* Like uk_err a struct, so that it must be used and cannot be mixed up. */
typedef struct cli_end {
	enum cli_cause cause;
} cli_end;

#define CLI_RESULT __attribute__((warn_unused_result)) cli_end

static inline CLI_RESULT cli_ok(void)
{
	return (cli_end){ CLI_DONE };
}

static inline CLI_RESULT cli_fail(enum cli_cause cause)
{
	return (cli_end){ cause };
}

static inline bool cli_is_ok(cli_end e)
{
	return e.cause == CLI_DONE;
}

CLI_RESULT cli_from_err(uk_err err);
CLI_RESULT cli_from_bank_code(enum bank_code code);
CLI_RESULT cli_from_bank(bc_result r);
/* A CK_RV; CLI_MODULE_FAILED for what has no row. */
CLI_RESULT cli_from_ckr(unsigned long rv);

#endif
