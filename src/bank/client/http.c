/* HTTPS to the bank, by libcurl. */
#include "bc_http.h"

#include "bc_http_parts.h"
#include "log.h"
#include "secret.h"

#include <openssl/ssl.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_MS = 10000,
	TOTAL_TIMEOUT_MS = 30000,
	AUTHORIZATION_MAX = BC_SECRET_MAX + 32
};

struct bc_http {
	CURL *curl;
	char origin[BC_TEXT_MAX + 1];
	uk_blob *body;   /* of the running call */
	uk_err body_err; /* why collecting it stopped */
	uint8_t exporter[BANK_EXPORTER_BYTES];
	bool has_exporter;
	uk_blob server; /* its certificate, DER */
	bool bound;     /* to that exporter */
	bool rebound;   /* the running call met another one */
};

/* --- origins -------------------------------------------------------------- */

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == ':' || c == '[' || c == ']';
}

uk_err bc_origin_normalize(const char *url, char *out, size_t cap)
{
	static const char scheme[] = "https://", port[] = ":443";
	size_t n = strlen(url), from = sizeof(scheme) - 1;
	uk_buf b = uk_buf_over(out, cap);

	if (strncasecmp(url, scheme, from) != 0)
		return uk_fail(UK_ERR_ARGUMENT);
	if (n > from && url[n - 1] == '/')
		n--;
	if (n > from + sizeof(port) - 1 &&
	    strncmp(url + n - (sizeof(port) - 1), port, sizeof(port) - 1) == 0)
		n -= sizeof(port) - 1;
	if (n == from)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_str(&b, scheme);
	for (size_t i = from; i < n; i++) {
		char c = url[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!is_host_char(c))
			return uk_fail(UK_ERR_ARGUMENT);
		uk_put_u8(&b, (uint8_t)c);
	}
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

/* A proxy cannot reach what listens on this machine only. */
static bool is_loopback(const char *origin)
{
	static const char *const prefixes[] = { "https://localhost",
		"https://127.", "https://[::1]" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		if (strncmp(origin, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

/* --- what the connection is bound to -------------------------------------- */

/* libcurl tells while a call is under way: CURLINFO_TLS_SSL_PTR. */
static SSL *ssl_of(CURL *curl)
{
	struct curl_tlssessioninfo *info = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
	    info == NULL || info->backend != CURLSSLBACKEND_OPENSSL)
		return NULL;
	return info->internals;
}

static bool export_key(SSL *ssl, uint8_t out[BANK_EXPORTER_BYTES])
{
	return ssl != NULL && SSL_export_keying_material(ssl, out,
				  BANK_EXPORTER_BYTES, BANK_EXPORTER_LABEL,
				  strlen(BANK_EXPORTER_LABEL), NULL, 0, 0) == 1;
}

static void keep_certificate(struct bc_http *http, SSL *ssl)
{
	X509 *x = ssl == NULL ? NULL : SSL_get0_peer_certificate(ssl);
	unsigned char *der = NULL;
	int n = x == NULL ? 0 : i2d_X509(x, &der);

	uk_blob_free(&http->server);
	if (n > 0)
		UK_IGNORE(uk_blob_set(&http->server,
		    uk_view(der, (size_t)n))); /* then there is none */
	OPENSSL_free(der);
}

/* The connection is there and nothing was sent over it yet. */
static int on_connected(void *arg, char *to, char *from, int to_port, int port)
{
	struct bc_http *http = arg;
	uint8_t now[BANK_EXPORTER_BYTES];
	SSL *ssl = ssl_of(http->curl);
	bool has = export_key(ssl, now);

	(void)to, (void)from, (void)to_port, (void)port;
	if (http->bound &&
	    (!has || !uk_equal(UK_ARRAY(now), UK_ARRAY(http->exporter)))) {
		http->rebound = true;
		return CURL_PREREQFUNC_ABORT;
	}
	http->has_exporter = has;
	keep_certificate(http, ssl);
	if (has)
		UK_IGNORE(uk_copy_exact(http->exporter, sizeof(http->exporter),
		    UK_ARRAY(now))); /* it fits */
	uk_wipe(now, sizeof(now));
	return CURL_PREREQFUNC_OK;
}

uk_err bc_http_exporter(
    const struct bc_http *http, uint8_t out[BANK_EXPORTER_BYTES])
{
	if (!http->has_exporter)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return uk_copy_exact(
	    out, BANK_EXPORTER_BYTES, UK_ARRAY(http->exporter));
}

uk_err bc_http_end_point(const struct bc_http *http, uk_crypto *c, uk_buf *out)
{
	uk_cert *cert = NULL;
	uk_err err = uk_fail(UK_ERR_UNSUPPORTED);

	if (http->server.n > 0)
		err = uk_cert_from_der(c, uk_blob_view(&http->server), &cert);
	if (uk_is_ok(err))
		err = uk_cert_end_point(c, cert, out);
	uk_cert_close(&cert);
	return err;
}

void bc_http_bind(struct bc_http *http, bool bound)
{
	http->bound = bound;
}

/* --- set-up --------------------------------------------------------------- */

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
	struct bc_http *http = arg;

	if (http->body->n + size * n > BANK_BODY_MAX)
		http->body_err = uk_fail(UK_ERR_FORMAT);
	else
		http->body_err = uk_blob_add(
		    http->body, uk_view(data, size * n));
	return uk_is_ok(http->body_err) ? size * n : 0;
}

/* Everything that makes the connection a safe one; any refusal is fatal. */
static CURLcode set_up(struct bc_http *http, const char *ca_file)
{
	CURL *c = http->curl;
	CURLcode rc = CURLE_OK;

#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(c, option, value);               \
	} while (0)
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CAINFO, ca_file);
	SET(CURLOPT_CAPATH, NULL); /* not the system's CAs as well */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long)TOTAL_TIMEOUT_MS);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "ukey/" UKEY_VERSION);
	SET(CURLOPT_WRITEFUNCTION, collect);
	SET(CURLOPT_WRITEDATA, http);
	SET(CURLOPT_PREREQFUNCTION, on_connected);
	SET(CURLOPT_PREREQDATA, http);
	if (is_loopback(http->origin))
		SET(CURLOPT_PROXY, "");
