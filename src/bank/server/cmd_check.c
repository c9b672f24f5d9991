/* `ukey-bankd check`: is this bank fit to be served? `ukey-bankd backup`. */
#include "audit.h"
#include "cmd_parts.h"
#include "crypto.h"
#include "database.h"
#include "files.h"
#include "proto.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
	SOON_SECONDS = 30 * 24 * 60 * 60, /* warned of before it runs out */
	LIST_SOON_SECONDS = 3 * 24 * 60 * 60,
	CLOCK_SECONDS = 60 /* clocks may differ by so much */
};

enum result { GOOD, WARNING, WRONG };

static const char *const result_names[] = { "ok", "warning", "wrong" };

struct check {
	const char *dir;
	struct bank_config config;
	bool configured;
	uk_crypto *crypto;
	struct bank_store *store;
	int64_t now;
	char text[400]; /* of the check that is being made */
};

#define SAY(c, ...) ((void)snprintf((c)->text, sizeof((c)->text), __VA_ARGS__))

/* --- files --------------------------------------------------------------- */

static enum result check_settings(struct check *c)
{
	char path[BANK_PATH_MAX], why[200] = "";
	uk_err err = bank_path(c->dir, BANK_FILE_CONFIG, path);

	if (uk_is_ok(err))
		err = bank_config_read(path, &c->config, why, sizeof(why));
	c->configured = uk_is_ok(err);
	if (!c->configured) {
		SAY(c, "%s: %s", BANK_FILE_CONFIG,
		    why[0] != '\0' ? why : uk_err_text(err));
		return WRONG;
	}
	SAY(c, "%s can be read", BANK_FILE_CONFIG);
	return GOOD;
}

/* Only the owner may read what is secret or write what is trusted. */
static enum result check_modes(struct check *c)
{
	static const struct {
		const char *name;
		mode_t forbidden;
		bool needed;
	} files[] = {
		{ "", 077, true },
		{ BANK_FILE_CONFIG, 077, true },
		{ BANK_FILE_DATABASE, 077, false },
		{ BANK_FILE_CA_KEY, 077, false },
		{ BANK_FILE_CA_CERT, 022, true },
		{ BANK_FILE_TLS_CA_KEY, 077, false },
		{ BANK_FILE_TLS_CA_CERT, 022, false },
		{ BANK_FILE_CRL, 022, true },
		{ BANK_FILE_TLS_KEY, 077, true },
		{ BANK_FILE_TLS_CERT, 022, true },
		{ BANK_FILE_SIGN_KEY, 077, true },
		{ BANK_FILE_SIGN_CERT, 022, true },
	};
	char path[BANK_PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		bool there = uk_is_ok(bank_path(c->dir, files[i].name, path)) &&
			     stat(path, &st) == 0;

		if (!there && files[i].needed) {
			SAY(c, "%s/%s: %s", c->dir, files[i].name,
			    strerror(errno));
			return WRONG;
		}
		if (there && (st.st_mode & files[i].forbidden) != 0) {
			SAY(c,
			    "%s/%s may be used by others (mode %03o): "
			    "chmod go-rwx",
			    c->dir, files[i].name,
			    (unsigned)(st.st_mode & 0777));
			return WRONG;
		}
	}
	SAY(c, "the folder is its owner's alone");
	return GOOD;
}

/* --- keys, certificates, lists ------------------------------------------- */

static const struct pair {
	const char *key, *cert;
	bool needed; /* the CA's key may be kept elsewhere */
} pairs[] = {
	{ BANK_FILE_TLS_KEY, BANK_FILE_TLS_CERT, true },
	{ BANK_FILE_SIGN_KEY, BANK_FILE_SIGN_CERT, true },
	{ BANK_FILE_CA_KEY, BANK_FILE_CA_CERT, false },
};

enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

static uk_err load_cert(struct check *c, const char *name, uk_cert **out)
{
	char path[BANK_PATH_MAX];

	*out = NULL;
	UK_TRY(bank_path(c->dir, name, path));
	return uk_cert_from_pem_file(c->crypto, path, out);
}

static uk_err load_key(struct check *c, const char *name, uk_key **out)
{
	char path[BANK_PATH_MAX];

	*out = NULL;
	UK_TRY(bank_path(c->dir, name, path));
	return uk_key_from_pem_file(c->crypto, path, out);
}

