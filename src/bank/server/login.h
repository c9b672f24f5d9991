/* Logging in: docs/protocol.md, section 3. */
#ifndef BANK_LOGIN_H
#define BANK_LOGIN_H

#include "customers.h"
#include "requests.h"
#include "routes.h"

struct bank_challenge {
	uint8_t nonce[BANK_NONCE_TEXT]; /* text */
	int64_t expires;
	uint8_t signature[64];
};

enum bank_code bank_login_challenge(struct bank *b,
    const struct bank_challenge_request *r, int64_t now,
    struct bank_challenge *out);

struct bank_logged_in {
	struct bank_owner owner;
	int64_t expires;
	uint8_t token[BANK_SESSION_TEXT]; /* a secret: wipe it */
	/* Nobody is logged in yet, and nothing is used up: ask again. */
	struct bank_pending pending;
	/* Tell what it said when the same request was served before. */
	bool nonce_taken;
};

/* By a token. peer: over which connection it came. */
enum bank_code bank_login(struct bank *b, const struct bank_login_request *r,
    const struct bank_peer *peer, int64_t now, struct bank_logged_in *out);
/* By the certificate of the connection itself. */
enum bank_code bank_login_by_tls(struct bank *b, const struct bank_peer *peer,
    int64_t now, struct bank_logged_in *out);

/* Whose session it is; counts as use. BANK_NO_SESSION also, and the session
 * ends, if the certificate that it was begun with is not good any more. */
enum bank_code bank_session_of(
    struct bank *b, uk_bytes token, int64_t now, int64_t *customer);

/* Has this address done too much that failed? Takes `cost` of what is left. */
bool bank_login_may_try(
    struct bank *b, const struct bank_peer *peer, int64_t now, int64_t cost);

#endif
