/*
 * From an order as the customer wants it to a receipt that is kept:
 * docs/protocol.md, section 5, as a person goes through it.
 *
 * The order is noted on disk before the bank hears of it, and the customer's
 * signature before it is sent. So whatever breaks, the same number leads to the
 * same order, and it is paid once.
 */
#include "cli_pay.h"

#include "bc_check.h"
#include "cli_store.h"
#include "cli_token.h"
#include "cli_transact.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CONFIRM_TRIES = 4, CARD_CHALLENGE = 16 };

/* --- the bank proves itself to the card ----------------------------------- */

/* The bank's hash must be ours: the card will sign this and nothing else. */
static cli_end compare_hash(struct cli *cli, const struct bc_order *order,
    const struct token_key *key, const struct bc_proof *proof)
{
	uint8_t own[UK_HASH_MAX];
	uk_buf b = UK_BUF(own);
	uk_cert *cert = NULL;
	uk_err err = uk_cert_from_der(
	    cli->crypto, uk_blob_view(&key->cert), &cert);

	if (uk_is_ok(err))
		err = uk_key_hash(uk_cert_key(cert), key->alg->hash,
		    uk_blob_view(&order->text), &b);
	uk_cert_close(&cert);
	if (!uk_is_ok(err))
		return cli_from_err(err);
	if (uk_bytes_eq(uk_buf_view(&b), uk_view(proof->hash, proof->hash_len)))
		return cli_ok();
	return cli_fail_because(
	    cli, CLI_TEXT_DIFFERS, "its hash for the card is of another text");
}

struct proving {
	const struct bc_order *order;
	const struct token_key *key;
	struct bc_order *posted; /* another client was faster */
};

/* Gives the bank's proof to the card. CLI_EXISTS stops the signing: the order
 * is posted already, and there is nothing left to sign. */
static cli_end prove_bank(struct cli *cli, void *arg)
{
	const struct proving *p = arg;
	const struct ukey_functions *v = cli->module->vendor;
	CK_SESSION_HANDLE session = cli->token->session;
	struct ukey_token_facts facts = { 0 };
	uint8_t challenge[CARD_CHALLENGE];
	struct bc_proof proof;
	cli_end end;
	CK_RV rv;

	/* Somebody else's module, or a card that does not want it. */
	if (v == NULL)
		return cli_ok();
	rv = v->get_token_facts(cli->token->slot, &facts);
	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "get_token_facts", rv);
	if (!facts.bank_proof || facts.serial_len > sizeof(facts.serial))
		return cli_ok();
	rv = v->get_challenge(session, challenge, sizeof(challenge));
	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "get_challenge", rv);
	end = cli_fail_bank(
	    cli, bc_get_proof(cli->bank, p->order->number,
		     uk_view(facts.serial, facts.serial_len),
		     UK_ARRAY(challenge), p->key->alg->name,
		     uk_blob_view(&p->key->cert), &proof, p->posted));
	if (cli_is_ok(end) && p->posted->posted)
		return cli_fail(CLI_EXISTS);
	if (cli_is_ok(end))
		end = compare_hash(cli, p->order, p->key, &proof);
	if (!cli_is_ok(end))
		return end;
	rv = v->external_authenticate(session, proof.hash, proof.hash_len,
	    proof.signature, sizeof(proof.signature));
	if (rv == CKR_SIGNATURE_INVALID)
		return cli_fail(CLI_CARD_REFUSES_BANK);
	return rv == CKR_OK ? cli_ok()
			    : cli_fail_ckr(cli, "external_authenticate", rv);
}

/* --- signing -------------------------------------------------------------- */

static cli_end sign_with_card(struct cli *cli, const struct bc_order *order,
    const struct token_key *key, struct kept_order *k, struct bc_order *posted)
{
	uint8_t sig[1024];
	uk_buf signature = UK_BUF(sig);
	struct proving proving = { order, key, posted };
	char purpose[128], money[48];
	cli_end end;
	uk_err err;

	snprintf(purpose, sizeof(purpose), "pay %s to %s",
	    cli_money(k->want.amount, k->want.currency, money), k->want.to);
	end = token_sign(cli, cli->token, key,
	    &(struct token_job){ .purpose = purpose,
		.message = uk_blob_view(&order->text),
		.is_text = true,
		.prepare = prove_bank,
		.arg = &proving },
	    &signature);
	if (!cli_is_ok(end))
		return end;
	err = uk_blob_set(&k->signature, uk_buf_view(&signature));
	if (uk_is_ok(err))
		err = uk_blob_set(&k->certificate, uk_blob_view(&key->cert));
	if (uk_is_ok(err))
		err = uk_copy_str(k->algorithm, sizeof(k->algorithm),
		    uk_view_str(key->alg->name));
	if (uk_is_ok(err))
		err = uk_blob_set(&k->statement,
		    uk_view(cli->token->statement, cli->token->statement_n));
	if (uk_is_ok(err))
		err = uk_copy_str(k->display, sizeof(k->display),
		    uk_view_str(cli->token->display));
	return cli_from_err(err);
}

