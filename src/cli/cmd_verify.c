/* ukey verify-receipt: a kept receipt, without the bank. */
#include "cli.h"

#include "bc_check.h"
#include "cli_keep.h"

#include <string.h>

/* The CA alone; no bank is asked. */
static cli_end open_trust(struct cli *cli, uk_trust **out)
{
	const char *ca = cli->opt.ca != NULL ? cli->opt.ca : cli->config.ca;
	uk_err err;

	*out = NULL;
	if (ca[0] == '\0')
		return cli_fail_because(cli, CLI_CONFIG,
		    "which CA vouches for the bank? --ca FILE");
	err = uk_trust_open(cli->crypto, out);
	if (uk_is_ok(err))
		err = uk_trust_add_ca_file(*out, ca);
	if (uk_is_ok(err))
		return cli_ok();
	uk_trust_close(out);
	return cli_fail_because(cli, cli_from_err(err).cause, "%s", ca);
}

/* The customer's own signature over the order text. */
static cli_end check_signature(struct cli *cli, const struct kept_order *k)
{
	const struct bank_alg *alg = bank_alg_by_name(k->algorithm);
	uk_cert *cert = NULL;
	uk_err err;

	if (alg == NULL)
		return cli_fail_because(cli, CLI_RECEIPT_BAD, "algorithm");
	err = uk_cert_from_der(
	    cli->crypto, uk_blob_view(&k->certificate), &cert);
	if (uk_is_ok(err))
		err = uk_key_verify(uk_cert_key(cert), alg->scheme, alg->hash,
		    uk_blob_view(&k->text), uk_blob_view(&k->signature));
	uk_cert_close(&cert);
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(
	    cli, CLI_RECEIPT_BAD, "the customer's signature over the order");
}

/* The order as its own signed text says, where there is one. */
static cli_end read_order(struct cli *cli, struct kept_receipt *k)
{
	char origin[BC_TEXT_MAX + 1];
	cli_end end;

	if (k->order.text.n == 0)
		return cli_ok();
	end = cli_fail_bank(
	    cli, bc_read_order_text(
		     uk_blob_view(&k->order.text), &k->order.want, origin));
	if (!cli_is_ok(end))
		return cli_fail(CLI_RECEIPT_BAD);
	if (strcmp(origin, k->origin) != 0)
		return cli_fail_because(cli, CLI_RECEIPT_BAD, "Bank");
	return cli_ok();
}

/* Here it is the receipt that is judged, not a server. */
static cli_end translate(struct cli *cli, bc_result r)
{
	if (r.fault != BC_NOT_BANK)
		return cli_fail_bank(cli, r);
	return cli_fail_because(cli, CLI_RECEIPT_BAD,
	    "the bank's signing certificate: %s", uk_err_text(r.err));
}

static cli_end check(struct cli *cli, const uk_trust *trust,
    struct kept_receipt *k, struct bc_verdict *verdict)
{
	const struct bc_evidence e = {
		.order = &k->order.want,
		.order_text = uk_blob_view(&k->order.text),
		.customer_signature = uk_blob_view(&k->order.signature),
		.receipt = uk_blob_view(&k->receipt),
		.signature = uk_blob_view(&k->receipt_signature),
		.certificate = uk_blob_view(&k->bank_certificate),
	};
	cli_end end = read_order(cli, k);

	if (cli_is_ok(end))
		end = translate(cli, bc_check_receipt(cli->crypto, trust,
					 k->origin, &e, verdict));
	if (!cli_is_ok(end) || k->order.signature.n == 0)
		return end;
	if (!verdict->binds_signature)
		return cli_fail_because(
		    cli, CLI_RECEIPT_BAD, "Signature-SHA256");
	return check_signature(cli, &k->order);
}

static cli_end show(
    struct cli *cli, const struct kept_receipt *k, struct bc_verdict v)
{
	const struct bc_transfer *w = &k->order.want;
	char money[48];

	if (cli->opt.json)
		return cli_print_json(
		    json_pack("{s:b,s:s,s:s,s:b,s:b}", "valid", 1, "order",
			w->order, "bank", k->origin, "bindsOrderText",
			v.binds_text, "bindsSignature", v.binds_signature));
	cli_print(cli, "Valid: %s says that %s was paid from %s to %s (%s).",
	    k->origin, cli_money(w->amount, w->currency, money), w->from, w->to,
	    w->payee);
	if (!v.binds_signature)
		cli_print(cli, "The customer's signature is not in this file.");
	return cli_ok();
}

cli_end cmd_verify_receipt(struct cli *cli)
{
	struct kept_receipt k = { 0 };
	struct bc_verdict verdict = { false, false };
	uk_trust *trust = NULL;
	cli_end end = open_trust(cli, &trust);

	if (cli_is_ok(end))
		end = keep_load_receipt(cli, cli->opt.argument, &k);
	if (cli_is_ok(end))
		end = check(cli, trust, &k, &verdict);
	if (cli_is_ok(end))
		end = show(cli, &k, verdict);
	kept_receipt_free(&k);
	uk_trust_close(&trust);
	return end;
}
