/*
 * ukey verify-evidence: a customer's signature over an order, as a bank keeps
 * it (SignedData, CMS or GM/T 0010), without the bank.
 */
#include "cli.h"

#include "cli_store.h"
#include "cms.h"
#include "der.h"
#include "ocsp.h"

#include <string.h>

enum {
	CLOCKS_DIFFER = 60,
	ORDER_SECONDS_MAX = 86400,  /* between Prepared and Expires */
	ANSWER_AGE_MAX = 30 * 86400 /* unless it says less; as with lists */
};

/* What is found out on the way. */
struct judged {
	uk_blob file; /* DER */
	uk_cms cms;   /* views of it */
	uk_cert *signer;
	uk_tx tx;      /* the text that was signed */
	int64_t at;    /* when it is to have been good */
	int64_t until; /* the signature was made before */
	char name[128];
};

static cli_end bad(struct cli *cli, const char *what)
{
	return cli_fail_because(cli, CLI_EVIDENCE_BAD, "%s", what);
}

/* --- the file ------------------------------------------------------------ */

/* RFC 7468: what stands between the lines with dashes. */
static uk_err unwrap_pem(uk_blob *file)
{
	static const char dashes[] = "-----";
	const char *begin = strstr((const char *)file->p, dashes), *end;
	uk_blob text = { NULL, 0 };
	uk_err err = uk_ok();

	if (begin != (const char *)file->p)
		return uk_ok(); /* DER */
	begin = strchr(begin, '\n');
	end = begin == NULL ? NULL : strstr(begin, dashes);
	if (end == NULL)
		return uk_fail(UK_ERR_FORMAT);
	for (; begin < end && uk_is_ok(err); begin++) {
		if (*begin != '\n' && *begin != '\r')
			err = uk_blob_add(&text, uk_view(begin, 1));
	}
	if (uk_is_ok(err))
		err = uk_base64_decode(uk_blob_view(&text), file);
	uk_blob_free(&text);
	return err;
}

static cli_end read_file(struct cli *cli, struct judged *j)
{
	uk_err err = store_read_file(cli->opt.argument, &j->file);

	if (!uk_is_ok(err))
		return cli_fail_because(
		    cli, cli_from_err(err).cause, "%s", cli->opt.argument);
	err = unwrap_pem(&j->file);
	if (uk_is_ok(err))
		err = uk_cms_parse(uk_blob_view(&j->file), &j->cms);
	if (!uk_is_ok(err))
		return bad(cli, "not signed data with one signer");
	if (!j->cms.attached || !uk_is_ok(uk_tx_parse(j->cms.content, &j->tx)))
		return bad(cli, "there is no order in it");
	return cli_ok();
}

/* --- the signature ------------------------------------------------------- */

static uk_err raw_signature(const uk_key *key, const uk_cms *cms, uk_buf *out)
{
	if (cms->alg.scheme == UK_SIG_ECDSA || cms->alg.scheme == UK_SIG_SM2)
		return uk_sig_from_der(
		    cms->signature, uk_key_field(uk_key_kind(key)), out);
	uk_put(out, cms->signature);
	return uk_buf_result(out);
}

static uk_err open_signer(struct cli *cli, struct judged *j)
{
	uk_bytes der;

	UK_TRY(uk_cms_signer(&j->cms, &der));
	UK_TRY(uk_cert_from_der(cli->crypto, der, &j->signer));
	return uk_cert_common_name(j->signer, j->name, sizeof(j->name));
}

static cli_end check_signature(struct cli *cli, struct judged *j)
{
	uint8_t storage[1024];
	uk_buf raw = UK_BUF(storage);
	const uk_key *key;
	uk_err err = open_signer(cli, j);

	if (!uk_is_ok(err))
		return bad(cli, "the signer's certificate is not in it");
	key = uk_cert_key(j->signer);
	err = raw_signature(key, &j->cms, &raw);
	if (uk_is_ok(err))
		err = uk_key_verify(key, j->cms.alg.scheme, j->cms.alg.hash,
		    j->cms.content, uk_buf_view(&raw));
	return uk_is_ok(err) ? cli_ok()
			     : bad(cli, "the signature over the order");
}

/* --- the certificate ----------------------------------------------------- */

static bool time_in_text(const uk_tx *tx, const char *key, int64_t *out)
{
	uk_bytes text = UK_NONE;

	return uk_tx_find(tx, key, &text) &&
	       uk_is_ok(bank_parse_time(text, out));
}

/* --at, or when the order was prepared, which is part of what was signed. It
 * was signed before it expired, so that answers and lists may be of then. */
static cli_end find_time(struct cli *cli, struct judged *j)
{
	int64_t expires = 0;

	if (cli->opt.at != NULL) {
		if (!uk_is_ok(
			bank_parse_time(uk_view_str(cli->opt.at), &j->at)))
			return cli_fail_because(cli, CLI_USAGE,
			    "--at takes a time like 2026-11-20T12:00:00Z");
	} else if (!time_in_text(&j->tx, "Prepared", &j->at)) {
		return bad(cli, "the order does not say when: give --at");
	}
	j->until = j->at;
	if (time_in_text(&j->tx, "Expires", &expires) && expires > j->at &&
	    expires - j->at <= ORDER_SECONDS_MAX)
		j->until = expires;
	return cli_ok();
}

/* CAs that somebody trusts here, and the lists of the evidence. */
static uk_err open_trust(
    struct cli *cli, const char *ca, const uk_cms *cms, uk_trust **out)
{
	uk_err err = uk_trust_open(cli->crypto, out);