/* The text goes into the note. Is there a signature over this very text from an
 * earlier run? One over another text is of no use. */
static cli_end note_text(
    struct kept_order *k, const struct bc_order *order, bool *is_signed)
{
	bool same = uk_bytes_eq(
	    uk_blob_view(&k->text), uk_blob_view(&order->text));

	*is_signed = same && k->signature.n > 0;
	if (!*is_signed) {
		uk_blob_free(&k->signature);
		uk_blob_free(&k->certificate);
		uk_blob_free(&k->statement);
	}
	return cli_from_err(uk_blob_set(&k->text, uk_blob_view(&order->text)));
}

/* Check, sign (which shows it and asks), note. If it turns out that another
 * client has posted the order meanwhile, *posted is it. */
static cli_end sign_order(struct cli *cli, const struct bc_order *order,
    struct kept_order *k, struct bc_order *posted)
{
	struct token_key key = { 0 };
	bool is_signed;
	uk_tx tx;
	cli_end end;

	end = cli_fail_bank(cli, bc_check_order_text(uk_blob_view(&order->text),
				     &k->want, bc_origin(cli->bank), &tx));
	if (cli_is_ok(end))
		end = note_text(k, order, &is_signed);
	if (!cli_is_ok(end) || is_signed)
		return end;
	end = cli_open_token(cli);
	if (cli_is_ok(end))
		end = token_find_key(
		    cli, cli->token, TOKEN_FOR_TRANSACTION, &key);
	if (cli_is_ok(end))
		end = sign_with_card(cli, order, &key, k, posted);
	token_key_free(&key);
	if (posted->posted)
		return cli_ok();
	return cli_is_ok(end) ? keep_order(cli, k) : end;
}

/* --- posting -------------------------------------------------------------- */

static bool worth_repeating(bc_result r)
{
	return r.fault == BC_NO_ANSWER || r.fault == BC_UNREACHABLE ||
	       (r.fault == BC_REFUSED && r.code == BANK_BUSY);
}

/* The same signed order again and again: the bank posts it once. */
static cli_end confirm_order(
    struct cli *cli, const struct kept_order *k, struct bc_order *posted)
{
	const struct bc_confirmation c = { .text = uk_blob_view(&k->text),
		.signature = uk_blob_view(&k->signature),
		.certificate = uk_blob_view(&k->certificate),
		.algorithm = k->algorithm,
		.display = k->display,
		.statement = uk_blob_view(&k->statement) };
	bc_result r;

	for (unsigned i = 1;; i++) {
		r = bc_confirm(cli->bank, k->want.order, &c, posted);
		if (!worth_repeating(r) || i == CONFIRM_TRIES)
			break;
		nanosleep(&(struct timespec){ .tv_sec = i }, NULL);
	}
	if (bc_is_ok(r) && !posted->posted) {
		bc_order_free(posted);
		r = bc_fail(BC_MALFORMED);
	}
	/* A broken answer is no evidence that nothing happened, and neither is
	 * a failure of the bank's own. */
	if (worth_repeating(r) || r.fault == BC_MALFORMED ||
	    (r.fault == BC_REFUSED && r.code == BANK_INTERNAL))
		return cli_fail_because(cli, cli_from_bank(r).cause,
		    "whether it was paid is not known: `ukey transfer --order "
		    "%s` finds out and does not pay twice",
		    k->want.order);
	return cli_fail_bank(cli, r);
}

/* --- the receipt ---------------------------------------------------------- */