#undef SET
	return rc;
}

uk_err bc_http_open(
    const char *origin, const char *ca_file, struct bc_http **out)
{
	struct bc_http *http = uk_new(sizeof(*http));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		goto out;
	err = uk_copy_str(
	    http->origin, sizeof(http->origin), uk_view_str(origin));
	if (!uk_is_ok(err))
		goto out;
	http->curl = curl_easy_init();
	if (http->curl == NULL || set_up(http, ca_file) != CURLE_OK) {
		err = uk_fail(UK_ERR_UNSUPPORTED);
		goto out;
	}
	*out = http;
	http = NULL; /* handed over */
out:
	bc_http_close(&http);
	return err;
}

void bc_http_close(struct bc_http **http)
{
	if (*http == NULL)
		return;
	curl_easy_cleanup((*http)->curl); /* accepts NULL */
	uk_blob_free(&(*http)->server);
	uk_wipe((*http)->exporter, sizeof((*http)->exporter));
	uk_free(*http);
	*http = NULL;
}

/* --- one request ---------------------------------------------------------- */

/*
 * libcurl's language of errors (curl/curl.h). What matters is whether the
 * request can have reached the bank: a transfer may only be called "not made"
 * when it cannot.
 */
bc_result bc_http_translate(CURLcode rc, CURL *curl, uk_err body_err)
{
	long connected = 0;

	switch (rc) {
	case CURLE_OK:
		return bc_ok();
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return bc_fail(BC_UNREACHABLE);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_ISSUER_ERROR:
		return bc_fail(BC_TLS);
	case CURLE_SSL_CACERT_BADFILE:
		return bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_CERT_UNTRUSTED));
	case CURLE_OUT_OF_MEMORY:
		return bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_MEMORY));
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_ARGUMENT));
	case CURLE_WRITE_ERROR: /* collect() stopped it */
		if (uk_is(body_err, UK_ERR_MEMORY))
			return bc_fail_err(BC_LOCAL, body_err);
		return bc_fail(BC_MALFORMED);
	case CURLE_OPERATION_TIMEDOUT:
		curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &connected);
		return bc_fail(connected > 0 ? BC_NO_ANSWER : BC_UNREACHABLE);
	default:
		return bc_fail(BC_NO_ANSWER);
	}
}

