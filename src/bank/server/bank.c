/* Opening the bank; whom it trusts; how its errors are called outside. */
#include "bank.h"

#include "database.h"
#include "log.h"
#include "status.h"
#include "trusted.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- settings ------------------------------------------------------------ */

void bank_config_reload(struct bank *b)
{
	char path[BANK_PATH_MAX], why[200] = "";
	struct bank_config fresh;
	const char *stays;
	uk_err err = bank_path(b->dir, BANK_FILE_CONFIG, path);

	if (uk_is_ok(err))
		err = bank_config_read(path, &fresh, why, sizeof(why));
	if (!uk_is_ok(err)) {
		uk_log(UK_LOG_ERROR,
		    "event=settings-reload result=%s reason=\"%s\"",
		    uk_err_name(err), why);
		return;
	}
	stays = bank_config_renew(&b->config, &fresh);
	uk_log(UK_LOG_INFO, "event=settings-reload result=ok needs-restart=%s",
	    stays == NULL ? "nothing" : stays);
}

/* --- opening ------------------------------------------------------------- */

/* A signature over nothing that the protocol knows, by the certificate. */
uk_err bank_sign_probe(struct bank *b)
{
	static const char probe[] = "ukey bank key probe 1";
	uint8_t storage[64];
	uk_buf signature = UK_BUF(storage);

	UK_TRY(bank_sign(b, uk_view_str(probe), &signature));
	return uk_key_verify(uk_cert_key(b->certificate), UK_SIG_ECDSA,
	    UK_HASH_SHA256, uk_view_str(probe), uk_buf_view(&signature));
}

static uk_err open_signing(struct bank *b, char *why, size_t cap)
{
	char path[BANK_PATH_MAX];
	uk_err err;

	if (b->config.signing_key[0] != '\0') {
		UK_TRY(bank_hsm_open(
		    b->config.signing_key, BANK_HSM_SIGN, &b->hsm, why, cap));
	} else {
		UK_TRY(bank_path(b->dir, BANK_FILE_SIGN_KEY, path));
		UK_TRY(uk_key_from_pem_file(b->crypto, path, &b->signing));
		UK_TRY(
		    uk_key_prepare(b->signing, UK_SIG_ECDSA, UK_HASH_SHA256));
	}
	err = bank_sign_probe(b);
	if (!uk_is_ok(err))
		snprintf(why, cap, "the bank's signing key: %s",
		    uk_is(err, UK_ERR_SIGNATURE)
			? "it is not that of " BANK_FILE_SIGN_CERT
			: "it cannot sign, the log says why");
	return err;
}

static uk_err read_end_point(struct bank *b)
{
	const char *front = b->config.front_certificate;
	uk_buf hash = UK_BUF(b->end_point);
	char path[BANK_PATH_MAX];
	uk_cert *cert = NULL;
	uk_err err;

	if (front[0] == '/')
		err = uk_copy_str(path, sizeof(path), uk_view_str(front));
	else
		err = bank_path(b->dir,
		    front[0] == '\0' ? BANK_FILE_TLS_CERT : front, path);
	if (uk_is_ok(err))
		err = uk_cert_from_pem_file(b->crypto, path, &cert);
	if (uk_is_ok(err))
		err = uk_cert_end_point(b->crypto, cert, &hash);
	b->end_point_size = hash.len;
	uk_cert_close(&cert);
	return err;
}

static uk_err open_keys(struct bank *b, char *why, size_t cap)
{
	char path[BANK_PATH_MAX];

	UK_TRY(uk_crypto_open(&b->crypto));
	UK_TRY(bank_path(b->dir, BANK_FILE_SIGN_CERT, path));
	UK_TRY(uk_cert_from_pem_file(b->crypto, path, &b->certificate));
	UK_TRY(bank_vault_key_open(b, why, cap));
	UK_TRY(open_signing(b, why, cap));
	UK_TRY(bank_shop_keys_open(b));
	UK_TRY(read_end_point(b));
	return bank_trust_open(b);
}

/* Challenges that are out and who is logged in: in memory, or in the database
 * that other instances of this server use, too. */
static uk_err open_logins(struct bank *b)
{
	const struct bank_config *c = &b->config;
	const struct bank_session_rules rules = {
		.idle_seconds = c->session_idle_seconds,
		.seconds = c->session_seconds,
		.room = (size_t)c->max_sessions,
		.each = (size_t)c->sessions_each,
	};

	/* Who shares the database shares who is logged in. */
	if (c->shared_logins != 0 || bank_store_is_remote(c->database)) {
		UK_TRY(
		    bank_nonces_open_shared(b->crypto, b->store, &b->nonces));
		return bank_sessions_open_shared(
		    b->crypto, b->store, &rules, &b->sessions);
	}
	UK_TRY(
	    bank_nonces_open(b->crypto, (size_t)c->max_challenges, &b->nonces));
	return bank_sessions_open(b->crypto, &rules, &b->sessions);
}

enum { POS_RATES_KEPT = 8192 };

static uk_err open_pos(struct bank *b)
{
	static const struct bank_rate rates[BANK_POS_RATES] = {
		[BANK_POS_RATE_ADDRESS] = { .burst = 60, .per_minute = 60 },
		[BANK_POS_RATE_NAME] = { .burst = 10, .per_minute = 6 },
	};
	const struct bank_config *c = &b->config;

	UK_TRY(bank_rates_open(
	    b->crypto, rates, BANK_POS_RATES, POS_RATES_KEPT, &b->pos_rates));
	b->pos = (struct bank_pos){
		.crypto = b->crypto,
		.store = b->store,
		.vault = b->vault,
		.rules = {
			.password = { c->password_kib, c->password_passes,
			    c->password_lanes },
			.complete_seconds = c->pos_complete_seconds,
			.order_attempts = c->pos_attempts,
			.no_pin_amount = c->pos_no_pin_amount,
		},
	};
	return uk_ok();
}

