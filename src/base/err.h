/*
 * The one result type of the house.
 *
 * A uk_err is a small struct, not a number, so that no other library's integer
 * (CK_RV, SCard LONG, status word, errno, OpenSSL's 0/1) can be returned by
 * mistake: the compiler refuses. Each foreign language is translated into
 * uk_err by one function at its border, and only pkcs11/core translates uk_err
 * onwards into CK_RV.
 */
#ifndef UK_ERR_H
#define UK_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum uk_code {
	UK_OK,
	/* ours and the machine's */
	UK_ERR_MEMORY,    /* out of memory */
	UK_ERR_ARGUMENT,  /* the caller asked for something that cannot be */
	UK_ERR_TOO_SMALL, /* the storage provided does not hold the result */
	UK_ERR_FORMAT,    /* outside data is malformed */
	UK_ERR_NOT_FOUND,
	UK_ERR_EXISTS,
	UK_ERR_UNSUPPORTED, /* well-formed, but we or the card cannot do it */
	UK_ERR_IO,          /* file, socket or database failed */
	UK_ERR_TIMEOUT,
	UK_ERR_CANCELLED, /* a person, or C_Finalize, said stop */
	UK_ERR_INTERNAL,  /* "cannot happen": a bug of ours */
	/* the way to the card */
	UK_ERR_NO_SERVICE,    /* pcscd does not run */
	UK_ERR_NO_PERMISSION, /* pcscd runs, but refuses this user */
	UK_ERR_NO_READER,
	UK_ERR_NO_CARD,
	UK_ERR_CARD_REMOVED, /* it was there a moment ago */
	UK_ERR_CARD_RESET,   /* somebody reset it: its login state is gone */
	UK_ERR_CARD_BUSY,    /* another program holds it exclusively */
	UK_ERR_CARD_MUTE,    /* does not answer, or answers garbage */
	/* what the card said */
	UK_ERR_CARD_UNKNOWN, /* none of the applications we know */
	UK_ERR_CARD_STATUS,  /* refused with a status word not named below: .sw
			      */
	UK_ERR_PIN_WRONG,    /* .sw = 63Cx, x tries left */
	UK_ERR_PIN_BLOCKED,
	UK_ERR_PIN_LENGTH,    /* refused before it reached the card */
	UK_ERR_NOT_LOGGED_IN, /* security status not satisfied */
	UK_ERR_CONDITIONS,    /* conditions of use not satisfied */
	/* certificates and signatures */
	UK_ERR_CRYPTO,         /* the crypto library failed */
	UK_ERR_SIGNATURE,      /* a signature does not verify */
	UK_ERR_CERT_UNTRUSTED, /* no chain to a CA we trust */
	UK_ERR_CERT_NOT_YET,
	UK_ERR_CERT_EXPIRED,
	UK_ERR_CERT_REVOKED,
	UK_ERR_CERT_PURPOSE, /* key usage does not allow this */
	UK_ERR_CRL_MISSING,  /* revocation unknown: no list, or it is too old */
	/* the bank's database */
	UK_ERR_AGAIN, /* it took all of it back for others' sake, or is out of
			 reach: doing it again may help */
	UK_CODE_COUNT
};

typedef struct uk_err {
	uint16_t code; /* enum uk_code */
	uint16_t sw;   /* ISO/IEC 7816-4 status word, or 0 */
} uk_err;

#define UK_RESULT __attribute__((warn_unused_result)) uk_err

static inline UK_RESULT uk_ok(void)
{
	return (uk_err){ UK_OK, 0 };
}

static inline UK_RESULT uk_fail(enum uk_code code)
{
	return (uk_err){ (uint16_t)code, 0 };
}

static inline UK_RESULT uk_fail_sw(enum uk_code code, uint16_t sw)
{
	return (uk_err){ (uint16_t)code, sw };
}

static inline bool uk_is_ok(uk_err err)
{
	return err.code == UK_OK;
}

static inline bool uk_is(uk_err err, enum uk_code code)
{
	return err.code == code;
}

/* Leave early. Only where you own nothing and have changed nothing. */
#define UK_TRY(expr)                                                           \
	do {                                                                   \
		uk_err uk_try_err_ = (expr);                                   \
		if (uk_try_err_.code != UK_OK)                                 \
			return uk_try_err_;                                    \
	} while (0)

/* A result that cannot matter here; say why beside it. */
#define UK_IGNORE(expr)                                                        \
	do {                                                                   \
		uk_err uk_ign_err_ = (expr);                                   \
		(void)uk_ign_err_;                                             \
	} while (0)

/* A stable name for logs and --json, e.g. "pin-wrong". Never NULL. */
const char *uk_err_name(uk_err err);

/* One sentence: what happened and what to do next. Never NULL. */
const char *uk_err_text(uk_err err);

/* PIN tries left, as said by 63Cx; -1 if the error does not tell. */
int uk_err_tries_left(uk_err err);

#endif
