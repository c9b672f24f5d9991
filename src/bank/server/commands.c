/* The subcommands, each from options to exit code. */
#include "commands.h"

#include "bank.h"
#include "ca.h"
#include "customers.h"
#include "database.h"
#include "files.h"
#include "https.h"
#include "ledger.h"
#include "log.h"
#include "secret.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CERT_DAYS = 730, CRL_DAYS = 30 };

static enum bank_exit complain(
    enum bank_exit code, const char *what, const char *why)
{
	fprintf(stderr, "ukey-bankd: %s: %s\n", what, why);
	return code;
}

static enum bank_exit exit_of(uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return BANK_EXIT_OK;
	case UK_ERR_NOT_FOUND:
		return BANK_EXIT_NO_INPUT;
	case UK_ERR_FORMAT:
	case UK_ERR_ARGUMENT:
	case UK_ERR_SIGNATURE:
	case UK_ERR_UNSUPPORTED:
	case UK_ERR_TOO_SMALL:
	case UK_ERR_CONDITIONS:
		return BANK_EXIT_DATA;
	case UK_ERR_EXISTS:
		return BANK_EXIT_EXISTS;
	case UK_ERR_IO:
		return BANK_EXIT_IO;
	default:
		return BANK_EXIT_SOFTWARE;
	}
}

static enum bank_exit failed(uk_err err, const char *what)
{
	return complain(exit_of(err), what, uk_err_text(err));
}

static enum bank_exit open_store(
    const struct bank_options *o, struct bank_store **out)
{
	struct bank_config c;
	char why[512] = "";
	uk_err err = bank_database_of_dir(o->dir, &c, out, why, sizeof(why));

	if (uk_is_ok(err))
		return BANK_EXIT_OK;
	return complain(
	    uk_is(err, UK_ERR_AGAIN) ? BANK_EXIT_UNAVAILABLE : BANK_EXIT_CONFIG,
	    o->dir, why);
}

static enum bank_exit bad_name(const char *option)
{
	return complain(BANK_EXIT_DATA, option,
	    "1 to 64 bytes that a screen shows as they are: no < > &, no "
	    "controls, no blanks at the ends or two together");
}

/* --- init ---------------------------------------------------------------- */

static void say(const char *step)
{
	printf("%s\n", step);
	fflush(stdout);
}

static uk_err make_database(const char *dir, const struct bank_config *c)
{
	struct bank_store *store = NULL;
	uk_err err = bank_database_make(dir, c, &store);

	if (uk_is_ok(err))
		err = bank_ca_write_crl(dir, store, time(NULL), CRL_DAYS);
	bank_store_close(&store);
	return err;
}

/* It goes into a URL and into a certificate: letters, digits, dots, hyphens. */
static bool host_ok(const char *host)
{
	return host[0] != '\0' && strlen(host) < 64 &&
	       host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789.-")] == '\0';
}

enum bank_exit bank_cmd_init(const struct bank_options *o)
{
	char path[BANK_PATH_MAX];
	struct bank_config c;
	uk_err err;

	bank_config_defaults(&c);
	if (o->name != NULL && (!bank_customer_name_ok(uk_view_str(o->name)) ||
				   !uk_is_ok(uk_copy_str(c.name, sizeof(c.name),
				       uk_view_str(o->name)))))
		return bad_name("--name");
	if (o->host != NULL &&
	    (!host_ok(o->host) || !uk_is_ok(uk_copy_str(c.host, sizeof(c.host),
				      uk_view_str(o->host)))))
		return complain(BANK_EXIT_DATA, "--host",
		    "at most 63 letters, digits, dots and hyphens, as in "
		    "bank.example");
	if (o->database != NULL &&
	    (!bank_store_is_remote(o->database) ||
		!uk_is_ok(uk_copy_str(
		    c.database, sizeof(c.database), uk_view_str(o->database)))))
		return complain(BANK_EXIT_DATA, "--database",
		    "as in postgresql://user@host/bank or service=bank, "
		    "without a password");
	if (o->port >= 0)
		c.port = o->port;
	if (mkdir(o->dir, 0700) != 0 && errno != EEXIST)
		return complain(BANK_EXIT_IO, o->dir, strerror(errno));
	err = bank_path(o->dir, BANK_FILE_CONFIG, path);
	if (uk_is_ok(err) && access(path, F_OK) == 0)
		err = uk_fail(UK_ERR_EXISTS);
	if (uk_is_ok(err))
		err = bank_ca_init(o->dir, c.name, c.host, say);
	if (uk_is_ok(err)) {
		say("making the database and an empty revocation list");
		err = make_database(o->dir, &c);
	}
	if (uk_is_ok(err))
		err = bank_config_write(path, &c);
	if (uk_is(err, UK_ERR_EXISTS))
		return complain(BANK_EXIT_EXISTS, o->dir,
		    "there are files of a bank already: choose another --dir");
	if (!uk_is_ok(err))
		return failed(err, o->dir);
	printf("%s is ready in %s: start it with `ukey-bankd serve --dir %s`\n",
	    c.name, o->dir, o->dir);
	return BANK_EXIT_OK;
}

