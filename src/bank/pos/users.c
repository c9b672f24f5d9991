/* Registration and login of terminals' owners. */
#include "users.h"

#include "customers.h"
#include "hex.h"

enum { TOKEN = 16, SESSION = 32, HASH = 32 };

/* --- e-mail --------------------------------------------------------------- */

static bool is_email_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
	       c == '_' || c == '%' || c == '+' || c == '-';
}

bool bank_email_normalize(uk_bytes text, char out[BANK_EMAIL_MAX + 1])
{
	size_t at = 0;

	if (text.n < 3 || text.n > BANK_EMAIL_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = (char)text.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '@' && at == 0)
			at = i;
		else if (!is_email_char(c))
			return false;
		out[i] = c;
	}
	out[text.n] = '\0';
	return at > 0 && at + 1 < text.n;
}

/* --- small things --------------------------------------------------------- */

static uk_err hash_of(struct bank_pos *p, uk_bytes v, uint8_t hash[HASH])
{
	uk_buf b = uk_buf_over(hash, HASH);

	return uk_hash_one(p->crypto, UK_HASH_SHA256, v, &b);
}

/* Random bytes as text in *text, and the hash that is kept of the text. */
static uk_err make_token(
    struct bank_pos *p, size_t bytes, uk_buf *text, uint8_t hash[HASH])
{
	uint8_t random[SESSION];
	size_t from = text->len;
	uk_err err = uk_random(p->crypto, random, bytes);

	if (uk_is_ok(err))
		uk_put_hex(text, uk_view(random, bytes));
	uk_wipe(random, sizeof(random));
	if (uk_is_ok(err))
		err = uk_buf_result(text);
	if (uk_is_ok(err))
		err = hash_of(p, uk_bytes_from(uk_buf_view(text), from), hash);
	return err;
}

struct user {
	int64_t id, token_expires;
	bool active;
	char password[BANK_PASSWORD_TEXT], settlement[BANK_ACCOUNT_MAX + 1];
};

static uk_err read_user(bank_query *q, struct user *u)
{
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*u = (struct user){ 0 };
	if (bank_query_row(q)) {
		u->id = bank_col_int(q, 0);
		u->active = bank_col_int(q, 1) != 0;
		u->token_expires = bank_col_int(q, 2);
		err = uk_copy_str(
		    u->password, sizeof(u->password), bank_col(q, 3));
		if (uk_is_ok(err))
			err = uk_copy_str(u->settlement, sizeof(u->settlement),
			    bank_col(q, 4));
	}
	UK_TRY(bank_query_end(q));
	return err;
}

static uk_err user_by_email(
    struct bank_pos *p, const char *email, struct user *u)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT id, active, token_expires, password, settlement"
	    " FROM pos_users WHERE email = ?");

	bank_bind_text(&q, uk_view_str(email));
	return read_user(&q, u);
}

uk_err bank_user_find(struct bank_pos *p, uk_bytes email, int64_t *user)
{
	char normal[BANK_EMAIL_MAX + 1];
	struct user u;

	*user = 0;
	if (!bank_email_normalize(email, normal))
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(user_by_email(p, normal, &u));
	if (!u.active)
		return uk_fail(UK_ERR_NOT_FOUND);
	*user = u.id;
	return uk_ok();
}

/* --- messages ------------------------------------------------------------- */

