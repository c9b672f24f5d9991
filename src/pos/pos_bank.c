/* Requests of the terminal to the bank. */
#include "pos_client.h"

#include "secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SESSION_FILE "pos-session"

enum pos_exit pos_say(enum pos_exit code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ukey-pos: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return code;
}

enum pos_exit pos_say_err(const char *what, uk_err err)
{
	return pos_say(POS_FAILED, "%s: %s", what, uk_err_text(err));
}

/* --- one request ---------------------------------------------------------- */

enum pos_exit pos_connect(struct pos *p)
{
	char origin[BC_TEXT_MAX + 1];

	if (p->opt.bank == NULL || p->opt.ca == NULL)
		return pos_say(POS_USAGE, "--bank and --ca are needed");
	if (!uk_is_ok(bc_origin_normalize(p->opt.bank, origin, sizeof(origin))))
		return pos_say(POS_USAGE, "--bank is https://HOST[:PORT]");
	if (!uk_is_ok(bc_http_open(origin, p->opt.ca, &p->http)))
		return pos_say(POS_FAILED, "no connection can be made");
	return POS_OK;
}

static enum pos_exit exit_of(bc_result r)
{
	switch (r.fault) {
	case BC_OK:
		return POS_OK;
	case BC_REFUSED:
		return POS_REFUSED;
	case BC_UNREACHABLE:
	case BC_TLS:
		return POS_UNREACHABLE;
	case BC_NO_ANSWER:
		return POS_UNKNOWN;
	default:
		return POS_FAILED;
	}
}

static void explain(bc_result r)
{
	static const char *const texts[BC_FAULT_COUNT] = {
		[BC_UNREACHABLE] = "the bank cannot be reached: check --bank "
				   "and the network",
		[BC_TLS] = "this is not the bank we trust: nothing was sent; "
			   "check --ca",
		[BC_NO_ANSWER] = "the bank did not answer",
		[BC_MALFORMED] = "the bank's answer is malformed",
	};

	if (r.fault == BC_REFUSED)
		(void)pos_say(POS_REFUSED, "%s", bank_code_text(r.code));
	else
		(void)pos_say(POS_FAILED, "%s",
		    texts[r.fault] != NULL ? texts[r.fault]
					   : uk_err_text(r.err));
}

static void free_text(char *text)
{
	if (text != NULL)
		uk_wipe(text, strlen(text));
	free(text);
}

enum pos_exit pos_call(
    struct pos *p, const char *path, json_t *body, bool quiet, json_t **answer)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	struct bc_request request = { path, p->session, text };
	bool want_body = body != NULL;
	uk_blob got = { NULL, 0 };
	bc_result r;

	*answer = NULL;
	json_decref(body);
	if (want_body && text == NULL)
		return pos_say(POS_FAILED, "out of memory");
	r = bc_http_call(p->http, &request, &got);
	free_text(text);
	if (bc_is_ok(r)) {
		*answer = json_loadb(
		    (const char *)got.p, got.n, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_object(*answer)) {
			json_decref(*answer);
			*answer = NULL;
			r = bc_fail(BC_MALFORMED);
		}
	}
	uk_blob_free(&got);
	if (!bc_is_ok(r) && !quiet)
		explain(r);
	return exit_of(r);
}

const char *pos_text(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	for (const char *c = text; c != NULL && *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f ||
		    (c[0] == '\xc2' && (unsigned char)c[1] < 0xa0))
			return ""; /* could drive a terminal */
	}
	return text == NULL ? "" : text;
}

void pos_money(const json_t *o, char *out, size_t cap)
{
	uk_buf b = uk_buf_over(out, cap);
	json_int_t minor = json_integer_value(json_object_get(o, "amount"));

	if (!uk_is_ok(bank_put_money(
		&b, minor, uk_view_str(pos_text(o, "currency")))))
		b.len = 0;
	uk_put_u8(&b, 0);
	if (b.bad && cap > 0)
		out[0] = '\0';
}

/* --- accounts ------------------------------------------------------------- */

static enum pos_exit ask_password(
    struct pos *p, const char *purpose, uk_pin *password)
{
	const struct pin_question q = { purpose, p->opt.email, -1, NULL };
	uk_err err = pin_ask(&p->pins, &q, password);

	if (uk_is(err, UK_ERR_CANCELLED))
		return pos_say(POS_CANCELLED, "cancelled");
	return uk_is_ok(err) ? POS_OK : pos_say_err("the password", err);
}

static json_t *secret_text(const uk_pin *pin)
{
	return json_stringn((const char *)pin->p, pin->n);
}

enum pos_exit pos_register(struct pos *p)
{
	uk_pin password = { 0 };
	json_t *answer = NULL;
	enum pos_exit code;