static json_t *shown_json(const uk_tx *tx)
{
	json_t *o = json_object();

	for (size_t i = 0; i < tx->shown; i++) {
		uk_bytes k = tx->items[i].key, v = tx->items[i].value;

		if (json_object_setn_new(o, (const char *)k.p, k.n,
			json_stringn((const char *)v.p, v.n)) != 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

/* Not every bank has it, and the receipt is proof enough. */
static const char *fetch_evidence(
    struct cli *cli, const char *number, char path[STORE_PATH_MAX])
{
	uk_blob evidence = { 0 };
	bool kept = bc_is_ok(bc_get_evidence(cli->bank, number, &evidence)) &&
		    cli_is_ok(
			keep_evidence(number, uk_blob_view(&evidence), path));

	uk_blob_free(&evidence);
	return kept ? path : NULL;
}

static cli_end report(struct cli *cli, const struct kept_receipt *k,
    struct bc_verdict verdict, const char *path)
{
	const char *display = cli->token != NULL ? cli->token->display : NULL;
	char p7m[STORE_PATH_MAX];
	const char *evidence = fetch_evidence(cli, k->order.want.order, p7m);
	uk_tx tx;
	uk_err err = uk_tx_parse(uk_blob_view(&k->receipt), &tx);

	if (!uk_is_ok(err))
		return cli_from_err(err);
	if (!verdict.binds_signature)
		cli_say(cli, "Note: the bank posted this order with the "
			     "signature of another run of ukey.");
	if (cli->opt.json)
		return cli_print_json(
		    json_pack("{s:s,s:s,s:b,s:s?,s:o,s:s,s:s?}", "order",
			k->order.want.order, "state", "posted", "signedHere",
			verdict.binds_signature, "display", display, "receipt",
			shown_json(&tx), "file", path, "evidence", evidence));
	cli_print(cli, "Paid. The bank's receipt:");
	for (size_t i = 0; i < tx.shown; i++)
		cli_print(cli, "  %.*s: %.*s", (int)tx.items[i].key.n,
		    (const char *)tx.items[i].key.p, (int)tx.items[i].value.n,
		    (const char *)tx.items[i].value.p);
	if (display != NULL)
		cli_print(cli, "Display: %s", transact_display_text(display));
	cli_print(cli, "Order %s. Kept in %s", k->order.want.order, path);
	if (evidence != NULL)
		cli_print(cli, "What the bank keeps of it: %s", evidence);
	return cli_ok();
}

/* Verify, keep, and only then say that it is paid. */
static cli_end finish(
    struct cli *cli, struct kept_order *k, struct bc_order *posted)
{
	struct kept_receipt keep = { .order = *k,
		.receipt = posted->receipt,
		.receipt_signature = posted->signature,
		.bank_certificate = posted->certificate };
	const struct bc_evidence e = {
		.order = &k->want,
		.order_text = uk_blob_view(&k->text),
		.customer_signature = uk_blob_view(&k->signature),
		.receipt = uk_blob_view(&posted->receipt),
		.signature = uk_blob_view(&posted->signature),
		.certificate = uk_blob_view(&posted->certificate),
	};
	char path[STORE_PATH_MAX];
	struct bc_verdict verdict;
	cli_end end;

	end = cli_fail_bank(
	    cli, bc_check_receipt(cli->crypto, bc_trust(cli->bank),
		     bc_origin(cli->bank), &e, &verdict));
	if (cli_is_ok(end))
		end = cli_from_err(uk_copy_str(keep.origin, sizeof(keep.origin),
		    uk_view_str(bc_origin(cli->bank))));
	/* A signature that the receipt does not name proves nothing with it. */
	if (!verdict.binds_signature)
		keep.order.signature = keep.order.certificate = (uk_blob){ 0 };
	if (cli_is_ok(end))
		end = keep_receipt(
		    cli, &keep, verdict.binds_signature, path, sizeof(path));
	if (!cli_is_ok(end))
		return end;
	/* A note that stays behind does no harm: it leads to the receipt. */
	(void)keep_forget_order(k->want.order).cause;
	return report(cli, &keep, verdict, path);
}

/* --- all of it --------------------------------------------------------------
 */

cli_end cli_pay(struct cli *cli, struct kept_order *k)
{
	struct bc_order order = { 0 }, posted = { 0 };
	cli_end end = keep_order(cli, k);

	if (cli_is_ok(end))
		end = cli_fail_bank(
		    cli, bc_prepare(cli->bank, &k->want, &order));
	if (cli_is_ok(end) && order.posted) {
		end = finish(cli, k, &order);
		goto out;
	}
	if (cli_is_ok(end))
		end = sign_order(cli, &order, k, &posted);
	if (cli_is_ok(end) && !posted.posted)
		end = confirm_order(cli, k, &posted);
	if (cli_is_ok(end))
		end = finish(cli, k, &posted);
out:
	bc_order_free(&order);
	bc_order_free(&posted);
	return end;
}