static uk_err outbox_count(struct bank_store *s, int64_t *n)
{
	bank_query q = bank_query_of(s, "SELECT count(*) FROM outbox");

	*n = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

static uk_err send(struct bank_pos *p, const char *email, const char *subject,
    uk_bytes body, int64_t now)
{
	bank_query q = bank_query_of(p->store,
	    "INSERT INTO outbox (time, recipient, subject, body)"
	    " VALUES (?, ?, ?, ?)");

	bank_bind_int(&q, now);
	bank_bind_text(&q, uk_view_str(email));
	bank_bind_text(&q, uk_view_str(subject));
	bank_bind_text(&q, body);
	return bank_query_run(&q);
}

uk_err bank_outbox_each(
    struct bank_store *s, int64_t after, bank_message_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s,
	    "SELECT id, time, recipient, subject, body FROM outbox"
	    " WHERE id > ? ORDER BY id");

	bank_bind_int(&q, after);
	while (bank_query_row(&q)) {
		const struct bank_message m = { bank_col_int(&q, 0),
			bank_col_int(&q, 1), bank_col(&q, 2), bank_col(&q, 3),
			bank_col(&q, 4) };

		fn(arg, &m);
	}
	return bank_query_end(&q);
}

/* --- registration --------------------------------------------------------- */

static uk_err insert_user(struct bank_pos *p, const char *email,
    const char *password, uk_bytes settlement, const uint8_t token[HASH],
    int64_t now)
{
	bank_query q = bank_query_of(p->store,
	    "INSERT INTO pos_users (email, password, settlement, active, token,"
	    " token_expires, created) VALUES (?, ?, ?, 0, ?, ?, ?)");

	bank_bind_text(&q, uk_view_str(email));
	bank_bind_text(&q, uk_view_str(password));
	bank_bind_text(&q, settlement);
	bank_bind_blob(&q, uk_view(token, HASH));
	bank_bind_int(&q, now + BANK_TOKEN_SECONDS);
	bank_bind_int(&q, now);
	return bank_query_run(&q);
}

/* Nobody confirmed it in time: the address is free again. */
static uk_err forget_late(struct bank_pos *p, const char *email, int64_t now)
{
	bank_query q = bank_query_of(p->store,
	    "DELETE FROM pos_users WHERE email = ? AND active = 0"
	    " AND token_expires <= ?");

	bank_bind_text(&q, uk_view_str(email));
	bank_bind_int(&q, now);
	return bank_query_run(&q);
}

static uk_err register_new(struct bank_pos *p, const char *email,
    const char *password, uk_bytes settlement, int64_t now)
{
	static const char text[] = "Confirm your terminal account with: ";
	uint8_t storage[sizeof(text) + BANK_TOKEN_TEXT], body[160], hash[HASH];
	uk_buf token = UK_BUF(storage), b = UK_BUF(body);

	UK_TRY(make_token(p, TOKEN, &token, hash));
	UK_TRY(insert_user(p, email, password, settlement, hash, now));
	uk_put_str(&b, text);
	uk_put(&b, uk_buf_view(&token));
	UK_TRY(uk_buf_result(&b));
	return send(
	    p, email, "Confirm your e-mail address", uk_buf_view(&b), now);
}

static enum bank_code register_in(struct bank_pos *p, const char *email,
    const char *password, uk_bytes settlement, int64_t now)
{
	struct user u;
	int64_t waiting;
	uk_err err = outbox_count(p->store, &waiting);

	if (uk_is_ok(err) && waiting >= BANK_OUTBOX_MAX)
		return BANK_BUSY;
	if (uk_is_ok(err))
		err = forget_late(p, email, now);
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	err = user_by_email(p, email, &u);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		err = register_new(p, email, password, settlement, now);
	else if (uk_is_ok(err))
		err = send(p, email, "Registered already",
		    uk_view_str("Somebody asked for a terminal account with "
				"this address, which has one."),
		    now);
	return bank_pos_code(err);
}

/* Runs inside a transaction: committed if the code is BANK_OK. */
static enum bank_code finish(struct bank_pos *p, enum bank_code code)
{
	if (code == BANK_OK)
		code = bank_pos_code(bank_commit(p->store));
	if (code != BANK_OK)
		bank_rollback(p->store);
	return code;
}

enum bank_code bank_user_register(
    struct bank_pos *p, const struct bank_registration *r, int64_t now)
{
	char email[BANK_EMAIL_MAX + 1], password[BANK_PASSWORD_TEXT];
	uk_err err;

