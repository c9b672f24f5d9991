/*
 * Logins bound to their connection: every policy, every kind of token, the
 * right binding and wrong ones. The values are computed here with OpenSSL, from
 * the clauses: the exporter of RFC 9266, 4.1, and the certificate's hash of RFC
 * 5929, 4.1.
 */
#include "bank_fixture.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXPORTER = 32 };

static const char *const policies[] = { "off", "end-point", "exporter" };

enum { POLICIES = sizeof(policies) / sizeof(policies[0]) };

/* --- connections --------------------------------------------------------- */

struct line {
	struct fx_link link;
	uint8_t exporter[EXPORTER];
};

static int on_connected(void *arg, char *to, char *from, int to_port, int port)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	struct curl_tlssessioninfo *info = NULL;
	struct line *l = arg;

	(void)to, (void)from, (void)to_port, (void)port;
	assert_int_equal(
	    curl_easy_getinfo(l->link.curl, CURLINFO_TLS_SSL_PTR, &info),
	    CURLE_OK);
	/* RFC 9266, 4.1: this label, no context, 32 bytes */
	assert_int_equal(
	    SSL_export_keying_material(info->internals, l->exporter, EXPORTER,
		label, sizeof(label) - 1, (const unsigned char *)"", 0, 1),
	    1);
	return CURL_PREREQFUNC_OK;
}

static void look_at_tls(CURL *curl, void *arg)
{
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, arg);
}

static void over_the_front(CURL *curl, void *arg)
{
	(void)arg;
	/* libcurl 7.88 connects to no such socket otherwise */
	curl_easy_setopt(curl, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_WHATEVER);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, fx_file("front.sock"));
}

static void line_open(struct line *l, bool front)
{
	fx_link_open(&l->link);
	l->link.options = front ? over_the_front : look_at_tls;
	l->link.base = front ? "http://front" : NULL;
	l->link.arg = l;
}

/* --- what is signed ------------------------------------------------------ */

/* RFC 5929, 4.1: by the hash of its signature, here SHA-256. */
static void put_end_point(const char *cert, uk_buf *out)
{
	FILE *f = fopen(fx_file(cert), "r");
	X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	assert_non_null(x);
	assert_int_equal(X509_digest(x, EVP_sha256(), hash, &n), 1);
	uk_put(out, uk_view(hash, n));
	X509_free(x);
	fclose(f);
}

/* What a token is bound to. */
enum value { NOTHING, OWN_EXPORTER, OTHER_EXPORTER, OWN_CERT, OTHER_CERT };

static void put_value(const struct line *own, const struct line *other,
    enum value value, uk_buf *out)
{
	switch (value) {
	case NOTHING:
		break;
	case OWN_EXPORTER:
		uk_put(out, UK_ARRAY(own->exporter));
		break;
	case OTHER_EXPORTER:
		uk_put(out, UK_ARRAY(other->exporter));
		break;
	case OWN_CERT:
		put_end_point("bank/tls.pem", out);
		break;
	case OTHER_CERT:
		put_end_point("other/tls.pem", out);
		break;
	}
}

/* h(origin) || h(nonce) [|| h(name ":" value)], docs/protocol.md, 3. */
static void put_message(const char *nonce, const char *name,
    const struct line *own, const struct line *other, enum value value,
    uk_buf *out)
{
	uint8_t storage[128];
	uk_buf binding = UK_BUF(storage);

	expect_ok(uk_hash_one(
	    fx_crypto, UK_HASH_SHA256, uk_view_str(fx_origin()), out));
	expect_ok(
	    uk_hash_one(fx_crypto, UK_HASH_SHA256, uk_view_str(nonce), out));
	if (value == NOTHING)
		return;
	uk_put_str(&binding, name);
	uk_put_u8(&binding, ':');
	put_value(own, other, value, &binding);
	expect_ok(
	    uk_hash_one(fx_crypto, UK_HASH_SHA256, uk_buf_view(&binding), out));
}

/* --- the table ----------------------------------------------------------- */

#define WEB_EID "web-eid:1.0"
#define OURS    "ukey:1"
#define EXP     "tls-exporter"
#define CERT    "tls-server-end-point"

