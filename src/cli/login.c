/* Logging in, and the session that is kept between two runs. */
#include "cli.h"

#include "cli_store.h"
#include "cli_token.h"
#include "secret.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char session_file[] = "session.json";

/* --- keeping -------------------------------------------------------------- */

static cli_end keep_session(struct cli *cli, const struct bc_login *l)
{
	json_t *o = json_pack("{s:s,s:s,s:I,s:s}", "bank", bc_origin(cli->bank),
	    "session", l->session, "expires", (json_int_t)l->expires,
	    "customer", l->customer);
	char *text = o == NULL ? NULL : json_dumps(o, JSON_INDENT(1));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	json_decref(o);
	if (text != NULL) {
		err = store_write(
		    STORE_SESSION, session_file, uk_view_str(text));
		uk_wipe(text, strlen(text));
	}
	free(text); /* jansson's own */
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(
	    cli, cli_from_err(err).cause, "the session cannot be kept");
}

cli_end cli_load_session(struct cli *cli)
{
	const char *bank = NULL, *session = NULL;
	json_int_t expires = 0;
	uk_blob text = { 0 };
	json_t *o = NULL;
	cli_end end = cli_fail(CLI_NO_SESSION_KEPT);

	if (!uk_is_ok(store_read(STORE_SESSION, session_file, &text)))
		goto out;
	o = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (json_unpack(o, "{s:s,s:s,s:I}", "bank", &bank, "session", &session,
		"expires", &expires) != 0)
		goto out;
	if (strcmp(bank, bc_origin(cli->bank)) != 0 || expires <= time(NULL))
		goto out;
	if (uk_is_ok(bc_set_session(cli->bank, session)))
		end = cli_ok();
out:
	json_decref(o);
	uk_wipe(text.p, text.n);
	uk_blob_free(&text);
	return end;
}

cli_end cli_forget_session(struct cli *cli)
{
	uk_err err = store_remove(STORE_SESSION, session_file);

	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(
	    cli, cli_from_err(err).cause, "the kept session");
}

/* --- logging in ----------------------------------------------------------- */

static cli_end sign_login(struct cli *cli, const char *nonce,
    const struct token_key *key, uk_buf *signature)
{
	uint8_t message[3 * UK_HASH_MAX];
	char purpose[BC_TEXT_MAX + 32];
	uk_buf m = UK_BUF(message), p = uk_buf_over(purpose, sizeof(purpose));
	uk_err err;

	err = bc_put_login_message(cli->bank, nonce, key->alg->hash, &m);
	if (!uk_is_ok(err))
		return cli_from_err(err);
	uk_put_str(&p, "log in at ");
	uk_put_str(&p, bc_origin(cli->bank));
	uk_put_u8(&p, 0);
	return token_sign(cli, cli->token, key,
	    &(struct token_job){
		.purpose = purpose, .message = uk_buf_view(&m) },
	    signature);
}

/* Challenge and token, over one connection. */
static cli_end login_once(
    struct cli *cli, const struct token_key *key, struct bc_login *out)
{
	uint8_t sig[1024];
	uk_buf signature = UK_BUF(sig);
	struct bc_challenge challenge = { 0 };
	cli_end end = cli_fail_bank(
	    cli, bc_get_challenge(cli->bank, &challenge));

	if (cli_is_ok(end))
		end = sign_login(cli, challenge.nonce, key, &signature);
	if (cli_is_ok(end))
		end = cli_fail_bank(
		    cli, bc_login(cli->bank, challenge.nonce, key->alg->name,
			     uk_buf_view(&signature), uk_blob_view(&key->cert),
			     out));
	bc_challenge_free(&challenge);
	return end;
}

cli_end cli_login(struct cli *cli, struct bc_login *out)
{
	struct token_key key = { 0 };
	cli_end end = cli_open_bank(cli);

	*out = (struct bc_login){ 0 };
	if (cli_is_ok(end))
		end = cli_open_token(cli);
	if (cli_is_ok(end))
		end = token_find_key(cli, cli->token, TOKEN_FOR_LOGIN, &key);
	/* An old session does not belong into a new login. */
	if (cli_is_ok(end))
		end = cli_from_err(bc_set_session(cli->bank, ""));
	if (cli_is_ok(end))
		end = login_once(cli, &key, out);
	/* Entering the PIN may take longer than the bank keeps a connection:
	 * then once more, over a new one; the card is open already. */
	if (end.cause == CLI_BANK_REBOUND)
		end = login_once(cli, &key, out);
	if (cli_is_ok(end))
		end = keep_session(cli, out);
	token_key_free(&key);
	return end;
}

cli_end cli_session(struct cli *cli, struct bc_accounts *out)
{
	struct bc_login login;
	cli_end end = cli_open_bank(cli);

	*out = (struct bc_accounts){ 0 };
	if (!cli_is_ok(end))
		return end;
	end = cli_load_session(cli);
	if (cli_is_ok(end))
		end = cli_fail_bank(cli, bc_get_accounts(cli->bank, out));
	if (end.cause != CLI_NO_SESSION_KEPT &&
	    end.cause != CLI_SAID_NO_SESSION)
		return end;
	end = cli_login(cli, &login);
	*out = login.accounts; /* handed over */
	login.accounts = (struct bc_accounts){ 0 };
	bc_login_free(&login);
	return end;
}

json_t *cli_accounts_json(const struct bc_accounts *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n; i++) {
		const struct bc_account *x = &a->items[i];
		json_t *o = json_pack("{s:s,s:s,s:s,s:I}", "account",
		    x->account, "name", x->name, "currency", x->currency,
		    "balance", (json_int_t)x->balance);

		if (json_array_append_new(list, o) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
