/* The subcommands, each from options to exit code. */
#include "cmd_parts.h"

#include "bank.h"
#include "ca.h"
#include "customers.h"
#include "database.h"
#include "files.h"
#include "https.h"
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

static bool find_ca_kind(const char *algorithm, bool *sm2)
{
	*sm2 = algorithm != NULL && strcmp(algorithm, "sm2") == 0;
	return *sm2 || algorithm == NULL || strcmp(algorithm, "p256") == 0;
}

enum bank_exit bank_cmd_init(const struct bank_options *o)
{
	char path[BANK_PATH_MAX];
	struct bank_config c;
	bool sm2;
	uk_err err;

	bank_config_defaults(&c);
	if (o->name != NULL && (!bank_customer_name_ok(uk_view_str(o->name)) ||
				   !uk_is_ok(uk_copy_str(c.name, sizeof(c.name),
				       uk_view_str(o->name)))))
		return bank_bad_name("--name");
	if (o->host != NULL &&
	    (!host_ok(o->host) || !uk_is_ok(uk_copy_str(c.host, sizeof(c.host),
				      uk_view_str(o->host)))))
		return bank_complain(BANK_EXIT_DATA, "--host",
		    "at most 63 letters, digits, dots and hyphens, as in "
		    "bank.example");
	if (o->database != NULL &&
	    (!bank_store_is_remote(o->database) ||
		!uk_is_ok(uk_copy_str(
		    c.database, sizeof(c.database), uk_view_str(o->database)))))
		return bank_complain(BANK_EXIT_DATA, "--database",
		    "as in postgresql://user@host/bank or service=bank, "
		    "without a password");
	if (!find_ca_kind(o->algorithm, &sm2))
		return bank_complain(
		    BANK_EXIT_DATA, "--algorithm", "p256 or sm2");
	if (o->port >= 0)
		c.port = o->port;
	if (mkdir(o->dir, 0700) != 0 && errno != EEXIST)
		return bank_complain(BANK_EXIT_IO, o->dir, strerror(errno));
	err = bank_path(o->dir, BANK_FILE_CONFIG, path);
	if (uk_is_ok(err) && access(path, F_OK) == 0)
		err = uk_fail(UK_ERR_EXISTS);
	if (uk_is_ok(err))
		err = bank_ca_init(o->dir, c.name, c.host, sm2, say);
	if (uk_is_ok(err)) {
		say("making the database and an empty revocation list");
		err = make_database(o->dir, &c);
	}
	if (uk_is_ok(err))
		err = bank_config_write(path, &c);
	if (uk_is(err, UK_ERR_EXISTS))
		return bank_complain(BANK_EXIT_EXISTS, o->dir,
		    "there are files of a bank already: choose another --dir");
	if (!uk_is_ok(err))
		return bank_failed(err, o->dir);
	printf("%s is ready in %s: start it with `ukey-bankd serve --dir %s`\n",
	    c.name, o->dir, o->dir);
	if (sm2)
		printf("customers trust two CAs: `cat %s/%s %s/%s`\n", o->dir,
		    BANK_FILE_CA_CERT, o->dir, BANK_FILE_TLS_CA_CERT);
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
	uk_blob request = { NULL, 0 };
	int64_t from, to;
	int purpose = find_purpose(o->purpose);
	enum bank_exit code;
	uk_err err;

	if (purpose < 0)
		return bank_complain(
		    BANK_EXIT_DATA, "--purpose", "login or transaction");
	if (!uk_is_ok(read_dates(o, &from, &to)))
		return bank_complain(BANK_EXIT_DATA,
		    "--not-before, --not-after",
		    "times look like 2026-11-20T12:00:00Z, and the first comes "
		    "first");
	if (!bank_customer_name_ok(uk_view_str(o->customer)))
		return bank_bad_name("--customer");
	code = bank_open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_file_read(o->request, BANK_REQUEST_MAX, &request);
	if (uk_is_ok(err))
		err = bank_ca_enroll(o->dir, uk_blob_view(&request),
		    o->customer, purposes[purpose].profile, from, to, &issued);
	if (!uk_is_ok(err)) {
		code = bank_complain(
		    bank_exit_of(err), o->request, request_problem(err));
		goto out;
	}
	err = register_cert(
	    store, o->customer, purposes[purpose].purpose, &issued);
	if (!uk_is_ok(err)) {
		code = bank_failed(err, "registering the certificate");
		goto out;
	}
	fwrite(issued.pem.p, 1, issued.pem.n, stdout);
out:
	uk_blob_free(&request);
	bank_issued_free(&issued);
	bank_store_close(&store);
	return code;
}

/* --- certificates of other CAs, and all of a customer's ------------------- */

static uk_err read_cert(const char *path, struct bank_issued *out)
{
	uk_crypto *crypto = NULL;
	uk_cert *cert = NULL;
	uk_err err = uk_crypto_open(&crypto);

	if (uk_is_ok(err))
		err = uk_cert_from_pem_file(crypto, path, &cert);
	if (uk_is_ok(err))
		err = uk_blob_set(&out->der, uk_cert_der(cert));
	if (uk_is_ok(err))
		err = bank_ca_serial_of(path, out->serial, sizeof(out->serial));
	uk_cert_close(&cert);
	uk_crypto_close(&crypto);
	return err;
}