bc_result bc_http_judge(CURL *curl, uk_bytes body)
{
	bc_result refused = bc_fail(BC_REFUSED);
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return bc_ok();
	if (!uk_is_ok(bc_parse_error(body, &refused.code)))
		return bc_fail(BC_MALFORMED);
	return refused;
}

static CURLcode set_request(struct bc_http *http,
    const struct bc_request *request, struct curl_slist *headers)
{
	CURL *c = http->curl;
	CURLcode rc = curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);

	if (rc != CURLE_OK)
		return rc;
	if (request->body == NULL)
		return curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	rc = curl_easy_setopt(c, CURLOPT_POST, 1L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    c, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body));
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(c, CURLOPT_POSTFIELDS, request->body);
	return rc;
}

struct curl_slist *bc_http_headers(const char *bearer)
{
	struct curl_slist *list = curl_slist_append(
	    NULL, "Content-Type: application/json");
	char line[AUTHORIZATION_MAX];
	uk_buf b = uk_buf_over(line, sizeof(line));

	if (list == NULL || bearer == NULL || bearer[0] == '\0')
		return list;
	uk_put_str(&b, "Authorization: Bearer ");
	uk_put_str(&b, bearer);
	uk_put_u8(&b, 0);
	if (uk_is_ok(uk_buf_result(&b))) {
		struct curl_slist *longer = curl_slist_append(list, line);

		if (longer == NULL)
			curl_slist_free_all(list);
		list = longer;
	}
	uk_wipe(line, sizeof(line));
	return list;
}

void bc_http_free_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		uk_wipe(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static bool make_url(
    const struct bc_http *http, const char *path, char url[BC_URL_MAX])
{
	uk_buf b = uk_buf_over(url, BC_URL_MAX);

	uk_put_str(&b, http->origin);
	uk_put_str(&b, path);
	uk_put_u8(&b, 0);
	return uk_is_ok(uk_buf_result(&b));
}

CURL *bc_http_copy(
    const struct bc_http *http, const char *path, char url[BC_URL_MAX])
{
	if (!make_url(http, path, url))
		return NULL;
	return curl_easy_duphandle(http->curl);
}

bc_result bc_http_call(
    struct bc_http *http, const struct bc_request *request, uk_blob *body)
{
	struct curl_slist *headers = bc_http_headers(request->bearer);
	char url[BC_URL_MAX];
	CURLcode rc;
	bc_result r;

	if (headers == NULL || !make_url(http, request->path, url)) {
		r = bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_MEMORY));
		goto out;
	}
	uk_blob_free(body);
	http->body = body;
	http->body_err = uk_ok();
	http->rebound = false;
	rc = curl_easy_setopt(http->curl, CURLOPT_URL, url);
	if (rc == CURLE_OK)
		rc = set_request(http, request, headers);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(http->curl);
	if (rc != CURLE_OK)
		uk_log(UK_LOG_INFO, "%s: %s", request->path,
		    curl_easy_strerror(rc));
	r = http->rebound ? bc_fail(BC_REBOUND)
			  : bc_http_translate(rc, http->curl, http->body_err);
	if (bc_is_ok(r))
		r = bc_http_judge(http->curl, uk_blob_view(body));
	/* The list is about to go: the handle must not point to it. */
	(void)curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
out:
	http->body = NULL;
	bc_http_free_headers(headers);
	return r;
}
