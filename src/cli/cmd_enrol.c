/*
 * ukey enrol: asks the bank for a certificate for a key of the card, and when
 * somebody there has agreed, puts it on the card. Run again until then; what
 * waits is kept (enrol_keep.c).
 */
#include "cli.h"

#include "cli_enrol.h"
#include "csr.h"
#include "hex.h"
#include "secret.h"

#include <string.h>

enum { REQUEST_MAX = 2048 };

struct enrol {
	struct cli *cli;
	struct enrol_keys free;
	enum token_use use;
	struct token_key key; /* the chosen one; owned */
	struct kept_enrol kept;
	uint8_t info[REQUEST_MAX]; /* what is signed */
	struct token_job job;
};

static struct enrol_place place_of(
    const struct enrol *e, const struct token_key *k, enum token_use use)
{
	return (struct enrol_place){ bc_origin(e->cli->bank),
		uk_blob_view(&k->spki), use };
}

/* --- what the person is told ---------------------------------------------- */

/* SHA-256 of the SubjectPublicKeyInfo: `ukey-bankd requests` shows the same. */
static uk_err fingerprint(
    const struct enrol *e, char hex[2 * UK_CHECKSUM_SIZE + 1])
{
	uk_bytes spki = uk_blob_view(&e->key.spki);
	uint8_t sum[UK_CHECKSUM_SIZE];

	UK_TRY(uk_checksum(&spki, 1, sum));
	uk_hex_str(hex, 2 * sizeof(sum) + 1, UK_ARRAY(sum));
	return uk_ok();
}

static cli_end show(const struct enrol *e, const char *state)
{
	char key[2 * UK_CHECKSUM_SIZE + 1], id[2 * sizeof(e->key.id) + 1];
	const char *bank = bc_origin(e->cli->bank);
	uk_err err = fingerprint(e, key);

	if (!uk_is_ok(err))
		return cli_from_err(err);
	uk_hex_str(id, sizeof(id), uk_view(e->key.id, e->key.id_len));
	if (e->cli->opt.json)
		return cli_print_json(
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "state", state,
			"bank", bank, "purpose", enrol_use_name(e->use), "name",
			e->kept.name, "key", key, "id", id));
	if (strcmp(state, "waiting") != 0) {
		cli_print(e->cli,
		    "The certificate for %s is on the card (key %s).",
		    enrol_use_name(e->use), id);
		return cli_ok();
	}
	cli_print(e->cli,
	    "The bank %s has the request of \"%s\" for a %s certificate; "
	    "it waits there.\n"
	    "Show the bank who you are, and that this is your key:\n"
	    "  %s\n"
	    "Then run `ukey enrol --fetch`.",
	    bank, e->kept.name, enrol_use_name(e->use), key);
	return cli_ok();
}

/* --- asking --------------------------------------------------------------- */

/* Logged in, the card tells which key it is; what it signs depends on it. */
static cli_end choose_and_write(struct cli *cli, void *arg)
{
	struct enrol *e = arg;
	uk_buf info = UK_BUF(e->info);
	const struct token_key *k = &e->free.items[0];
	cli_end end = cli_ok();
	uk_err err;

	if (cli->opt.key == NULL)
		end = enrol_choose(cli, &e->free, e->use, &k);
	if (!cli_is_ok(end))
		return end;
	e->key = *k;
	e->key.spki = (uk_blob){ 0 };
	err = uk_blob_set(&e->key.spki, uk_blob_view(&k->spki));
	if (uk_is_ok(err))
		err = uk_put_csr_info(&info, uk_view_str(e->kept.name),
		    uk_blob_view(&e->key.spki));
	e->job.message = uk_buf_view(&info);
	return cli_from_err(err);
}