	if (uk_is_ok(err))
		err = uk_trust_add_ca_file(*out, ca);
	for (size_t i = 0; i < cms->crls.count && uk_is_ok(err); i++)
		err = uk_trust_add_crl(*out, cms->crls.item[i]);
	if (uk_is_ok(err))
		uk_trust_need_crl(*out, cms->crls.count > 0);
	return err;
}

/* What the responder said: that it was good then, in an answer that counted
 * then (ocsp.h). The nonce was the bank's. */
static uk_err check_answers(
    const uk_trust *trust, const struct judged *j, struct uk_trust_question *q)
{
	const struct uk_ocsp_rules rules = { .now = j->at,
		.skew = j->until - j->at + CLOCKS_DIFFER,
		.max_age = ANSWER_AGE_MAX,
		.kept = true };
	struct uk_ocsp_answer a;
	uk_ocsp *ocsp = NULL;
	uk_err err = uk_ok();

	if (j->cms.ocsp.count == 0)
		return uk_ok();
	err = uk_ocsp_open(trust, q->cert, q->extra, q->extra_count, &ocsp);
	for (size_t i = 0; uk_is_ok(err) && i < j->cms.ocsp.count; i++) {
		err = uk_ocsp_check(
		    ocsp, trust, j->cms.ocsp.item[i], &rules, &a);
		if (uk_is_ok(err) && a.status != UK_OCSP_GOOD)
			err = uk_fail(a.status == UK_OCSP_REVOKED
					  ? UK_ERR_CERT_REVOKED
					  : UK_ERR_CRL_MISSING);
	}
	q->without_list = uk_is_ok(err);
	uk_ocsp_close(&ocsp);
	return err;
}

/* The evidence's other certificates may stand between. */
static cli_end ask(struct cli *cli, const uk_trust *trust, struct judged *j)
{
	uk_cert *extra[UK_CMS_ITEMS_MAX] = { NULL };
	struct uk_trust_question q = { .cert = j->signer,
		.extra = extra,
		.purpose = UK_FOR_TRANSACTION,
		.now = j->at };
	const char *what = "the signer's certificate";
	uk_err err = uk_ok();

	for (size_t i = 0; i < j->cms.certificates.count && uk_is_ok(err);
	     i++) {
		err = uk_cert_from_der(cli->crypto, j->cms.certificates.item[i],
		    &extra[q.extra_count]);
		if (uk_is_ok(err))
			q.extra_count++;
	}
	if (uk_is_ok(err)) {
		err = check_answers(trust, j, &q);
		if (!uk_is_ok(err))
			what = "what the responder said of the signer's "
			       "certificate";
	}
	if (uk_is_ok(err))
		err = uk_trust_ask(trust, &q, NULL);
	for (size_t i = 0; i < q.extra_count; i++)
		uk_cert_close(&extra[i]);
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(
	    cli, CLI_EVIDENCE_BAD, "%s: %s", what, uk_err_text(err));
}

static cli_end check_certificate(struct cli *cli, struct judged *j)
{
	const char *ca = cli->opt.ca != NULL ? cli->opt.ca : cli->config.ca;
	uk_trust *trust = NULL;
	cli_end end;
	uk_err err;

	if (ca[0] == '\0')
		return cli_fail_because(cli, CLI_CONFIG,
		    "which CA vouches for the customer? --ca FILE");
	err = open_trust(cli, ca, &j->cms, &trust);
	if (!uk_is_ok(err)) {
		uk_trust_close(&trust);
		return cli_fail_because(cli, cli_from_err(err).cause, "%s", ca);
	}
	end = ask(cli, trust, j);
	uk_trust_close(&trust);
	return end;
}

/* --- the answer ---------------------------------------------------------- */

static json_t *items_json(const uk_tx_item *items, size_t n)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_setn_new(o, (const char *)items[i].key.p,
		    items[i].key.n,
		    json_stringn(
			(const char *)items[i].value.p, items[i].value.n));
	return o;
}

static cli_end show(struct cli *cli, const struct judged *j)
{
	const char *revocation = j->cms.crls.count > 0 || j->cms.ocsp.count > 0
				     ? "not revoked"
				     : "unknown";
	uint8_t storage[24];
	uk_buf at = UK_BUF(storage);

	bank_put_time(&at, j->at);
	uk_put_u8(&at, 0);
	if (cli->opt.json)
		return cli_print_json(json_pack("{s:b,s:s,s:s,s:s,s:o}",
		    "valid", 1, "signer", j->name, "at", (const char *)at.p,
		    "revocation", revocation, "text",
		    items_json(j->tx.items, j->tx.count)));
	for (size_t i = 0; i < j->tx.count; i++)
		cli_print(cli, "  %.*s: %.*s", (int)j->tx.items[i].key.n,
		    (const char *)j->tx.items[i].key.p,
		    (int)j->tx.items[i].value.n,
		    (const char *)j->tx.items[i].value.p);
	cli_print(cli, "Signed by: %s", j->name);
	cli_print(cli, "Valid at %s (%s).", (const char *)at.p, revocation);
	return cli_ok();
}

cli_end cmd_verify_evidence(struct cli *cli)
{
	struct judged j = { .signer = NULL };
	cli_end end = read_file(cli, &j);

	if (cli_is_ok(end))
		end = check_signature(cli, &j);
	if (cli_is_ok(end))
		end = find_time(cli, &j);
	if (cli_is_ok(end))
		end = check_certificate(cli, &j);
	if (cli_is_ok(end))
		end = show(cli, &j);
	uk_cert_close(&j.signer);
	uk_blob_free(&j.file);
	return end;
}