	if (!bank_email_normalize(r->email, email) ||
	    !bank_account_number_ok(r->settlement))
		return BANK_MALFORMED;
	/* Before it is looked whether somebody is there: no time tells. */
	err = bank_password_hash(
	    p->crypto, &p->rules.password, r->password, password);
	if (uk_is(err, UK_ERR_PIN_LENGTH))
		return BANK_MALFORMED;
	if (!uk_is_ok(err) || !uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	return finish(p, register_in(p, email, password, r->settlement, now));
}

static uk_err activate(struct bank_pos *p, const struct user *u,
    const struct bank_account *account)
{
	bank_query q = bank_query_of(p->store,
	    "UPDATE pos_users SET active = 1, token = NULL, token_expires = 0,"
	    " account = ? WHERE id = ?");

	bank_bind_int(&q, account->id);
	bank_bind_int(&q, u->id);
	return bank_query_run(&q);
}

static enum bank_code confirm_in(struct bank_pos *p, const struct user *u)
{
	struct bank_account account;
	uk_err err = bank_account_find(
	    p->store, uk_view_str(u->settlement), &account);

	if (uk_is(err, UK_ERR_NOT_FOUND) ||
	    (uk_is_ok(err) && account.customer == 0))
		return BANK_ACCOUNT;
	return bank_pos_code(uk_is_ok(err) ? activate(p, u, &account) : err);
}

enum bank_code bank_user_confirm(
    struct bank_pos *p, uk_bytes token, const uk_pin *password, int64_t now)
{
	uint8_t hash[HASH];
	struct user u;
	bool good;
	uk_err err;

	if (!uk_is_ok(hash_of(p, token, hash)) ||
	    !uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	{
		bank_query q = bank_query_of(p->store,
		    "SELECT id, active, token_expires, password, settlement"
		    " FROM pos_users WHERE token = ?");

		bank_bind_blob(&q, UK_ARRAY(hash));
		err = read_user(&q, &u);
	}
	if (!uk_is_ok(err) && !uk_is(err, UK_ERR_NOT_FOUND))
		return finish(p, BANK_INTERNAL);
	good = bank_password_ok(
	    p->crypto, &p->rules.password, u.password, password);
	if (!good || u.token_expires <= now)
		return finish(p, BANK_TOKEN);
	return finish(p, confirm_in(p, &u));
}

/* --- sessions ------------------------------------------------------------- */

static uk_err end_late(struct bank_pos *p, int64_t user, int64_t now)
{
	bank_query q = bank_query_of(p->store,
	    "DELETE FROM pos_sessions WHERE used <= ? OR began <= ? OR"
	    " (owner = ? AND hash NOT IN (SELECT hash FROM pos_sessions"
	    "  WHERE owner = ? ORDER BY used DESC, hash LIMIT ?))");

	bank_bind_int(&q, now - BANK_POS_SESSION_IDLE);
	bank_bind_int(&q, now - BANK_POS_SESSION_SECONDS);
	bank_bind_int(&q, user);
	bank_bind_int(&q, user);
	bank_bind_int(&q, BANK_POS_SESSIONS_EACH - 1);
	return bank_query_run(&q);
}

static uk_err begin_session(
    struct bank_pos *p, int64_t user, int64_t now, uk_buf *token)
{
	uint8_t hash[HASH];