/* --- enroll -------------------------------------------------------------- */

static const struct {
	const char *name;
	enum bank_profile profile;
	enum uk_purpose purpose;
} purposes[] = {
	{ "login", BANK_PROFILE_LOGIN, UK_FOR_LOGIN },
	{ "transaction", BANK_PROFILE_TRANSACTION, UK_FOR_TRANSACTION },
};

static int find_purpose(const char *name)
{
	for (int i = 0; i < 2; i++) {
		if (strcmp(purposes[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* Dates from --days, or --not-before and --not-after. */
static uk_err read_dates(
    const struct bank_options *o, int64_t *from, int64_t *to)
{
	*from = time(NULL) - 3600; /* clocks differ */
	if (o->not_before != NULL)
		UK_TRY(bank_parse_time(uk_view_str(o->not_before), from));
	*to = *from + (o->days > 0 ? o->days : CERT_DAYS) * 86400;
	if (o->not_after != NULL)
		UK_TRY(bank_parse_time(uk_view_str(o->not_after), to));
	return *from < *to ? uk_ok() : uk_fail(UK_ERR_ARGUMENT);
}

static uk_err register_cert(struct bank_store *store, const char *customer,
    enum uk_purpose purpose, const struct bank_issued *issued)
{
	uk_crypto *crypto = NULL;
	int64_t id;
	uk_err err = uk_crypto_open(&crypto);

	if (uk_is_ok(err))
		err = bank_begin(store);
	if (uk_is_ok(err))
		err = bank_customer_make(store, uk_view_str(customer), &id);
	if (uk_is_ok(err))
		err = bank_cert_register(store, crypto, id, purpose,
		    uk_view_str(issued->serial), uk_blob_view(&issued->der));
	if (uk_is_ok(err))
		err = bank_commit(store);
	bank_rollback(store); /* does nothing after a commit */
	uk_crypto_close(&crypto);
	return err;
}

static const char *request_problem(uk_err err)
{
	switch (err.code) {
	case UK_ERR_NOT_FOUND:
		return "the request, or the CA's key in --dir, cannot be read";
	case UK_ERR_SIGNATURE:
		return "the request is not signed by its own key: make it anew";
	case UK_ERR_UNSUPPORTED:
		return "this kind of key is not accepted: use P-256, P-384 or "
		       "RSA from 2048 bits";
	case UK_ERR_FORMAT:
		return "not a certificate request in PEM";
	default:
		return uk_err_text(err);
	}
}

enum bank_exit bank_cmd_enroll(const struct bank_options *o)
{
	struct bank_issued issued = { 0 };
	struct bank_store *store = NULL;
	int64_t from, to;
	int purpose = find_purpose(o->purpose);
	enum bank_exit code;
	uk_err err;

	if (purpose < 0)
		return complain(
		    BANK_EXIT_DATA, "--purpose", "login or transaction");
	if (!uk_is_ok(read_dates(o, &from, &to)))
		return complain(BANK_EXIT_DATA, "--not-before, --not-after",
		    "times look like 2026-11-20T12:00:00Z, and the first comes "
		    "first");
	if (!bank_customer_name_ok(uk_view_str(o->customer)))
		return bad_name("--customer");
	code = open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_ca_enroll(o->dir, o->request, o->customer,
	    purposes[purpose].profile, from, to, &issued);
	if (!uk_is_ok(err)) {
		code = complain(exit_of(err), o->request, request_problem(err));
		goto out;
	}
	err = register_cert(
	    store, o->customer, purposes[purpose].purpose, &issued);
	if (!uk_is_ok(err)) {
		code = failed(err, "registering the certificate");
		goto out;
	}
	fwrite(issued.pem.p, 1, issued.pem.n, stdout);
out:
	bank_issued_free(&issued);
	bank_store_close(&store);
	return code;
}

/* --- account ------------------------------------------------------------- */

static enum bank_exit make_account(
    struct bank_store *s, const struct bank_options *o, int64_t deposit)
{
	struct bank_account account;
	int64_t customer, id;
	uk_err err = bank_customer_make(s, uk_view_str(o->customer), &customer);

	if (!uk_is_ok(err))
		return failed(err, "--customer");
	err = bank_account_make(s, customer, uk_view_str(o->account),
	    uk_view_str(o->customer), uk_view_str(o->currency), &id);
	if (uk_is(err, UK_ERR_EXISTS))
		return complain(BANK_EXIT_EXISTS, o->account,
		    "there is an account of this number: choose another");
	if (!uk_is_ok(err))
		return failed(err, "--account");
	if (deposit == 0)
		return BANK_EXIT_OK;
	err = bank_account_find(s, uk_view_str(o->account), &account);
	if (uk_is_ok(err))
		err = bank_ledger_deposit(s, &account, deposit, time(NULL));
	return uk_is_ok(err) ? BANK_EXIT_OK : failed(err, "--deposit");
}

enum bank_exit bank_cmd_account(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	int64_t deposit = 0;
	enum bank_exit code;

	if (bank_currency_decimals(uk_view_str(o->currency)) < 0)
		return complain(BANK_EXIT_DATA, "--currency",
		    "not a currency of this bank (try CNY, EUR, USD)");
	if (!bank_account_number_ok(uk_view_str(o->account)))
		return complain(BANK_EXIT_DATA, "--account",
		    "1 to 34 letters, digits and '-'");
	if (!bank_customer_name_ok(uk_view_str(o->customer)))
		return bad_name("--customer");
	if (o->deposit != NULL &&
	    !uk_is_ok(bank_parse_amount(
		uk_view_str(o->deposit), uk_view_str(o->currency), &deposit)))
		return complain(
		    BANK_EXIT_DATA, "--deposit", "an amount like 1000.00");
	code = open_store(o, &store);
	if (code == BANK_EXIT_OK)
		code = make_account(store, o, deposit);
	bank_store_close(&store);
	if (code == BANK_EXIT_OK)
		printf("account %s of %s in %s\n", o->account, o->customer,
		    o->currency);
	return code;
}

/* --- revocation ---------------------------------------------------------- */

static enum bank_exit write_crl(
    const struct bank_options *o, struct bank_store *store)
{
	uk_err err = bank_ca_write_crl(
	    o->dir, store, time(NULL), o->days > 0 ? o->days : CRL_DAYS);

	return uk_is_ok(err) ? BANK_EXIT_OK : failed(err, BANK_FILE_CRL);
}

enum bank_exit bank_cmd_revoke(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	char serial[48];
	enum bank_exit code;
	uk_err err;

	if ((o->serial == NULL) == (o->cert == NULL))
		return complain(BANK_EXIT_USAGE, "revoke",
		    "give either --serial or --cert");
	err = o->cert != NULL
		  ? bank_ca_serial_of(o->cert, serial, sizeof(serial))
		  : uk_copy_str(serial, sizeof(serial), uk_view_str(o->serial));
	if (!uk_is_ok(err))
		return failed(err, o->cert != NULL ? o->cert : "--serial");
	if (serial[0] == '\0' ||
	    serial[strspn(serial, "0123456789ABCDEF")] != '\0')
		return complain(BANK_EXIT_DATA, "--serial",
		    "upper-case hexadecimal digits");
	code = open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_ca_revoke(store, serial, time(NULL));
	if (uk_is(err, UK_ERR_NOT_FOUND))
		code = complain(BANK_EXIT_NO_INPUT, serial,
		    "this bank has issued no certificate of this number: "
		    "nothing was revoked");
	else
		code = uk_is_ok(err) ? write_crl(o, store)
				     : failed(err, "revoke");
	bank_store_close(&store);
	if (code == BANK_EXIT_OK)
		printf("revoked %s\n", serial);
	return code;
}

enum bank_exit bank_cmd_crl(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	enum bank_exit code = open_store(o, &store);

	if (code == BANK_EXIT_OK)
		code = write_crl(o, store);
	bank_store_close(&store);
	return code;
}

/* --- migrate ------------------------------------------------------------- */

static enum bank_exit migrate(struct bank_store *store, bool check)
{
	size_t made, known;
	uk_err err = bank_store_steps(store, &made, &known);

	if (uk_is_ok(err) && made > known)
		err = uk_fail(UK_ERR_UNSUPPORTED);
	if (uk_is(err, UK_ERR_UNSUPPORTED))
		return complain(BANK_EXIT_CONFIG, "migrate",
		    "the database was made by a later version of this program");
	if (uk_is_ok(err) && made < known && !check)
		err = bank_store_migrate(store);
	if (!uk_is_ok(err))
		return failed(err, "migrate");
	printf("step %zu of %zu%s\n", check ? made : known, known,
	    made == known ? ": nothing to do" : "");
	return check && made < known ? BANK_EXIT_AUDIT : BANK_EXIT_OK;
}

enum bank_exit bank_cmd_migrate(const struct bank_options *o)
{
	char path[BANK_PATH_MAX], why[512] = "";
	struct bank_store *store = NULL;
	struct bank_config c;
	enum bank_exit code;
	uk_err err = bank_path(o->dir, BANK_FILE_CONFIG, path);

	if (uk_is_ok(err))
		err = bank_config_read(path, &c, why, sizeof(why));
	if (uk_is_ok(err))
		err = bank_database_connect(
		    o->dir, &c, &store, why, sizeof(why));
	if (!uk_is_ok(err))
		return complain(BANK_EXIT_CONFIG, o->dir, why);
	code = migrate(store, o->check);
	bank_store_close(&store);
	return code;
}

/* --- the rest ------------------------------------------------------------ */

static enum bank_exit open_bank(const struct bank_options *o, struct bank **out)
{
	char why[512];
	uk_err err = bank_open(o->dir, out, why, sizeof(why));

	if (uk_is_ok(err))
		return BANK_EXIT_OK;
	return complain(BANK_EXIT_CONFIG, "cannot use this bank",
	    why[0] != '\0' ? why : uk_err_text(err));
}

enum bank_exit bank_cmd_public_key(const struct bank_options *o)
{
	uk_blob spki = { NULL, 0 }, text = { NULL, 0 };
	struct bank *b = NULL;
	enum bank_exit code = open_bank(o, &b);
	uk_err err = uk_ok();

	if (code != BANK_EXIT_OK)
		return code;
	err = uk_key_spki(uk_cert_key(b->certificate), &spki);
	if (uk_is_ok(err))
		err = uk_base64_encode(uk_blob_view(&spki), &text);
	if (uk_is_ok(err)) {
		printf("-----BEGIN PUBLIC KEY-----\n");
		for (size_t at = 0; at < text.n; at += 64) /* RFC 7468, 2 */
			printf("%.64s\n",
			    (const char *)uk_bytes_from(uk_blob_view(&text), at)
				.p);
		printf("-----END PUBLIC KEY-----\n");
	} else {
		code = failed(err, BANK_FILE_SIGN_CERT);
	}
	uk_blob_free(&spki);
	uk_blob_free(&text);
	bank_close(&b);
	return code;
}

enum bank_exit bank_cmd_serve(const struct bank_options *o)
{
	char why[512] = "";
	struct bank *b = NULL;
	enum bank_exit code;
	uk_err err;

	uk_log_to(stderr, UK_LOG_INFO);
	/* JSON holds session tokens. */
	json_set_alloc_funcs(malloc, uk_wipe_free);
	code = open_bank(o, &b);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_https_run(b,
	    (unsigned)(o->port >= 0 ? o->port : b->config.port),
	    (int)o->ready_fd, why, sizeof(why));
	if (!uk_is_ok(err))
		code = complain(uk_is(err, UK_ERR_IO) ? BANK_EXIT_UNAVAILABLE
						      : BANK_EXIT_CONFIG,
		    "cannot serve", why);
	bank_close(&b);
	return code;
}

enum bank_exit bank_cmd_audit(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	struct bank_audit a;
	enum bank_exit code = open_store(o, &store);
	uk_err err;

	if (code != BANK_EXIT_OK)
		return code;
	err = bank_ledger_audit(store, &a);
	bank_store_close(&store);
	if (!uk_is_ok(err))
		return failed(err, "audit");
	printf("journal rows %" PRId64 ", entries %" PRId64
	       ", orders posted %" PRId64 "\n",
	    a.journal_rows, a.entries, a.orders_posted);
	if (bank_audit_good(&a)) {
		printf("the books balance\n");
		return BANK_EXIT_OK;
	}
	printf("THE BOOKS ARE WRONG: unbalanced rows %" PRId64
	       ", accounts unlike their entries %" PRId64
	       ", currencies not adding up to zero %" PRId64
	       ", orders not posted once %" PRId64 "\n",
	    a.unbalanced_rows, a.wrong_balances, a.uneven_currencies,
	    a.unposted_orders);
	return BANK_EXIT_AUDIT;
}