static const struct row {
	const char *what;
	bool front;
	const char *format;
	const char *told;    /* the token's member; NULL: none */
	const char *signed_; /* the name that the signature covers */
	enum value value;
	const char *codes[POLICIES];
} rows[] = {
	{ "a Web eID token", false, WEB_EID, NULL, NULL, NOTHING,
	    { "ok", "channel-binding", "channel-binding" } },
	{ "the exporter", false, OURS, EXP, EXP, OWN_EXPORTER,
	    { "ok", "ok", "ok" } },
	{ "the server's certificate", false, OURS, CERT, CERT, OWN_CERT,
	    { "ok", "ok", "channel-binding" } },
	/* relayed over another connection, or from behind another certificate
	 */
	{ "another connection's exporter", false, OURS, EXP, EXP,
	    OTHER_EXPORTER,
	    { "login-signature", "login-signature", "login-signature" } },
	{ "another server's certificate", false, OURS, CERT, CERT, OTHER_CERT,
	    { "login-signature", "login-signature", "channel-binding" } },
	/* what the token says is not what was signed */
	{ "nothing signed, exporter told", false, OURS, EXP, NULL, NOTHING,
	    { "login-signature", "login-signature", "login-signature" } },
	{ "nothing signed, certificate told", false, OURS, CERT, NULL, NOTHING,
	    { "login-signature", "login-signature", "channel-binding" } },
	{ "exporter signed, certificate told", false, OURS, CERT, EXP,
	    OWN_EXPORTER,
	    { "login-signature", "login-signature", "channel-binding" } },
	{ "certificate signed, exporter told", false, OURS, EXP, CERT, OWN_CERT,
	    { "login-signature", "login-signature", "login-signature" } },
	{ "the exporter by the certificate's name", false, OURS, EXP, CERT,
	    OWN_EXPORTER,
	    { "login-signature", "login-signature", "login-signature" } },
	{ "bound, but called a Web eID token", false, WEB_EID, NULL, EXP,
	    OWN_EXPORTER,
	    { "login-signature", "channel-binding", "channel-binding" } },
	/* kinds that there are not (RFC 5929, 3; case counts) */
	{ "tls-unique", false, OURS, "tls-unique", "tls-unique", OWN_EXPORTER,
	    { "channel-binding", "channel-binding", "channel-binding" } },
	{ "in capitals", false, OURS, "TLS-EXPORTER", "TLS-EXPORTER",
	    OWN_EXPORTER,
	    { "channel-binding", "channel-binding", "channel-binding" } },
	{ "no kind", false, OURS, NULL, EXP, OWN_EXPORTER,
	    { "malformed", "malformed", "malformed" } },
	/* where a front ends TLS, the bank sees no connection of the client's
	 */
	{ "front: a Web eID token", true, WEB_EID, NULL, NULL, NOTHING,
	    { "ok", "channel-binding", "channel-binding" } },
	{ "front: an exporter", true, OURS, EXP, EXP, OTHER_EXPORTER,
	    { "channel-binding", "channel-binding", "channel-binding" } },
	{ "front: its certificate", true, OURS, CERT, CERT, OWN_CERT,
	    { "ok", "ok", "channel-binding" } },
	{ "front: another certificate", true, OURS, CERT, CERT, OTHER_CERT,
	    { "login-signature", "login-signature", "channel-binding" } },
};

static json_t *token(const struct row *row, uk_bytes message)
{
	const char *alg;
	json_t *sig = fx_sig("alice-login", message, &alg);

	return json_pack("{s:o,s:s,s:o,s:s,s:s*,s:s}", "unverifiedCertificate",
	    fx_cert("alice-login"), "algorithm", alg, "signature", sig,
	    "format", row->format, "binding", row->told, "appVersion",
	    "test/1");
}

static void check_row(const struct row *row, size_t policy)
{
	struct line own, other;
	uint8_t storage[3 * UK_HASH_MAX];
	uk_buf message = UK_BUF(storage);
	json_t *challenge, *answer;
	const char *nonce;

	print_message("%s: %s\n", policies[policy], row->what);
	line_open(&own, row->front);
	line_open(&other, false);
	json_decref(fx_call(&other.link, "/v1/bank", NULL));
	challenge = fx_challenge(&own.link);
	nonce = json_string_value(json_object_get(challenge, "nonce"));
	assert_non_null(nonce);
	put_message(nonce, row->signed_, &own, &other, row->value, &message);
	answer = fx_call(&own.link, "/v1/login",
	    json_pack("{s:s,s:o}", "nonce", nonce, "authToken",
		token(row, uk_buf_view(&message))));
	assert_string_equal(fx_code(answer), row->codes[policy]);
	json_decref(challenge);
	fx_link_close(&own.link);
	fx_link_close(&other.link);
}

static void every_policy(void **state)
{
	(void)state;
	for (size_t policy = 0; policy < POLICIES; policy++) {
		fx_setting("channelBinding", json_string(policies[policy]));
		fx_start();
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			check_row(&rows[i], policy);
		fx_kill(SIGTERM);
		assert_int_equal(fx_exit_status(), 0);
	}
}

/* A certificate that clients see at a front counts instead of the bank's. */
static void the_fronts_certificate(void **state)
{
	static const struct row theirs = { "the front's", false, OURS, CERT,
		CERT, OTHER_CERT, { "ok", "ok", "ok" } },
				own = { "the bank's", false, OURS, CERT, CERT,
					OWN_CERT,
					{ "login-signature", "login-signature",
					    "login-signature" } };

	(void)state;
	fx_setting("frontCertificate", json_string(fx_file("other/tls.pem")));
	fx_setting("channelBinding", json_string("end-point"));
	fx_start();
	check_row(&theirs, 1);
	check_row(&own, 1);
	fx_kill(SIGTERM);
}

static int set_up(void **state)
{
	if (fx_make(state) != 0)
		return -1;
	fx_setting("frontSocket", json_string(fx_file("front.sock")));
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy),
		cmocka_unit_test(the_fronts_certificate),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name(
	    "channel binding", tests, set_up, fx_close);
}