	UK_TRY(make_token(p, SESSION, token, hash));
	UK_TRY(end_late(p, user, now));
	{
		bank_query q = bank_query_of(p->store,
		    "INSERT INTO pos_sessions (hash, owner, began, used)"
		    " VALUES (?, ?, ?, ?)");

		bank_bind_blob(&q, UK_ARRAY(hash));
		bank_bind_int(&q, user);
		bank_bind_int(&q, now);
		bank_bind_int(&q, now);
		return bank_query_run(&q);
	}
}

enum bank_code bank_user_login(struct bank_pos *p, uk_bytes email,
    const uk_pin *password, int64_t now, uk_buf *token, int64_t *expires)
{
	char normal[BANK_EMAIL_MAX + 1];
	struct user u = { 0 };
	bool good;
	uk_err err;

	*expires = now + BANK_POS_SESSION_IDLE;
	if (bank_email_normalize(email, normal)) {
		err = user_by_email(p, normal, &u);
		if (!uk_is_ok(err) && !uk_is(err, UK_ERR_NOT_FOUND))
			return BANK_INTERNAL;
	}
	good = bank_password_ok(
	    p->crypto, &p->rules.password, u.password, password);
	if (!good || !u.active)
		return BANK_LOGIN_PASSWORD;
	if (!uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	return finish(p, bank_pos_code(begin_session(p, u.id, now, token)));
}

enum bank_code bank_user_session(
    struct bank_pos *p, uk_bytes token, int64_t now, int64_t *user)
{
	uint8_t hash[HASH];

	*user = 0;
	if (token.n != BANK_POS_SESSION_TEXT)
		return BANK_NO_SESSION;
	if (!uk_is_ok(hash_of(p, token, hash)))
		return BANK_INTERNAL;
	if (!uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	{
		bank_query q = bank_query_of(p->store,
		    "UPDATE pos_sessions SET used = ? WHERE hash = ?"
		    " AND used > ? AND began > ? RETURNING owner");

		bank_bind_int(&q, now);
		bank_bind_blob(&q, UK_ARRAY(hash));
		bank_bind_int(&q, now - BANK_POS_SESSION_IDLE);
		bank_bind_int(&q, now - BANK_POS_SESSION_SECONDS);
		if (bank_query_row(&q))
			*user = bank_col_int(&q, 0);
		if (!uk_is_ok(bank_query_end(&q)))
			return finish(p, BANK_INTERNAL);
	}
	return finish(p, *user == 0 ? BANK_NO_SESSION : BANK_OK);
}

enum bank_code bank_user_logout(struct bank_pos *p, uk_bytes token)
{
	uint8_t hash[HASH];

	if (!uk_is_ok(hash_of(p, token, hash)) ||
	    !uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	{
		bank_query q = bank_query_of(
		    p->store, "DELETE FROM pos_sessions WHERE hash = ?");

		bank_bind_blob(&q, UK_ARRAY(hash));
		return finish(p, bank_pos_code(bank_query_run(&q)));
	}
}

/* --- another password ----------------------------------------------------- */

static uk_err set_password(
    struct bank_pos *p, int64_t user, const char *password)
{
	bank_query q = bank_query_of(
	    p->store, "UPDATE pos_users SET password = ? WHERE id = ?");
	bank_query ends = bank_query_of(
	    p->store, "DELETE FROM pos_sessions WHERE owner = ?");

	bank_bind_text(&q, uk_view_str(password));
	bank_bind_int(&q, user);
	bank_bind_int(&ends, user);
	UK_TRY(bank_query_run(&q));
	return bank_query_run(&ends);
}

static uk_err user_by_id(struct bank_pos *p, int64_t id, struct user *u)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT id, active, token_expires, password, settlement"
	    " FROM pos_users WHERE id = ?");

	bank_bind_int(&q, id);
	return read_user(&q, u);
}

enum bank_code bank_user_password(
    struct bank_pos *p, int64_t user, const uk_pin *old, const uk_pin *fresh)
{
	char password[BANK_PASSWORD_TEXT];
	struct user u;
	uk_err err;

	if (!uk_is_ok(user_by_id(p, user, &u)))
		return BANK_INTERNAL;
	if (!bank_password_ok(p->crypto, &p->rules.password, u.password, old))
		return BANK_LOGIN_PASSWORD;
	err = bank_password_hash(
	    p->crypto, &p->rules.password, fresh, password);
	if (uk_is(err, UK_ERR_PIN_LENGTH))
		return BANK_MALFORMED;
	if (!uk_is_ok(err) || !uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	return finish(p, bank_pos_code(set_password(p, user, password)));
}
