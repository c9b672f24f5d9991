/* Owners of terminals: registration, login, sessions. */
#ifndef BANK_USERS_H
#define BANK_USERS_H

#include "pos.h"

enum {
	BANK_EMAIL_MAX = 254, /* RFC 5321, 4.5.3.1.3 with its brackets off */
	BANK_TOKEN_TEXT = 32, /* of a confirmation: hex of 128 bits */
	BANK_TOKEN_SECONDS = 24 * 60 * 60,
	BANK_POS_SESSION_TEXT = 64,
	BANK_POS_SESSION_IDLE = 30 * 60,
	BANK_POS_SESSION_SECONDS = 12 * 60 * 60,
	BANK_POS_SESSIONS_EACH = 8,
	BANK_OUTBOX_MAX = 10000
};

/* local@domain, ASCII letters, digits and . _ % + - only; made lower case. */
bool bank_email_normalize(uk_bytes text, char out[BANK_EMAIL_MAX + 1]);

struct bank_registration {
	uk_bytes email, settlement;
	const uk_pin *password;
};

/* Says the same whether somebody is registered already or not: the owner of
 * the address learns it from the message. BANK_MALFORMED: no e-mail address, or
 * too short a password; BANK_BUSY: too many messages wait. */
enum bank_code bank_user_register(
    struct bank_pos *p, const struct bank_registration *r, int64_t now);
/* With the password as well, so that nobody confirms what somebody else asked
 * for in his name. BANK_TOKEN: unknown, too late, or another password;
 * BANK_ACCOUNT: no customer's account has the settlement number. */
enum bank_code bank_user_confirm(
    struct bank_pos *p, uk_bytes token, const uk_pin *password, int64_t now);

/* Appends the session's token. BANK_LOGIN_PASSWORD for every reason. */
enum bank_code bank_user_login(struct bank_pos *p, uk_bytes email,
    const uk_pin *password, int64_t now, uk_buf *token, int64_t *expires);
/* BANK_NO_SESSION, or whose it is; counts as use. */
enum bank_code bank_user_session(
    struct bank_pos *p, uk_bytes token, int64_t now, int64_t *user);
enum bank_code bank_user_logout(struct bank_pos *p, uk_bytes token);
/* Ends all sessions. BANK_LOGIN_PASSWORD: the old one is wrong. */
enum bank_code bank_user_password(
    struct bank_pos *p, int64_t user, const uk_pin *old, const uk_pin *fresh);

UK_RESULT bank_user_find(struct bank_pos *p, uk_bytes email, int64_t *user);

/* Messages that wait for whoever delivers them, oldest first, after number
 * `after`. */
struct bank_message {
	int64_t id, time;
	uk_bytes recipient, subject, body;
};
typedef void bank_message_fn(void *arg, const struct bank_message *m);
UK_RESULT bank_outbox_each(
    struct bank_store *s, int64_t after, bank_message_fn *fn, void *arg);

#endif
