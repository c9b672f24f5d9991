/* A running bank and its customers. */
#include "bank_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "proto.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

uk_crypto *fx_crypto;

static char folder[64], origin[64];
static bool own_origin, many_connections;
static struct {
	pid_t pid;
	unsigned port;
} servers[FX_SERVERS];
static int exit_status;

const char *fx_file(const char *name)
{
	static _Thread_local char ring[8][128];
	static _Thread_local unsigned at;

	at = (at + 1) % 8;
	snprintf(ring[at], sizeof(ring[at]), "%s/%s", folder, name);
	return ring[at];
}

const char *fx_dir(void)
{
	static char dir[80];

	snprintf(dir, sizeof(dir), "%s/bank", folder);
	return dir;
}

const char *fx_origin(void)
{
	return origin;
}

unsigned fx_port(void)
{
	return servers[0].port;
}

void fx_origin_is(const char *text)
{
	snprintf(origin, sizeof(origin), "%s", text);
	own_origin = true;
}

void fx_many_connections(bool yes)
{
	many_connections = yes;
}

/* --- programs ------------------------------------------------------------ */

static int run(const char *const *argv, const char *out)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status = -1;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(
	    &files, 1, out, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (posix_spawnp(&pid, argv[0], &files, NULL, (char **)(uintptr_t)argv,
		environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&files);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int fx_bankd(const char *const *args)
{
	const char *argv[16] = { UKEY_BANKD };

	for (size_t i = 0; args[i] != NULL && i < 14; i++)
		argv[i + 1] = args[i];
	return run(argv, fx_file("commands.log"));
}

void fx_setting(const char *name, json_t *value)
{
	json_t *all = json_load_file(fx_file("bank/bankd.json"), 0, NULL);

	assert_int_equal(json_object_set_new(all, name, value), 0);
	assert_int_equal(
	    json_dump_file(all, fx_file("bank/bankd.json"), JSON_INDENT(1)), 0);
	json_decref(all);
}

static unsigned read_port(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char text[16] = "";

	if (poll(&p, 1, 20000) != 1 || read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	return (unsigned)strtoul(text, NULL, 10);
}

void fx_start_nth(int nth)
{
	posix_spawn_file_actions_t files;
	char number[16], dir[128];
	unsigned got;
	int ready[2];
	const char *argv[] = { UKEY_BANKD, "serve", "--dir", dir, "--port",
		number, "--ready-fd", "3", NULL };

	snprintf(dir, sizeof(dir), "%s/bank", folder);
	snprintf(number, sizeof(number), "%u", servers[nth].port);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, fx_file("server.log"),
	    O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&files, ready[1], 3);
	assert_int_equal(posix_spawn(&servers[nth].pid, argv[0], &files, NULL,
			     (char **)(uintptr_t)argv, environ),
	    0);
	posix_spawn_file_actions_destroy(&files);
	close(ready[1]);
	got = read_port(ready[0]);
	close(ready[0]);
	assert_int_not_equal(got, 0);
	if (got == servers[nth].port)
		return; /* started again: other threads may be reading these */
	servers[nth].port = got;
	if (!own_origin)
		snprintf(origin, sizeof(origin), "https://localhost:%u", got);
}

void fx_start(void)
{
	fx_start_nth(0);
}

void fx_signal(int sig)
{
	if (servers[0].pid != 0)
		kill(servers[0].pid, sig);
}

void fx_kill_nth(int nth, int sig)
{
	int status = 0;

	if (servers[nth].pid == 0)
		return;
	kill(servers[nth].pid, sig);
	waitpid(servers[nth].pid, &status, 0);
	exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	servers[nth].pid = 0;
}

void fx_kill(int sig)
{
	fx_kill_nth(0, sig);
}

int fx_exit_status(void)
{
	return exit_status;
}

/* What make-bank does not know of. */
static int settle_config(void)
{
	char add[160];
	const char *argv[] = { "sed", "-i", add, fx_file("bank/bankd.json"),
		NULL };

	snprintf(add, sizeof(add), "s#^{#{ \"origin\": \"%s\",#%s", origin,
	    many_connections ? ";s#\\(maxConnections.*\\) 10#\\1 256#" : "");
	return own_origin ? run(argv, "/dev/null") : 0;
}

int fx_make(void **state)
{
	char where[2][160] = { "", "" };
	const char *argv[] = { "sh", MAKE_BANK, UKEY_BANKD, folder, where[0],
		where[1], NULL };

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	snprintf(folder, sizeof(folder), "/tmp/ukey-bank-XXXXXX");
	if (db_open(state) != 0)
		return -1;
	for (int i = 0; i < 2 && db_is_postgresql(); i++)
		snprintf(where[i], sizeof(where[i]), "%s", db_fresh());
	if (mkdtemp(folder) == NULL || run(argv, "/dev/null") != 0 ||
	    settle_config() != 0 || !uk_is_ok(uk_crypto_open(&fx_crypto)))
		return -1;
	return 0;
}

int fx_open(void **state)
{
	if (fx_make(state) != 0)
		return -1;
	fx_start();
	return 0;
}

/* What a server built with sanitizers said, also when it ended. */
static bool log_is_clean(void)
{
	const char *argv[] = { "grep", "-E", "-A12",
		"(Address|Leak|Thread)Sanitizer|runtime error:",
		fx_file("server.log"), NULL };
	int found = run(argv, "/dev/stderr");

	return found == 1 || access(fx_file("server.log"), F_OK) != 0;
}

int fx_close(void **state)
{
	const char *argv[] = { "rm", "-rf", folder, NULL };
	bool clean;

	for (int i = 0; i < FX_SERVERS; i++)
		fx_kill_nth(i, SIGTERM);
	clean = log_is_clean();
	uk_crypto_close(&fx_crypto);
	curl_global_cleanup();
	if (db_close(state) != 0 || run(argv, "/dev/null") != 0)
		return -1;
	return clean ? 0 : -1;
}

/* --- HTTP ---------------------------------------------------------------- */

void fx_link_open(struct fx_link *l)
{
	*l = (struct fx_link){ .curl = curl_easy_init() };
	assert_non_null(l->curl);
}

void fx_link_to(struct fx_link *l, int server)
{
	l->server = server;
}

void fx_link_close(struct fx_link *l)
{
	curl_easy_cleanup(l->curl);
	l->curl = NULL;
}

struct received {
	char text[128 * 1024];
	size_t n;
};

static size_t on_data(char *p, size_t size, size_t n, void *arg)
{
	struct received *r = arg;
	uk_buf b = uk_buf_over(r->text, sizeof(r->text));

	b.len = r->n;
	uk_put(&b, uk_view(p, size * n));
	r->n = b.len;
	return b.bad ? 0 : size * n;
}

static struct curl_slist *headers_of(const struct fx_link *l)
{
	struct curl_slist *h = curl_slist_append(
	    NULL, "Content-Type: application/json");
	char text[128];

	h = curl_slist_append(h, "Expect:");
	snprintf(text, sizeof(text), "Authorization: Bearer %s", l->session);
	return l->session[0] == '\0' ? h : curl_slist_append(h, text);
}

json_t *fx_call_raw(
    struct fx_link *l, const char *path, const char *text, size_t n)
{
	struct received *r = calloc(1, sizeof(*r));
	struct curl_slist *headers = headers_of(l);
	char url[256];
	json_t *answer = NULL;

	assert_non_null(r);
	if (l->base != NULL)
		snprintf(url, sizeof(url), "%s%s", l->base, path);
	else
		snprintf(url, sizeof(url), "https://localhost:%u%s",
		    servers[l->server].port, path);
	curl_easy_reset(l->curl);
	curl_easy_setopt(l->curl, CURLOPT_URL, url);
	curl_easy_setopt(l->curl, CURLOPT_CAINFO, fx_file("bank/ca.pem"));
	curl_easy_setopt(l->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(l->curl, CURLOPT_TIMEOUT, 20L);
	curl_easy_setopt(l->curl, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
	curl_easy_setopt(l->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(l->curl, CURLOPT_WRITEDATA, r);
	if (text != NULL) {
		curl_easy_setopt(l->curl, CURLOPT_POSTFIELDSIZE, (long)n);
		curl_easy_setopt(l->curl, CURLOPT_POSTFIELDS, text);
	}
	if (l->options != NULL)
		l->options(l->curl, l->arg);
	l->status = 0;
	if (curl_easy_perform(l->curl) == CURLE_OK) {
		curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &l->status);
		answer = json_loadb(
		    r->text, r->n, JSON_REJECT_DUPLICATES, NULL);
	}
	curl_slist_free_all(headers);
	free(r);
	return answer;
}

json_t *fx_call(struct fx_link *l, const char *path, json_t *body)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	json_t *answer = fx_call_raw(
	    l, path, text, text == NULL ? 0 : strlen(text));

	free(text);
	json_decref(body);
	return answer;
}

const char *fx_code(json_t *answer)
{
	static _Thread_local char ring[4][64];
	static _Thread_local unsigned at;
	const char *code = json_string_value(
	    json_object_get(json_object_get(answer, "error"), "code"));

	at = (at + 1) % 4;
	snprintf(ring[at], sizeof(ring[at]), "%s",
	    answer == NULL ? "no answer"
	    : code == NULL ? "ok"
			   : code);
	json_decref(answer);
	return ring[at];
}

uk_blob fx_b64(const json_t *answer, const char *name)
{
	const char *text = json_string_value(json_object_get(answer, name));
	uk_blob b = { NULL, 0 };

	assert_non_null(text);
	expect_ok(uk_base64_decode(uk_view_str(text), &b));
	return b;
}

json_t *fx_to_b64(uk_bytes v)
{
	uk_blob text = { NULL, 0 };
	json_t *j;

	expect_ok(uk_base64_encode(v, &text));
	j = json_string((const char *)text.p);
	uk_blob_free(&text);
	return j;
}

/* --- customers ----------------------------------------------------------- */

json_t *fx_cert(const char *name)
{
	char path[160];
	uk_cert *cert = NULL;
	json_t *j;

	snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
	expect_ok(uk_cert_from_pem_file(fx_crypto, path, &cert));
	j = fx_to_b64(uk_cert_der(cert));
	uk_cert_close(&cert);
	return j;
}

json_t *fx_sig(const char *name, uk_bytes message, const char **alg_name)
{
	uint8_t storage[512];
	uk_buf sig = UK_BUF(storage);
	const struct bank_alg *alg;
	char path[160];
	uk_key *key = NULL;

	snprintf(path, sizeof(path), "%s/%s.key", folder, name);
	expect_ok(uk_key_from_pem_file(fx_crypto, path, &key));
	alg = bank_alg_for_key(uk_key_kind(key));
	assert_non_null(alg);
	*alg_name = alg->name;
	expect_ok(uk_key_sign(key, alg->scheme, alg->hash, message, &sig));
	uk_key_close(&key);
	return fx_to_b64(uk_buf_view(&sig));
}

json_t *fx_challenge(struct fx_link *l)
{
	uint8_t random[32];

	expect_ok(uk_random(fx_crypto, random, sizeof(random)));
	return fx_call(l, "/v1/login/challenge",
	    json_pack("{s:o}", "clientNonce", fx_to_b64(UK_ARRAY(random))));
}

json_t *fx_token_login(struct fx_link *l, const char *name,
    const char *for_origin, const char *nonce)
{
	uint8_t storage[2 * UK_HASH_MAX];
	uk_buf message = UK_BUF(storage);
	const char *alg;
	json_t *sig;

	/* all algorithms in these tests use SHA-256 */
	expect_ok(uk_hash_one(fx_crypto, UK_HASH_SHA256,
	    uk_view_str(for_origin == NULL ? origin : for_origin), &message));
	expect_ok(uk_hash_one(
	    fx_crypto, UK_HASH_SHA256, uk_view_str(nonce), &message));
	sig = fx_sig(name, uk_buf_view(&message), &alg);
	return fx_call(l, "/v1/login",
	    json_pack("{s:s,s:{s:o,s:s,s:o,s:s,s:s}}", "nonce", nonce,
		"authToken", "unverifiedCertificate", fx_cert(name),
		"algorithm", alg, "signature", sig, "format", "web-eid:1.0",
		"appVersion", "test/1"));
}

json_t *fx_login_as(
    struct fx_link *l, const char *name, const char *for_origin, char *nonce)
{
	json_t *challenge = fx_challenge(l);
	const char *text = json_string_value(
	    json_object_get(challenge, "nonce"));
	json_t *answer = NULL;
	const char *session;

	if (text != NULL) {
		if (nonce != NULL)
			snprintf(nonce, 129, "%s", text);
		answer = fx_token_login(l, name, for_origin, text);
	}
	session = json_string_value(json_object_get(answer, "session"));
	if (session != NULL)
		snprintf(l->session, sizeof(l->session), "%s", session);
	json_decref(challenge);
	return answer;
}

json_t *fx_order(
    const char *number, const char *from, const char *to, int64_t amount)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:s}", "orderNumber", number,
	    "from", from, "to", to, "toName", "Bob", "amount",
	    (json_int_t)amount, "currency", "CNY", "memo", "rent");
}

json_t *fx_confirm(
    struct fx_link *l, const char *number, uk_bytes text, const char *name)
{
	char path[160];
	const char *alg;
	json_t *sig = fx_sig(name, text, &alg);

	snprintf(path, sizeof(path), "/v1/orders/%s/confirm", number);
	return fx_call(l, path,
	    json_pack("{s:o,s:s,s:o,s:o}", "text", fx_to_b64(text), "algorithm",
		alg, "signature", sig, "certificate", fx_cert(name)));
}

int64_t fx_balance(struct fx_link *l, const char *account)
{
	json_t *answer = fx_call(l, "/v1/accounts", NULL);
	json_t *list = json_object_get(answer, "accounts"), *a;
	int64_t balance = -1;
	size_t i;

	json_array_foreach(list, i, a)
	{
		if (strcmp(json_string_value(json_object_get(a, "account")),
			account) == 0)
			balance = json_integer_value(
			    json_object_get(a, "balance"));
	}
	json_decref(answer);
	return balance;
}