enum bank_exit bank_cmd_register(const struct bank_options *o)
{
	struct bank_issued cert = { .serial = "" };
	struct bank_store *store = NULL;
	int purpose = find_purpose(o->purpose);
	enum bank_exit code;
	uk_err err;

	if (purpose < 0)
		return bank_complain(
		    BANK_EXIT_DATA, "--purpose", "login or transaction");
	if (!bank_customer_name_ok(uk_view_str(o->customer)))
		return bank_bad_name("--customer");
	err = read_cert(o->cert, &cert);
	code = uk_is_ok(err) ? bank_open_store(o, &store)
			     : bank_failed(err, o->cert);
	if (code == BANK_EXIT_OK) {
		err = register_cert(
		    store, o->customer, purposes[purpose].purpose, &cert);
		if (!uk_is_ok(err))
			code = bank_failed(err, o->cert);
		else
			printf("registered %s\n", cert.serial);
	}
	bank_issued_free(&cert);
	bank_store_close(&store);
	return code;
}

static void print_cert(
    void *arg, uk_bytes serial, uk_bytes purpose, bool revoked)
{
	(void)arg;
	printf("%.*s %.*s%s\n", (int)serial.n, (const char *)serial.p,
	    (int)purpose.n, (const char *)purpose.p, revoked ? " revoked" : "");
}

enum bank_exit bank_cmd_certificates(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	enum bank_exit code = bank_open_store(o, &store);
	int64_t customer;
	uk_err err;

	if (code != BANK_EXIT_OK)
		return code;
	err = bank_customer_find(store, uk_view_str(o->customer), &customer);
	if (uk_is_ok(err))
		err = bank_certs_each(store, customer, print_cert, NULL);
	bank_store_close(&store);
	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, o->customer);
}

/* --- revocation ---------------------------------------------------------- */

static enum bank_exit write_crl(
    const struct bank_options *o, struct bank_store *store)
{
	uk_err err = bank_ca_write_crl(
	    o->dir, store, time(NULL), o->days > 0 ? o->days : CRL_DAYS);

	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, BANK_FILE_CRL);
}

enum bank_exit bank_cmd_revoke(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	char serial[48];
	enum bank_exit code;
	uk_err err;

	if ((o->serial == NULL) == (o->cert == NULL))
		return bank_complain(BANK_EXIT_USAGE, "revoke",
		    "give either --serial or --cert");
	err = o->cert != NULL
		  ? bank_ca_serial_of(o->cert, serial, sizeof(serial))
		  : uk_copy_str(serial, sizeof(serial), uk_view_str(o->serial));
	if (!uk_is_ok(err))
		return bank_failed(err, o->cert != NULL ? o->cert : "--serial");
	if (serial[0] == '\0' ||
	    serial[strspn(serial, "0123456789ABCDEF")] != '\0')
		return bank_complain(BANK_EXIT_DATA, "--serial",
		    "upper-case hexadecimal digits");
	code = bank_open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_ca_revoke(store, serial, time(NULL));
	if (uk_is(err, UK_ERR_NOT_FOUND))
		code = bank_complain(BANK_EXIT_NO_INPUT, serial,
		    "this bank has issued no certificate of this number: "
		    "nothing was revoked");
	else
		code = uk_is_ok(err) ? write_crl(o, store)
				     : bank_failed(err, "revoke");
	bank_store_close(&store);
	if (code == BANK_EXIT_OK)
		printf("revoked %s\n", serial);
	return code;
}

enum bank_exit bank_cmd_crl(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	enum bank_exit code = bank_open_store(o, &store);

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
		return bank_complain(BANK_EXIT_CONFIG, "migrate",
		    "the database was made by a later version of this program");
	if (uk_is_ok(err) && made < known && !check)
		err = bank_store_migrate(store);
	if (!uk_is_ok(err))
		return bank_failed(err, "migrate");
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
		return bank_complain(BANK_EXIT_CONFIG, o->dir, why);
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
	return bank_complain(BANK_EXIT_CONFIG, "cannot use this bank",
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
		code = bank_failed(err, BANK_FILE_SIGN_CERT);
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

	setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a line is one write */
	uk_log_to(stderr, UK_LOG_INFO);
	if (o->log_format != NULL && strcmp(o->log_format, "json") == 0)
		uk_log_format(UK_LOG_JSON);
	else if (o->log_format != NULL && strcmp(o->log_format, "plain") != 0)
		return bank_complain(
		    BANK_EXIT_USAGE, "--log-format", "plain or json");
	/* JSON holds session tokens. */
	json_set_alloc_funcs(malloc, uk_wipe_free);
	code = open_bank(o, &b);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_https_run(b,
	    (unsigned)(o->port >= 0 ? o->port : b->config.port),
	    (int)o->ready_fd, why, sizeof(why));
	if (!uk_is_ok(err))
		code = bank_complain(
		    uk_is(err, UK_ERR_IO)         ? BANK_EXIT_UNAVAILABLE
		    : uk_is(err, UK_ERR_ARGUMENT) ? BANK_EXIT_USAGE
						  : BANK_EXIT_CONFIG,
		    "cannot serve", why);
	bank_close(&b);
	return code;
}