/* RFC 7468 */
static uk_err to_pem(uk_bytes der, uk_buf *out)
{
	uk_blob text = { 0 };
	uk_err err = uk_base64_encode(der, &text);

	uk_put_str(out, "-----BEGIN CERTIFICATE REQUEST-----\n");
	for (size_t i = 0; i < text.n; i += 64) {
		uk_put(out,
		    uk_bytes_first(uk_bytes_from(uk_blob_view(&text), i), 64));
		uk_put_str(out, "\n");
	}
	uk_put_str(out, "-----END CERTIFICATE REQUEST-----\n");
	uk_put_u8(out, 0);
	uk_blob_free(&text);
	return uk_is_ok(err) ? uk_buf_result(out) : err;
}

static cli_end send(struct enrol *e, uk_bytes signature)
{
	uint8_t room[REQUEST_MAX];
	char text[2 * REQUEST_MAX];
	uk_buf der = UK_BUF(room), pem = uk_buf_over(text, sizeof(text));
	struct enrol_place place = place_of(e, &e->key, e->use);
	struct bc_enrolment answer = { .state = BC_ENROL_WAITING };
	uk_err err = uk_put_csr(&der, e->job.message, e->key.alg->scheme,
	    e->key.alg->hash, signature);
	cli_end end;

	if (uk_is_ok(err))
		err = to_pem(uk_buf_view(&der), &pem);
	if (!uk_is_ok(err))
		return cli_from_err(err);
	end = cli_fail_bank(e->cli, bc_enrol(e->cli->bank, e->kept.name,
					enrol_use_name(e->use), text, &answer));
	if (cli_is_ok(end))
		end = cli_from_err(uk_copy_str(e->kept.enrolment,
		    sizeof(e->kept.enrolment), uk_view_str(answer.enrolment)));
	if (cli_is_ok(end))
		end = enrol_keep(e->cli, &place, &e->kept);
	bc_enrolment_free(&answer);
	return cli_is_ok(end) ? show(e, "waiting") : end;
}

static cli_end ask(struct enrol *e)
{
	uint8_t room[1024];
	uk_buf signature = UK_BUF(room);
	cli_end end;

	if (e->free.n == 0)
		return cli_fail(CLI_NO_FREE_KEY);
	e->job = (struct token_job){ .purpose = "ask for a certificate",
		.prepare = choose_and_write,
		.arg = e };
	end = token_sign(e->cli, e->cli->token, &e->key, &e->job, &signature);
	/* A key that signs nothing but proved orders signs no request. */
	if (end.cause == CLI_CARD_REFUSES_BANK)
		return cli_fail_because(e->cli, CLI_UNSUPPORTED,
		    "this key signs only what the bank has prepared: its "
		    "certificate comes with the card, from the bank");
	return cli_is_ok(end) ? send(e, uk_buf_view(&signature)) : end;
}

/* --- what has become of it ------------------------------------------------ */

static cli_end take(struct enrol *e, uk_bytes cert)
{
	struct enrol_place place = place_of(e, &e->key, e->use);
	cli_end end = enrol_check(e->cli, &e->key, e->use, cert);

	if (cli_is_ok(end))
		end = token_login(
		    e->cli, e->cli->token, "put the certificate on the card");
	if (cli_is_ok(end))
		end = enrol_write(e->cli, &e->key, cert);
	if (cli_is_ok(end))
		end = enrol_forget(e->cli, &place);
	return cli_is_ok(end) ? show(e, "installed") : end;
}

/* The request is over, and can be made again. */
static cli_end give_up(struct enrol *e, cli_end why)
{
	struct enrol_place place = place_of(e, &e->key, e->use);
	cli_end end = enrol_forget(e->cli, &place);

	return cli_is_ok(end) ? why : end;
}

static cli_end follow(struct enrol *e)
{
	struct bc_enrolment answer;
	cli_end end = cli_fail_bank(
	    e->cli, bc_get_enrolment(e->cli->bank, e->kept.enrolment, &answer));

	if (end.cause == CLI_SAID_NOT_FOUND)
		end = give_up(e, cli_fail_because(e->cli, end.cause,
				     "the request is not there any more: ask "
				     "again"));
	else if (cli_is_ok(end) && answer.state == BC_ENROL_REJECTED)
		end = give_up(e, cli_fail_because(e->cli, CLI_ENROL_REJECTED,
				     "%s", answer.reason));
	else if (cli_is_ok(end) && answer.state == BC_ENROL_APPROVED)
		end = take(e, uk_blob_view(&answer.certificate));
	else if (cli_is_ok(end))
		end = show(e, "waiting");
	bc_enrolment_free(&answer);
	return end;
}