/* By address (failures) and by certificate (logins), in this order. */
static uk_err open_rates(struct bank *b)
{
	enum { BUCKETS = 65536, BURST = 3 };
	const int64_t per_minute[] = { b->config.login_failures,
		b->config.logins };

	for (size_t i = 0; i < 2; i++)
		b->rate_kinds[i] = (struct bank_rate){
			.burst = BURST * per_minute[i],
			.per_minute = per_minute[i] > 0 ? per_minute[i] : 1,
		};
	return bank_rates_open(b->crypto, b->rate_kinds, 2, BUCKETS, &b->rates);
}

static uk_err open_rooms(struct bank *b)
{
	UK_TRY(open_rates(b));
	UK_TRY(bank_metrics_open(&b->metrics));
	UK_TRY(bank_certs_open((size_t)b->config.max_certificates, &b->certs));
	UK_TRY(bank_statuses_open(BANK_STATUS_ROOM, &b->statuses));
	UK_TRY(bank_voucher_cache_open(&b->vouchers));
	UK_TRY(open_logins(b));
	return open_pos(b);
}

static uk_err open_all(struct bank *b, char *why, size_t cap)
{
	char path[BANK_PATH_MAX], detail[200] = "";
	uk_err err = bank_path(b->dir, BANK_FILE_CONFIG, path);

	if (uk_is_ok(err))
		err = bank_config_read(
		    path, &b->config, detail, sizeof(detail));
	if (!uk_is_ok(err)) {
		snprintf(
		    why, cap, "%s/%s: %s", b->dir, BANK_FILE_CONFIG, detail);
		return err;
	}
	err = open_keys(b, why, cap);
	if (!uk_is_ok(err)) {
		if (why[0] == '\0')
			snprintf(why, cap, "keys and certificates in %s: %s",
			    b->dir, uk_err_text(err));
		return err;
	}
	UK_TRY(bank_database_open(b->dir, &b->config, &b->store, why, cap));
	err = open_rooms(b);
	if (!uk_is_ok(err))
		snprintf(why, cap, "%s", uk_err_text(err));
	return err;
}

uk_err bank_open(const char *dir, struct bank **out, char *why, size_t why_cap)
{
	struct bank *b = uk_new(sizeof(*b));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	why[0] = '\0';
	if (b == NULL)
		goto out;
	err = uk_copy_str(b->dir, sizeof(b->dir), uk_view_str(dir));
	if (uk_is_ok(err))
		err = open_all(b, why, why_cap);
	if (uk_is_ok(err))
		err = bank_set_origin(b, (unsigned)b->config.port);
	if (!uk_is_ok(err))
		goto out;
	*out = b;
	b = NULL; /* handed over */
out:
	bank_close(&b);
	return err;
}

void bank_close(struct bank **b)
{
	if (*b == NULL)
		return;
	bank_sessions_close(&(*b)->sessions);
	bank_rates_close(&(*b)->rates);
	bank_nonces_close(&(*b)->nonces);
	bank_metrics_close(&(*b)->metrics);
	bank_certs_close(&(*b)->certs);
	bank_statuses_close(&(*b)->statuses);
	bank_voucher_cache_close(&(*b)->vouchers);
	bank_rates_close(&(*b)->pos_rates);
	bank_vault_close(&(*b)->vault);
	bank_store_close(&(*b)->store);
	bank_trust_close(*b);
	uk_cert_close(&(*b)->certificate);
	uk_key_close(&(*b)->signing);
	bank_hsm_close(&(*b)->hsm);
	bank_shop_keys_close(*b);
	uk_crypto_close(&(*b)->crypto);
	uk_free(*b);
	*b = NULL;
}

uk_err bank_set_origin(struct bank *b, unsigned port)
{
	const struct bank_config *c = &b->config;
	int n;

	if (c->origin[0] != '\0')
		n = snprintf(b->origin, sizeof(b->origin), "%s", c->origin);
	else if (port == 443)
		n = snprintf(
		    b->origin, sizeof(b->origin), "https://%s", c->host);
	else
		n = snprintf(b->origin, sizeof(b->origin), "https://%s:%u",
		    c->host, port);
	return n < 0 || (size_t)n >= sizeof(b->origin)
		   ? uk_fail(UK_ERR_TOO_SMALL)
		   : uk_ok();
}

/* --- small things -------------------------------------------------------- */

enum bank_code bank_code_of(uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return BANK_OK;
	case UK_ERR_FORMAT:
		return BANK_MALFORMED;
	case UK_ERR_CERT_UNTRUSTED:
		return BANK_CERT_UNTRUSTED;
	case UK_ERR_CERT_NOT_YET:
		return BANK_CERT_NOT_YET;
	case UK_ERR_CERT_EXPIRED:
		return BANK_CERT_EXPIRED;
	case UK_ERR_CERT_REVOKED:
		return BANK_CERT_REVOKED;
	case UK_ERR_CERT_PURPOSE:
		return BANK_CERT_PURPOSE;
	case UK_ERR_CRL_MISSING:
		return BANK_CRL_MISSING;
	default:
		return BANK_INTERNAL;
	}
}

int64_t bank_steady_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

uk_err bank_sign(struct bank *b, uk_bytes message, uk_buf *signature)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);

	if (b->hsm == NULL)
		return uk_key_sign(b->signing, UK_SIG_ECDSA, UK_HASH_SHA256,
		    message, signature);
	UK_TRY(uk_hash_one(b->crypto, UK_HASH_SHA256, message, &hash));
	return bank_hsm_sign(
	    b->hsm, uk_buf_view(&hash), bank_steady_now(), signature);
}
