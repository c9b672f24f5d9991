/* The bank under measurement and its customers. */
#include "town.h"

#include "ca.h"
#include "customers.h"
#include "files.h"
#include "ledger.h"
#include "raw.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum {
	YEAR = 365 * 86400,
	MONEY = 1000000000,
	GROW_TOGETHER = 10000,
	MOVE_TOGETHER = 500
};

static void need(uk_err err, const char *what)
{
	if (uk_is_ok(err))
		return;
	fprintf(stderr, "bench: %s: %s\n", what, uk_err_text(err));
	exit(1);
}

static void run(const char *const *argv)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status = -1;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &files, NULL, (char **)(uintptr_t)argv,
		environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&files);
	if (status != 0) {
		fprintf(stderr, "bench: %s %s failed\n", argv[0], argv[1]);
		exit(1);
	}
}

const char *town_file(const struct town *t, const char *name)
{
	static char ring[4][2 * TOWN_PATH];
	static unsigned at;

	at = (at + 1) % 4;
	snprintf(ring[at], sizeof(ring[at]), "%s/%s", t->folder, name);
	return ring[at];
}

/* --- residents ----------------------------------------------------------- */

/* KEY.pem and KEY.csr of a new card. */
static void make_key(struct town *t, struct resident *r)
{
	EVP_PKEY *key = raw_key(t->kind);
	X509_REQ *request = X509_REQ_new();
	FILE *pem = fopen(town_file(t, "card.key"), "we");
	FILE *csr = fopen(town_file(t, "card.csr"), "we");
	bool sm2 = strcmp(t->kind, "SM2") == 0;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;

	if (key == NULL || request == NULL || pem == NULL || csr == NULL ||
	    md == NULL || X509_REQ_set_pubkey(request, key) != 1 ||
	    EVP_DigestSignInit(
		md, &pctx, sm2 ? EVP_sm3() : EVP_sha256(), NULL, key) != 1 ||
	    (sm2 && EVP_PKEY_CTX_set1_id(pctx, "1234567812345678", 16) != 1) ||
	    X509_REQ_sign_ctx(request, md) <= 0 ||
	    PEM_write_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) !=
		1 ||
	    PEM_write_X509_REQ(csr, request) != 1)
		abort();
	fclose(pem);
	fclose(csr);
	EVP_MD_CTX_free(md);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	need(uk_key_from_pem_file(t->crypto, town_file(t, "card.key"), &r->key),
	    "the card's key");
}

static uk_err enroll(struct town *t, struct bank_store *s, const char *name,
    int64_t customer, enum uk_purpose purpose, uk_blob *text)
{
	struct bank_issued issued = { 0 };
	int64_t now = time(NULL);
	uk_blob request;
	uk_err err = bank_file_read(
	    town_file(t, "card.csr"), BANK_REQUEST_MAX, &request);

	if (uk_is_ok(err))
		err = bank_ca_enroll(t->dir, uk_blob_view(&request), name,
		    purpose == UK_FOR_LOGIN ? BANK_PROFILE_LOGIN
					    : BANK_PROFILE_TRANSACTION,
		    now - 3600, now + YEAR, &issued);
	uk_blob_free(&request);
	if (uk_is_ok(err))
		err = bank_cert_register(s, t->crypto, customer, purpose,
		    uk_view_str(issued.serial), uk_blob_view(&issued.der));
	if (uk_is_ok(err))
		err = uk_base64_encode(uk_blob_view(&issued.der), text);
	bank_issued_free(&issued);
	return err;
}

static void open_account(
    struct resident *r, struct bank_store *s, int64_t customer)
{
	struct bank_account account;
	int64_t id;

	need(bank_account_make(s, customer, uk_view_str(r->account),
		 uk_view_str("Giro"), uk_view_str("CNY"), &id),
	    "an account");
	need(bank_account_find(s, uk_view_str(r->account), &account),
	    "an account");
	need(bank_begin(s), "a deposit");
	need(bank_ledger_deposit(s, &account, MONEY, time(NULL)), "a deposit");
	need(bank_commit(s), "a deposit");
}

static bool move_in(struct town *t, struct bank_store *s, size_t i)
{
	struct resident *r = &t->residents[i];
	char name[32];
	int64_t customer;
	uk_err err;

	snprintf(name, sizeof(name), "Resident %zu", i);
	snprintf(r->account, sizeof(r->account), "R-%zu", i);
	make_key(t, r);
	t->alg = bank_alg_for_key(uk_key_kind(r->key));
	if (t->alg == NULL)
		return false;
	need(bank_customer_make(s, uk_view_str(name), &customer), "a customer");
	r->customer = customer;
	err = enroll(t, s, name, customer, UK_FOR_LOGIN, &r->login);
	if (uk_is(err, UK_ERR_UNSUPPORTED))
		return false;
	need(err, "a certificate");
	need(enroll(t, s, name, customer, UK_FOR_TRANSACTION, &r->signing),
	    "a certificate");
	open_account(r, s, customer);
	return true;
}

/* --- the town ------------------------------------------------------------ */

struct bank_store *town_books(const struct town *t)
{
	struct bank_store *s = NULL;
	char path[BANK_PATH_MAX];

	if (t->config.database[0] != '\0')
		need(uk_copy_str(
			 path, sizeof(path), uk_view_str(t->config.database)),
		    "the database");
	else
		need(bank_path(t->dir, BANK_FILE_DATABASE, path), "the path");
	need(bank_store_open(path, &s), "the database");
	return s;
}