/* --- which request -------------------------------------------------------- */

static bool may_be_for(const struct options *o, enum token_use use)
{
	return o->purpose == NULL ||
	       strcmp(o->purpose, enrol_use_name(use)) == 0;
}

/* How many wait that fit the options; the last one becomes e's. */
static cli_end find_kept(struct enrol *e, size_t *n)
{
	static const enum token_use uses[] = { TOKEN_FOR_LOGIN,
		TOKEN_FOR_TRANSACTION };

	*n = 0;
	for (size_t i = 0; i < 2 * e->free.n; i++) {
		const struct token_key *k = &e->free.items[i / 2];
		struct enrol_place place = place_of(e, k, uses[i % 2]);
		struct kept_enrol kept;
		uk_blob spki = { 0 };

		if (!may_be_for(&e->cli->opt, place.use) ||
		    !enrol_load(&place, &kept))
			continue;
		if (!uk_is_ok(uk_blob_set(&spki, place.spki)))
			return cli_fail(CLI_MEMORY);
		token_key_free(&e->key);
		e->key = *k;
		e->key.spki = spki;
		e->kept = kept;
		e->use = place.use;
		uk_wipe(&kept, sizeof(kept));
		(*n)++;
	}
	return cli_ok();
}

/* What a new request needs. */
static cli_end read_wish(struct enrol *e)
{
	const struct options *o = &e->cli->opt;

	if (o->fetch)
		return cli_fail_because(e->cli, CLI_USAGE,
		    "nothing was asked for with this card at %s",
		    bc_origin(e->cli->bank));
	if (o->purpose == NULL || o->name == NULL)
		return cli_fail_because(e->cli, CLI_USAGE,
		    "a new request needs --purpose login or transaction, and "
		    "--name, yours");
	if (strlen(o->name) > UK_CSR_NAME || o->name[0] == '\0')
		return cli_fail_because(
		    e->cli, CLI_USAGE, "--name: 1 to 64 bytes");
	e->use = may_be_for(o, TOKEN_FOR_LOGIN) ? TOKEN_FOR_LOGIN
						: TOKEN_FOR_TRANSACTION;
	return cli_from_err(uk_copy_str(
	    e->kept.name, sizeof(e->kept.name), uk_view_str(o->name)));
}

static cli_end enrol(struct enrol *e)
{
	size_t waiting;
	cli_end end = find_kept(e, &waiting);

	if (!cli_is_ok(end))
		return end;
	if (waiting == 1)
		return follow(e);
	if (waiting > 1)
		return cli_fail_because(e->cli, CLI_USAGE,
		    "several requests wait: which --purpose?");
	end = read_wish(e);
	return cli_is_ok(end) ? ask(e) : end;
}

cli_end cmd_enrol(struct cli *cli)
{
	struct enrol e = { .cli = cli };
	cli_end end;

	if (!may_be_for(&cli->opt, TOKEN_FOR_LOGIN) &&
	    !may_be_for(&cli->opt, TOKEN_FOR_TRANSACTION))
		return cli_fail_because(
		    cli, CLI_USAGE, "--purpose is login or transaction");
	end = cli_open_bank(cli);
	if (cli_is_ok(end))
		end = cli_open_token(cli);
	if (cli_is_ok(end))
		end = enrol_find_keys(cli, cli->opt.key, &e.free);
	if (cli_is_ok(end))
		end = enrol(&e);
	uk_wipe(&e.kept, sizeof(e.kept));
	token_key_free(&e.key);
	enrol_free_keys(&e.free);
	return end;
}
