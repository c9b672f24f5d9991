/* Whom the bank trusts, and whether it trusts a certificate. */
#include "trusted.h"

#include "log.h"
#include "metrics.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* --- files --------------------------------------------------------------- */

uk_err bank_trust_path(
    const struct bank *b, const char *name, char path[BANK_PATH_MAX])
{
	if (name[0] == '/')
		return uk_copy_str(path, BANK_PATH_MAX, uk_view_str(name));
	return bank_path(b->dir, name, path);
}

static void add_mark(struct bank_file_mark *sum, const char *path)
{
	struct stat st;

	/* Sums: which file has changed does not matter. */
	if (stat(path, &st) != 0)
		return;
	sum->inode += st.st_ino;
	sum->size += (uint64_t)st.st_size;
	sum->seconds += st.st_mtim.tv_sec;
	sum->nanoseconds += st.st_mtim.tv_nsec;
}

static void mark_list(
    const struct bank *b, const char *list, struct bank_file_mark *sum)
{
	char item[BANK_CONFIG_LIST], path[BANK_PATH_MAX];

	while (bank_config_next(&list, item)) {
		if (uk_is_ok(bank_trust_path(b, item, path)))
			add_mark(sum, path);
	}
}

static struct bank_file_mark mark_now(const struct bank *b)
{
	struct bank_file_mark sum = { 0 };
	char path[BANK_PATH_MAX];

	if (uk_is_ok(bank_path(b->dir, BANK_FILE_CRL, path)))
		add_mark(&sum, path);
	mark_list(b, b->config.crls, &sum);
	mark_list(b, b->config.login_cas, &sum);
	mark_list(b, b->config.transaction_cas, &sum);
	mark_list(b, b->config.ocsp_only, &sum);
	return sum;
}

static bool same_mark(
    const struct bank_file_mark *x, const struct bank_file_mark *y)
{
	return x->inode == y->inode && x->size == y->size &&
	       x->seconds == y->seconds && x->nanoseconds == y->nanoseconds;
}

/* --- loading ------------------------------------------------------------- */

typedef uk_err add_file(uk_trust *t, const char *path);

static uk_err add_one(
    const struct bank *b, uk_trust *t, add_file *add, const char *name)
{
	char path[BANK_PATH_MAX];
	uk_err err = bank_trust_path(b, name, path);

	if (uk_is_ok(err))
		err = add(t, path);
	if (!uk_is_ok(err))
		uk_log(UK_LOG_ERROR, "event=trust file=\"%s\" result=%s", name,
		    uk_err_name(err));
	return err;
}

static uk_err add_all(
    const struct bank *b, uk_trust *t, add_file *add, const char *list)
{
	char item[BANK_CONFIG_LIST];
	uk_err err = uk_ok();

	while (uk_is_ok(err) && bank_config_next(&list, item))
		err = add_one(b, t, add, item);
	return err;
}

static uk_err load(const struct bank *b, const char *cas, uk_trust **out)
{
	uk_trust *t = NULL;
	uk_err err = uk_trust_open(b->crypto, &t);

	*out = NULL;
	if (!uk_is_ok(err))
		return err;
	uk_trust_need_crl(t, true);
	err = add_one(b, t, uk_trust_add_ca_file, BANK_FILE_CA_CERT);
	if (uk_is_ok(err))
		err = add_one(b, t, uk_trust_add_crl_file, BANK_FILE_CRL);
	if (uk_is_ok(err))
		err = add_all(b, t, uk_trust_add_ca_file, cas);
	if (uk_is_ok(err))
		err = add_all(b, t, uk_trust_add_crl_file, b->config.crls);
	if (uk_is_ok(err))
		err = add_all(b, t, uk_trust_add_listless, b->config.ocsp_only);
	if (uk_is_ok(err)) {
		*out = t;
		t = NULL; /* handed over */
	}
	uk_trust_close(&t);
	return err;
}

uk_err bank_trust_open(struct bank *b)
{
	b->files = mark_now(b); /* before reading */
	UK_TRY(load(b, b->config.login_cas, &b->login_trust));
	return load(b, b->config.transaction_cas, &b->transaction_trust);
}

void bank_trust_close(struct bank *b)
{
	uk_trust_close(&b->login_trust);
	uk_trust_close(&b->transaction_trust);
}

void bank_trust_reload(struct bank *b)
{
	struct bank_file_mark mark = mark_now(b); /* before reading */
	uk_trust *login = NULL, *transaction = NULL;
	uk_err err = load(b, b->config.login_cas, &login);

	if (uk_is_ok(err))
		err = load(b, b->config.transaction_cas, &transaction);
	b->files = mark;
	if (!uk_is_ok(err)) {
		uk_log(UK_LOG_ERROR, "event=crl-reload result=%s",
		    uk_err_name(err));
		uk_trust_close(&login);
		uk_trust_close(&transaction);
		return;
	}
	bank_certs_forget(b->certs);
	bank_statuses_forget(b->statuses);
	bank_voucher_cache_forget(b->vouchers);
	bank_trust_close(b);
	b->login_trust = login;
	b->transaction_trust = transaction;
	uk_log(UK_LOG_INFO, "event=crl-reload result=ok");
}