	if (p->opt.email == NULL || p->opt.account == NULL)
		return pos_say(POS_USAGE, "--email and --account are needed");
	code = ask_password(p, "choose a password", &password);
	if (code == POS_OK)
		code = pos_call(p, "/v1/pos/register",
		    json_pack("{s:s,s:o,s:s}", "email", p->opt.email,
			"password", secret_text(&password), "account",
			p->opt.account),
		    false, &answer);
	uk_wipe(&password, sizeof(password));
	json_decref(answer);
	if (code == POS_OK)
		puts("Look into your mail, and confirm with "
		     "`ukey-pos confirm --token`.");
	return code;
}

enum pos_exit pos_confirm(struct pos *p)
{
	uk_pin password = { 0 };
	json_t *answer = NULL;
	enum pos_exit code;

	if (p->opt.token == NULL)
		return pos_say(POS_USAGE, "--token is needed");
	code = ask_password(p, "confirm the account", &password);
	if (code == POS_OK)
		code = pos_call(p, "/v1/pos/confirm",
		    json_pack("{s:s,s:o}", "token", p->opt.token, "password",
			secret_text(&password)),
		    false, &answer);
	uk_wipe(&password, sizeof(password));
	json_decref(answer);
	if (code == POS_OK)
		puts("Confirmed.");
	return code;
}

static enum pos_exit keep_session(const json_t *answer)
{
	const char *session = pos_text(answer, "session");
	uk_err err;

	if (*session == '\0')
		return pos_say(POS_FAILED, "the bank's answer is malformed");
	err = store_write(STORE_SESSION, SESSION_FILE, uk_view_str(session));
	return uk_is_ok(err) ? POS_OK : pos_say_err("the session", err);
}

enum pos_exit pos_login(struct pos *p)
{
	uk_pin password = { 0 };
	json_t *answer = NULL;
	enum pos_exit code;

	if (p->opt.email == NULL)
		return pos_say(POS_USAGE, "--email is needed");
	code = ask_password(p, "log in", &password);
	if (code == POS_OK)
		code = pos_call(p, "/v1/pos/login",
		    json_pack("{s:s,s:o}", "email", p->opt.email, "password",
			secret_text(&password)),
		    false, &answer);
	uk_wipe(&password, sizeof(password));
	if (code == POS_OK)
		code = keep_session(answer);
	json_decref(answer);
	if (code == POS_OK)
		puts("Logged in.");
	return code;
}

enum pos_exit pos_load_session(struct pos *p)
{
	uk_blob kept = { NULL, 0 };
	uk_err err = store_read(STORE_SESSION, SESSION_FILE, &kept);

	if (uk_is_ok(err))
		err = uk_copy_str(
		    p->session, sizeof(p->session), uk_blob_view(&kept));
	if (kept.n > 0)
		uk_wipe(kept.p, kept.n);
	uk_blob_free(&kept);
	return uk_is_ok(err)
		   ? POS_OK
		   : pos_say(POS_REFUSED, "not logged in: `ukey-pos login`");
}

enum pos_exit pos_logout(struct pos *p)
{
	json_t *answer;
	enum pos_exit code = pos_call(
	    p, "/v1/pos/logout", json_object(), false, &answer);

	json_decref(answer);
	UK_IGNORE(store_remove(STORE_SESSION, SESSION_FILE)); /* worthless */
	return code;
}

enum pos_exit pos_password(struct pos *p)
{
	uk_pin old = { 0 }, fresh = { 0 };
	json_t *answer = NULL;
	enum pos_exit code = ask_password(p, "the old password", &old);

	if (code == POS_OK)
		code = ask_password(p, "the new password", &fresh);
	if (code == POS_OK)
		code = pos_call(p, "/v1/pos/password",
		    json_pack("{s:o,s:o}", "old", secret_text(&old), "new",
			secret_text(&fresh)),
		    false, &answer);
	uk_wipe(&old, sizeof(old));
	uk_wipe(&fresh, sizeof(fresh));
	json_decref(answer);
	if (code == POS_OK)
		puts("Changed; log in again.");
	return code;
}

/* --- readers -------------------------------------------------------------- */

enum pos_exit pos_request_reader(struct pos *p)
{
	json_t *answer;
	enum pos_exit code = pos_call(p, "/v1/pos/readers",
	    json_pack("{s:s}", "algorithm", "aes"), false, &answer);

	if (code == POS_OK)
		printf("Reader %lld is asked for.\n",
		    (long long)json_integer_value(
			json_object_get(answer, "reader")));
	json_decref(answer);
	return code;
}

enum pos_exit pos_readers(struct pos *p)
{
	json_t *answer, *r;
	size_t i;
	enum pos_exit code = pos_call(
	    p, "/v1/pos/readers", NULL, false, &answer);

	json_array_foreach(json_object_get(answer, "readers"), i, r)
	    printf("%lld %s %s\n",
		(long long)json_integer_value(json_object_get(r, "reader")),
		pos_text(r, "algorithm"), pos_text(r, "state"));
	json_decref(answer);
	return code;
}
