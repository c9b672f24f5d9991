/* The policy of OCSP. */
#include "status.h"

#include "callback_url.h"
#include "log.h"
#include "trusted.h"

#include <string.h>

void bank_status_question_free(struct bank_status_question *q)
{
	uk_ocsp_close(&q->ocsp);
}

static bool is_policy(const struct bank *b, const char *word)
{
	return strcmp(b->config.ocsp, word) == 0;
}

/* Its CA publishes no lists: the responder is all there is, whatever the policy
 * for the others. */
static bool is_listless(
    const struct bank *b, const uk_cert *cert, enum uk_purpose purpose)
{
	return uk_trust_is_listless(bank_trust_loaded(b, purpose), cert);
}

/* --- where to ask -------------------------------------------------------- */

/* "FILE URL" of the settings: is FILE the certificate's CA? */
static bool is_for(
    struct bank *b, const struct bank_status_question *q, const char *file)
{
	char path[BANK_PATH_MAX];
	uk_cert *ca = NULL;
	bool yes = false;
	uk_err err = bank_trust_path(b, file, path);

	if (uk_is_ok(err))
		err = uk_cert_from_pem_file(b->crypto, path, &ca);
	if (uk_is_ok(err))
		yes = uk_ocsp_is_issuer(q->ocsp, ca);
	else
		uk_log(UK_LOG_ERROR, "event=ocsp file=\"%s\" result=%s", file,
		    uk_err_name(err));
	uk_cert_close(&ca);
	return yes;
}

static uk_err find_url(
    struct bank *b, const uk_cert *cert, struct bank_status_question *q)
{
	const char *list = b->config.ocsp_responders;
	char item[BANK_CONFIG_LIST], *space;
	struct bank_url u;

	q->url[0] = '\0';
	while (q->url[0] == '\0' && bank_config_next(&list, item)) {
		space = strchr(item, ' '); /* config.c has looked */
		*space = '\0';
		if (is_for(b, q, item))
			UK_TRY(uk_copy_str(
			    q->url, sizeof(q->url), uk_view_str(space + 1)));
	}
	if (q->url[0] == '\0')
		UK_TRY(uk_ocsp_url(cert, q->url, sizeof(q->url)));
	return bank_url_parse(uk_view_str(q->url), &u);
}

/* --- asking -------------------------------------------------------------- */

static enum bank_code without_answer(
    const struct bank *b, const uk_cert *cert, enum uk_purpose purpose)
{
	return is_policy(b, "hard") || is_listless(b, cert, purpose)
		   ? BANK_CRL_MISSING
		   : BANK_OK;
}

/* UK_ERR_NOT_FOUND: there is nobody to ask. */
static uk_err make_question(struct bank *b, const uk_cert *cert,
    const struct bank_cert_list *extra, struct bank_status_question *q)
{
	struct bank_certs_sent sent = { .n = 0 };
	enum bank_code code = bank_certs_decode(b, extra, &sent);
	uk_err err = code == BANK_OK ? uk_ok() : uk_fail(UK_ERR_FORMAT);

	if (uk_is_ok(err))
		err = uk_ocsp_open(bank_trust_loaded(b, q->purpose), cert,
		    sent.list, sent.n, &q->ocsp);
	if (uk_is_ok(err))
		err = find_url(b, cert, q);
	bank_certs_sent_free(&sent);
	return err;
}

static enum bank_code ask(struct bank *b, const uk_cert *cert,
    const struct bank_cert_list *extra, struct bank_status_question *q,
    bool *asked)
{
	uk_err err = make_question(b, cert, extra, q);

	if (uk_is(err, UK_ERR_NOT_FOUND) && !is_listless(b, cert, q->purpose))
		return BANK_OK;
	if (!uk_is_ok(err))
		uk_log(UK_LOG_ERROR, "event=ocsp result=%s", uk_err_name(err));
	if (!uk_is_ok(err) || b->ask == NULL)
		return without_answer(b, cert, q->purpose);
	if (!bank_statuses_ask(b->statuses, UK_ARRAY(q->certificate)))
		return BANK_BUSY;
	*asked = b->ask(b->ask_arg, q);
	if (*asked)
		return BANK_OK;
	bank_statuses_keep(b->statuses, UK_ARRAY(q->certificate),
	    BANK_STATUS_NONE, 0, 0, UK_NONE);
	return BANK_BUSY;
}

enum bank_code bank_check_status(struct bank *b, const uk_cert *cert,
    const struct bank_cert_list *extra, enum uk_purpose purpose, int64_t now,
    struct bank_pending *pending, uk_bytes *answer)
{
	struct bank_status_question q = { .purpose = purpose };
	uk_buf hash = UK_BUF(q.certificate);
	enum bank_code code;

	*pending = (struct bank_pending){ .yes = false };
	if (answer != NULL)
		*answer = UK_NONE;
	if (is_policy(b, "off") && !is_listless(b, cert, purpose))
		return BANK_OK;
	if (!uk_is_ok(uk_hash_one(
		b->crypto, UK_HASH_SHA256, uk_cert_der(cert), &hash)))
		return BANK_INTERNAL;
	UK_IGNORE(uk_copy_exact(
	    pending->certificate, BANK_FINGERPRINT, uk_buf_view(&hash)));
	switch (
	    bank_statuses_find(b->statuses, uk_buf_view(&hash), now, answer)) {
	case BANK_STATUS_GOOD:
		return BANK_OK;
	case BANK_STATUS_REVOKED:
		return BANK_CERT_REVOKED;
	case BANK_STATUS_UNKNOWN:
		return BANK_CRL_MISSING;
	case BANK_STATUS_FAILED:
		return without_answer(b, cert, purpose);
	case BANK_STATUS_ASKING:
		pending->yes = true;
		return BANK_OK;
	case BANK_STATUS_NONE:
		break;
	}
	code = ask(b, cert, extra, &q, &pending->yes);
	bank_status_question_free(&q);
	return code;
}

/* --- the answer ---------------------------------------------------------- */

static const struct {
	enum bank_status status;
	const char *name;
} words[] = {
	[UK_OCSP_GOOD] = { BANK_STATUS_GOOD, "good" },
	[UK_OCSP_REVOKED] = { BANK_STATUS_REVOKED, "revoked" },
	[UK_OCSP_UNKNOWN] = { BANK_STATUS_UNKNOWN, "unknown" },
};

void bank_status_answered(struct bank *b, const struct bank_status_question *q,
    uk_bytes der, int64_t now)
{
	const struct uk_ocsp_rules rules = {
		.now = now,
		.skew = BANK_STATUS_SKEW,
		.max_age = b->config.ocsp_max_age,
		.need_nonce = b->config.ocsp_nonce != 0,
	};
	struct uk_ocsp_answer a = { .until = now + BANK_STATUS_RETRY };
	enum bank_status status = BANK_STATUS_FAILED;
	uk_err err = der.n == 0 ? uk_fail(UK_ERR_IO)
				: uk_ocsp_check(q->ocsp,
				      bank_trust_loaded(b, q->purpose), der,
				      &rules, &a);

	if (uk_is_ok(err))
		status = words[a.status].status;
	/* Who is not known today may be in a minute. */
	if (!uk_is_ok(err) || a.status == UK_OCSP_UNKNOWN)
		a.until = now + BANK_STATUS_RETRY;
	bank_statuses_keep(
	    b->statuses, UK_ARRAY(q->certificate), status, now, a.until, der);
	uk_log(UK_LOG_INFO, "event=ocsp result=%s",
	    uk_is_ok(err) ? words[a.status].name : uk_err_name(err));
}