const uk_trust *bank_trust_loaded(const struct bank *b, enum uk_purpose purpose)
{
	return purpose == UK_FOR_TRANSACTION ? b->transaction_trust
					     : b->login_trust;
}

const uk_trust *bank_trust(struct bank *b, enum uk_purpose purpose)
{
	struct bank_file_mark mark = mark_now(b);

	if (!same_mark(&mark, &b->files))
		bank_trust_reload(b);
	return bank_trust_loaded(b, purpose);
}

/* --- one certificate ----------------------------------------------------- */

static enum bank_code decode(struct bank *b, uk_bytes der, uk_cert **out)
{
	uk_err err = uk_cert_from_der(b->crypto, der, out);

	if (uk_is_ok(err))
		return BANK_OK;
	return uk_is(err, UK_ERR_MEMORY) ? BANK_INTERNAL : BANK_CERT_MALFORMED;
}

enum bank_code bank_certs_decode(struct bank *b,
    const struct bank_cert_list *der, struct bank_certs_sent *out)
{
	enum bank_code code = BANK_OK;

	*out = (struct bank_certs_sent){ .n = 0 };
	for (; code == BANK_OK && der != NULL && out->n < der->n; out->n++)
		code = decode(
		    b, uk_blob_view(&der->der[out->n]), &out->list[out->n]);
	return code;
}

void bank_certs_sent_free(struct bank_certs_sent *c)
{
	for (size_t i = 0; i < BANK_TOKEN_CERTS; i++)
		uk_cert_close(&c->list[i]);
}

/* Where policies are forbidden, a certificate must say by which it was issued,
 * and by none of those (Web eID's SubjectCertificatePolicyValidator). */
static enum bank_code check_policies(const struct bank *b, const uk_cert *cert)
{
	const char *list = b->config.disallowed_policies;
	char oid[BANK_CONFIG_LIST];

	if (list[0] != '\0' && !uk_cert_has_policies(cert))
		return BANK_CERT_PURPOSE;
	while (bank_config_next(&list, oid)) {
		if (uk_cert_has_policy(cert, oid))
			return BANK_CERT_PURPOSE;
	}
	return BANK_OK;
}

/* Nothing is known of it: decode and check it, and remember that it is good. */
static enum bank_code check_new(struct bank *b, uk_bytes fingerprint,
    const struct bank_cert_list *extra, struct uk_trust_question *q,
    uk_bytes der, const uk_cert **out)
{
	struct bank_certs_sent sent = { .n = 0 };
	uk_cert *cert = NULL;
	int64_t until = q->now;
	enum bank_code code = decode(b, der, &cert);

	if (code == BANK_OK)
		code = bank_certs_decode(b, extra, &sent);
	q->cert = cert;
	q->extra = sent.list;
	q->extra_count = sent.n;
	if (code == BANK_OK)
		code = bank_code_of(
		    uk_trust_ask(bank_trust(b, q->purpose), q, &until));
	if (code == BANK_OK && q->purpose == UK_FOR_LOGIN)
		code = check_policies(b, cert);
	if (code == BANK_OK)
		*out = bank_certs_keep(
		    b->certs, fingerprint, q->purpose, q->now, until, &cert);
	bank_certs_sent_free(&sent);
	uk_cert_close(&cert);
	return code;
}

enum bank_code bank_check_cert_with(struct bank *b, uk_bytes der,
    const struct bank_cert_list *extra, enum uk_purpose purpose, int64_t now,
    const uk_cert **out)
{
	struct uk_trust_question q = { .purpose = purpose, .now = now };
	uint8_t storage[BANK_FINGERPRINT];
	uk_buf hash = UK_BUF(storage);

	*out = NULL;
	/* A new revocation list makes all be forgotten. */
	(void)bank_trust(b, purpose);
	if (!uk_is_ok(uk_hash_one(b->crypto, UK_HASH_SHA256, der, &hash)))
		return BANK_INTERNAL;
	*out = bank_certs_find(b->certs, uk_buf_view(&hash), purpose, now);
	bank_metrics_certificate(b->metrics, *out != NULL);
	if (*out != NULL)
		return BANK_OK;
	return check_new(b, uk_buf_view(&hash), extra, &q, der, out);
}

enum bank_code bank_check_cert(struct bank *b, uk_bytes der,
    enum uk_purpose purpose, int64_t now, const uk_cert **out)
{
	return bank_check_cert_with(b, der, NULL, purpose, now, out);
}