/* Before it has a database: init makes that, too. */
static void set_up(struct town *t, const char *database)
{
	bank_config_defaults(&t->config);
	t->config.max_connections = 1000;
	t->config.max_challenges = 100000;
	t->config.max_sessions = 100000;
	snprintf(t->config.front_socket, sizeof(t->config.front_socket),
	    "%s/front", t->folder);
	if (database != NULL)
		need(uk_copy_str(t->config.database, sizeof(t->config.database),
			 uk_view_str(database)),
		    "the database");
}

static bool all_move_in(struct town *t)
{
	struct bank_store *s = town_books(t);
	bool good = true;

	bank_store_collect(s); /* many residents share a commit */
	for (size_t i = 0; i < t->count && good; i++) {
		good = move_in(t, s, i);
		if (i % MOVE_TOGETHER == 0)
			need(bank_flush(s), "moving in");
	}
	need(bank_flush(s), "moving in");
	bank_store_close(&s);
	return good;
}

bool town_make(
    struct town *t, const char *bankd, const char *kind, size_t residents)
{
	return town_make_at(t, bankd, kind, residents, NULL);
}

bool town_make_at(struct town *t, const char *bankd, const char *kind,
    size_t residents, const char *database)
{
	const char *argv[] = { bankd, "init", "--dir", t->dir,
		database == NULL ? NULL : "--database", database, NULL };

	*t = (struct town){ .kind = kind, .count = residents };
	snprintf(t->folder, sizeof(t->folder), "/tmp/ukey-bench-XXXXXX");
	if (mkdtemp(t->folder) == NULL)
		abort();
	snprintf(
	    t->dir, sizeof(t->dir), "%.*s/bank", TOWN_PATH - 16, t->folder);
	run(argv);
	need(uk_crypto_open(&t->crypto), "libcrypto");
	t->residents = uk_new_array(residents, sizeof(*t->residents));
	if (t->residents == NULL)
		abort();
	set_up(t, database);
	return all_move_in(t);
}

static size_t accounts_in(struct bank_store *s)
{
	bank_query q = bank_query_of(s, "SELECT count(*) FROM accounts");
	int64_t n = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;

	need(bank_query_end(&q), "counting accounts");
	return (size_t)n;
}

void town_grow(struct town *t, size_t accounts)
{
	struct bank_store *s = town_books(t);
	char text[32];
	int64_t id;

	need(bank_begin(s), "growing");
	for (size_t i = accounts_in(s); i < accounts; i++) {
		snprintf(text, sizeof(text), "X-%zu", i);
		need(bank_customer_make(s, uk_view_str(text), &id), "growing");
		need(bank_account_make(s, id, uk_view_str(text),
			 uk_view_str("Giro"), uk_view_str("CNY"), &id),
		    "growing");
		if (i % GROW_TOGETHER != 0)
			continue;
		need(bank_commit(s), "growing");
		need(bank_begin(s), "growing");
	}
	need(bank_commit(s), "growing");
	bank_store_close(&s);
}

void town_configure(struct town *t)
{
	char path[BANK_PATH_MAX];

	need(bank_path(t->dir, BANK_FILE_CONFIG, path), "the path");
	unlink(path);
	need(bank_config_write(path, &t->config), "the settings");
}

void town_clear(struct town *t)
{
	const char *argv[] = { "rm", "-rf", t->folder, NULL };

	for (size_t i = 0; i < t->count; i++) {
		uk_key_close(&t->residents[i].key);
		uk_blob_free(&t->residents[i].login);
		uk_blob_free(&t->residents[i].signing);
	}
	uk_free(t->residents);
	uk_crypto_close(&t->crypto);
	run(argv);
}

void town_sign(const struct town *t, const struct resident *r, uk_bytes message,
    uk_blob *out)
{
	uint8_t storage[512];
	uk_buf sig = UK_BUF(storage);

	need(uk_key_sign(r->key, t->alg->scheme, t->alg->hash, message, &sig),
	    "signing");
	need(uk_base64_encode(uk_buf_view(&sig), out), "signing");
}

static void set_list(char list[BANK_CONFIG_LIST], const char *a, const char *b)
{
	int n = snprintf(list, BANK_CONFIG_LIST, "%s%s%s%s", a, "\n",
	    b == NULL ? "" : b, b == NULL ? "" : "\n");

	if (n < 0 || n >= BANK_CONFIG_LIST)
		abort();
}

void town_card_ca(struct town *t)
{
	const char *argv[] = { MAKE_CHAIN, t->folder, NULL };
	const struct resident *r = &t->residents[t->count - 1];
	struct bank_store *s = town_books(t);
	uk_blob der = { NULL, 0 };

	run(argv);
	need(bank_file_read(town_file(t, "leaf.der"), BANK_REQUEST_MAX, &der),
	    "the certificate");
	need(bank_cert_register(s, t->crypto, r->customer, UK_FOR_LOGIN,
		 uk_view_str("BE4C"), uk_blob_view(&der)),
	    "a certificate");
	uk_blob_free(&der);
	bank_store_close(&s);
	set_list(t->config.login_cas, town_file(t, "root.pem"), NULL);
	set_list(t->config.crls, town_file(t, "root.crl"),
	    town_file(t, "cards.crl"));
}