/* The same public key on both sides. */
static uk_err fits(struct check *c, const struct pair *p)
{
	uk_blob mine = { NULL, 0 }, its = { NULL, 0 };
	uk_cert *cert = NULL;
	uk_key *key = NULL;
	uk_err err = load_key(c, p->key, &key);

	if (uk_is(err, UK_ERR_NOT_FOUND) && !p->needed)
		err = uk_ok();
	else if (uk_is_ok(err))
		err = load_cert(c, p->cert, &cert);
	if (uk_is_ok(err) && cert != NULL)
		err = uk_key_spki(key, &mine);
	if (uk_is_ok(err) && cert != NULL)
		err = uk_key_spki(uk_cert_key(cert), &its);
	if (uk_is_ok(err) &&
	    !uk_bytes_eq(uk_blob_view(&mine), uk_blob_view(&its)))
		err = uk_fail(UK_ERR_CONDITIONS);
	uk_blob_free(&mine);
	uk_blob_free(&its);
	uk_cert_close(&cert);
	uk_key_close(&key);
	return err;
}

static enum result check_keys(struct check *c)
{
	for (size_t i = 0; i < PAIRS; i++) {
		uk_err err = fits(c, &pairs[i]);

		if (uk_is_ok(err))
			continue;
		SAY(c, "%s and %s: %s", pairs[i].key, pairs[i].cert,
		    uk_is(err, UK_ERR_CONDITIONS)
			? "the key is not the certificate's"
			: uk_err_text(err));
		return WRONG;
	}
	SAY(c, "each key is its certificate's");
	return GOOD;
}

static enum result judge_end(
    struct check *c, const char *name, int64_t end, int64_t soon)
{
	uint8_t storage[24];
	uk_buf stamp = UK_BUF(storage);

	bank_put_time(&stamp, end);
	SAY(c, "%s %s at %.*s", name, end <= c->now ? "ran out" : "runs out",
	    (int)stamp.len, (const char *)stamp.p);
	return end <= c->now ? WRONG : end - c->now < soon ? WARNING : GOOD;
}

static enum result check_dates(struct check *c)
{
	enum result worst = GOOD;

	for (size_t i = 0; i < PAIRS && worst == GOOD; i++) {
		uk_cert *cert = NULL;

		worst = WRONG;
		if (uk_is_ok(load_cert(c, pairs[i].cert, &cert)))
			worst = judge_end(c, pairs[i].cert,
			    uk_cert_not_after(cert), SOON_SECONDS);
		else
			SAY(c, "%s cannot be read", pairs[i].cert);
		uk_cert_close(&cert);
	}
	if (worst == GOOD)
		SAY(c, "none runs out soon");
	return worst;
}

/* libcrypto: NULL and 0 mean failure; the list's nextUpdate may be absent. */
static bool list_end(const char *path, int64_t *end)
{
	BIO *in = BIO_new_file(path, "r");
	X509_CRL *list = in == NULL
			     ? NULL
			     : PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
	const ASN1_TIME *next = list == NULL ? NULL
					     : X509_CRL_get0_nextUpdate(list);
	struct tm t;
	bool good = next != NULL && ASN1_TIME_to_tm(next, &t) == 1;

	if (good)
		*end = (int64_t)timegm(&t);
	X509_CRL_free(list);
	BIO_free(in);
	return good;
}

static enum result check_list(struct check *c)
{
	char path[BANK_PATH_MAX];
	int64_t end;

	if (!uk_is_ok(bank_path(c->dir, BANK_FILE_CRL, path)) ||
	    !list_end(path, &end)) {
		SAY(c, "%s cannot be read: `ukey-bankd crl`", BANK_FILE_CRL);
		return WRONG;
	}
	return judge_end(c, BANK_FILE_CRL, end, LIST_SOON_SECONDS);
}

/* --- the database -------------------------------------------------------- */

static enum result check_database(struct check *c)
{
	uk_err err;

	if (!c->configured) {
		SAY(c, "not known without settings");
		return WRONG;
	}
	err = bank_database_connect(
	    c->dir, &c->config, &c->store, c->text, sizeof(c->text));
	if (!uk_is_ok(err))
		return WRONG;
	SAY(c, "%s answers", bank_store_engine_name(c->store));
	return GOOD;
}

static enum result check_schema(struct check *c)
{
	size_t made, known;

	if (c->store == NULL ||
	    !uk_is_ok(bank_store_steps(c->store, &made, &known))) {
		SAY(c, "not known");
		return WRONG;
	}
	SAY(c, "step %zu of %zu%s", made, known,
	    made < known   ? ": run `ukey-bankd migrate`"
	    : made > known ? ": made by a later version of this program"
			   : "");
	return made == known ? GOOD : WRONG;
}

/* The chain is not read again: that is what `audit` is for. */
static enum result check_books(struct check *c)
{
	struct bank_head head;
	struct bank_audit a;
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	if (c->store != NULL)
		err = bank_journal_head(c->store, &head);
	if (uk_is_ok(err))
		err = bank_audit(c->store,
		    head.height == 0 ? UK_NONE : UK_ARRAY(head.hash), &a);
	if (!uk_is_ok(err)) {
		SAY(c, "cannot be read");
		return WRONG;
	}
	SAY(c, "%" PRId64 " rows%s", head.height,
	    bank_audit_good(&a) ? "" : ": WRONG, see `ukey-bankd audit`");
	return bank_audit_good(&a) ? GOOD : WRONG;
}

/* What is in the books has happened: a clock behind them is wrong. So it is
 * with several servers, whose clocks meet there. */
static enum result check_clock(struct check *c)
{
	bank_query q;
	int64_t last = 0;

	if (c->store == NULL) {
		SAY(c, "not known without the database");
		return WRONG;
	}
	q = bank_query_of(
	    c->store, "SELECT coalesce(max(time), 0) FROM journal");
	if (!uk_is_ok(bank_query_id(&q, &last))) {
		SAY(c, "cannot be compared with the books");
		return WRONG;
	}
	if (last > c->now + CLOCK_SECONDS) {
		SAY(c, "%" PRId64 " s behind the last row of the books: set it",
		    last - c->now);
		return WRONG;
	}
	SAY(c, "not behind the books");
	return GOOD;
}

/* --- the command --------------------------------------------------------- */

static const struct {
	const char *name;
	enum result (*make)(struct check *c);
} checks[] = {
	{ "settings", check_settings },
	{ "files", check_modes },
	{ "keys", check_keys },
	{ "certificates", check_dates },
	{ "revocation", check_list },
	{ "database", check_database },
	{ "schema", check_schema },
	{ "books", check_books },
	{ "clock", check_clock },
};

static enum result check_all(struct check *c, json_t *list)
{
	enum result worst = GOOD;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum result r = checks[i].make(c);

		if (r > worst)
			worst = r;
		if (list == NULL)
			printf("%-8s %-13s %s\n", result_names[r],
			    checks[i].name, c->text);
		else
			json_array_append_new(list,
			    json_pack("{s:s,s:s,s:s}", "name", checks[i].name,
				"result", result_names[r], "text", c->text));
	}
	return worst;
}

static void print_json(json_t *list, enum result worst)
{
	json_t *all = json_pack(
	    "{s:s,s:O}", "result", result_names[worst], "checks", list);

	if (all != NULL && json_dumpf(all, stdout, JSON_INDENT(2)) == 0)
		printf("\n");
	json_decref(all);
}

enum bank_exit bank_cmd_check(const struct bank_options *o)
{
	struct check c = { .dir = o->dir, .now = time(NULL) };
	json_t *list = o->json ? json_array() : NULL;
	enum result worst;
	uk_err err = uk_crypto_open(&c.crypto);

	if (!uk_is_ok(err))
		return bank_failed(err, "check");
	worst = check_all(&c, list);
	if (list != NULL)
		print_json(list, worst);
	json_decref(list);
	bank_store_close(&c.store);
	uk_crypto_close(&c.crypto);
	return worst == WRONG ? BANK_EXIT_AUDIT : BANK_EXIT_OK;
}

/* --- backup -------------------------------------------------------------- */

static enum bank_exit back_up(struct bank_store *store, const char *path)
{
	uk_err err = bank_store_backup(store, path);

	if (uk_is(err, UK_ERR_UNSUPPORTED))
		return bank_complain(BANK_EXIT_DATA, "backup",
		    "the database is PostgreSQL: use pg_dump, or its own "
		    "backups (docs/bankd.md)");
	if (uk_is(err, UK_ERR_EXISTS))
		return bank_complain(BANK_EXIT_EXISTS, path,
		    "is there already, or cannot be made: choose another file");
	if (!uk_is_ok(err))
		return bank_failed(err, path);
	printf("the database is in %s\n", path);
	return BANK_EXIT_OK;
}

enum bank_exit bank_cmd_backup(const struct bank_options *o)
{
	char path[BANK_PATH_MAX], why[512] = "";
	struct bank_store *store = NULL;
	struct bank_config config;
	enum bank_exit code;
	uk_err err = bank_path(o->dir, BANK_FILE_CONFIG, path);

	if (uk_is_ok(err))
		err = bank_config_read(path, &config, why, sizeof(why));
	if (uk_is_ok(err))
		err = bank_database_connect(
		    o->dir, &config, &store, why, sizeof(why));
	if (!uk_is_ok(err))
		return bank_complain(BANK_EXIT_CONFIG, o->dir, why);
	code = back_up(store, o->to);
	bank_store_close(&store);
	return code;
}
