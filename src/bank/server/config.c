/* bankd.json: one table for reading, checking and writing. */
#include "config.h"

#include "bytes.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum kind { TEXT, NUMBER, LIST };

static const struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
	bool needed;
	int64_t min, max; /* of numbers */
} settings[] = {
	{ "name", TEXT, offsetof(struct bank_config, name), true, 0, 0 },
	{ "host", TEXT, offsetof(struct bank_config, host), true, 0, 0 },
	{ "origin", TEXT, offsetof(struct bank_config, origin), false, 0, 0 },
	{ "address", TEXT, offsetof(struct bank_config, address), false, 0, 0 },
	{ "database", TEXT, offsetof(struct bank_config, database), false, 0,
	    0 },
	{ "signingKey", TEXT, offsetof(struct bank_config, signing_key), false,
	    0, 0 },
	{ "vaultKey", TEXT, offsetof(struct bank_config, vault_key), false, 0,
	    0 },
	{ "operator", TEXT, offsetof(struct bank_config, operator_place), false,
	    0, 0 },
	{ "loginCAs", LIST, offsetof(struct bank_config, login_cas), false, 0,
	    0 },
	{ "transactionCAs", LIST, offsetof(struct bank_config, transaction_cas),
	    false, 0, 0 },
	{ "crls", LIST, offsetof(struct bank_config, crls), false, 0, 0 },
	{ "disallowedPolicies", LIST,
	    offsetof(struct bank_config, disallowed_policies), false, 0, 0 },
	{ "channelBinding", TEXT, offsetof(struct bank_config, channel_binding),
	    false, 0, 0 },
	{ "ocsp", TEXT, offsetof(struct bank_config, ocsp), false, 0, 0 },
	{ "ocspResponders", LIST, offsetof(struct bank_config, ocsp_responders),
	    false, 0, 0 },
	{ "ocspOnly", LIST, offsetof(struct bank_config, ocsp_only), false, 0,
	    0 },
	{ "ocspNonce", NUMBER, offsetof(struct bank_config, ocsp_nonce), false,
	    0, 1 },
	{ "ocspMaxAgeSeconds", NUMBER,
	    offsetof(struct bank_config, ocsp_max_age), false, 1, 2592000 },
	{ "ocspSeconds", NUMBER, offsetof(struct bank_config, ocsp_seconds),
	    false, 1, 60 },
	{ "frontSocket", TEXT, offsetof(struct bank_config, front_socket),
	    false, 0, 0 },
	{ "cardPort", NUMBER, offsetof(struct bank_config, card_port), false,
	    -1, 65535 },
	{ "clientCertificates", NUMBER,
	    offsetof(struct bank_config, main_certificates), false, 0, 1 },
	{ "pages", NUMBER, offsetof(struct bank_config, pages), false, 0, 1 },
	{ "frontCertificate", TEXT,
	    offsetof(struct bank_config, front_certificate), false, 0, 0 },
	{ "migrate", TEXT, offsetof(struct bank_config, migrate), false, 0, 0 },
	{ "port", NUMBER, offsetof(struct bank_config, port), true, 0, 65535 },
	{ "transferLimit", NUMBER, offsetof(struct bank_config, transfer_limit),
	    false, 1, INT64_C(1000000000000000) },
	{ "callbackCa", TEXT, offsetof(struct bank_config, callback_ca), false,
	    0, 0 },
	{ "plainCallbacks", NUMBER,
	    offsetof(struct bank_config, plain_callbacks), false, 0, 1 },
	{ "maxConnections", NUMBER,
	    offsetof(struct bank_config, max_connections), false, 1, 100000 },
	{ "maxSessions", NUMBER, offsetof(struct bank_config, max_sessions),
	    false, 1, 1000000 },
	{ "maxChallenges", NUMBER, offsetof(struct bank_config, max_challenges),
	    false, 1, 16777216 },
	{ "maxCertificates", NUMBER,
	    offsetof(struct bank_config, max_certificates), false, 1, 1000000 },
	{ "sessionIdleSeconds", NUMBER,
	    offsetof(struct bank_config, session_idle_seconds), false, 10,
	    86400 },
	{ "sessionSeconds", NUMBER,
	    offsetof(struct bank_config, session_seconds), false, 10, 86400 },
	{ "sessionsEach", NUMBER, offsetof(struct bank_config, sessions_each),
	    false, 1, 100 },
	{ "loginFailuresPerMinute", NUMBER,
	    offsetof(struct bank_config, login_failures), false, 0, 1000000 },
	{ "loginsPerMinute", NUMBER, offsetof(struct bank_config, logins),
	    false, 0, 1000000 },
	{ "sharedLogins", NUMBER, offsetof(struct bank_config, shared_logins),
	    false, 0, 1 },
	{ "displayHostAbove", NUMBER,
	    offsetof(struct bank_config, display_host_above), false, 0,
	    INT64_C(1000000000000000) },
	{ "displayTerminalAbove", NUMBER,
	    offsetof(struct bank_config, display_terminal_above), false, 0,
	    INT64_C(1000000000000000) },
	{ "maxOpenOrders", NUMBER,
	    offsetof(struct bank_config, max_open_orders), false, 1, 1000000 },
	{ "payeeCheck", NUMBER, offsetof(struct bank_config, payee_check),
	    false, 0, 2 },
	{ "requestSeconds", NUMBER,
	    offsetof(struct bank_config, request_seconds), false, 1, 600 },
	{ "stopSeconds", NUMBER, offsetof(struct bank_config, stop_seconds),
	    false, 0, 600 },
	{ "requestsPerCommit", NUMBER,
	    offsetof(struct bank_config, requests_per_commit), false, 1,
	    BANK_ROUND },
	{ "passwordKib", NUMBER, offsetof(struct bank_config, password_kib),
	    false, 8, 4194304 },
	{ "passwordPasses", NUMBER,
	    offsetof(struct bank_config, password_passes), false, 1, 1000 },
	{ "passwordLanes", NUMBER, offsetof(struct bank_config, password_lanes),
	    false, 1, 64 },
	{ "posCompleteSeconds", NUMBER,
	    offsetof(struct bank_config, pos_complete_seconds), false, 1,
	    86400 },
	{ "posAttempts", NUMBER, offsetof(struct bank_config, pos_attempts),
	    false, 1, 1000 },
	{ "posNoPinAmount", NUMBER,
	    offsetof(struct bank_config, pos_no_pin_amount), false, 0,
	    INT64_C(1000000000000) },
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

void bank_config_defaults(struct bank_config *c)
{
	*c = (struct bank_config){
		.name = "Test Bank",
		.host = "localhost",
		.address = "127.0.0.1",
		.channel_binding = "off",
		.ocsp = "off",
		.ocsp_max_age = 86400,
		.ocsp_seconds = 5,
		.card_port = -1,
		.pages = 1,
		.port = 8443,
		.transfer_limit = 500000000,
		.max_connections = 256,
		.max_sessions = 65536,
		.max_challenges = 8388608,
		.max_certificates = 65536,
		.session_idle_seconds = 600,
		.session_seconds = 3600,
		.sessions_each = 8,
		.login_failures = 120,
		.display_host_above = INT64_C(1000000000000000),
		.display_terminal_above = INT64_C(1000000000000000),
		.max_open_orders = 10000,
		.payee_check = 1,
		.request_seconds = 30,
		.stop_seconds = 5,
		.requests_per_commit = BANK_ROUND,
		/* RFC 9106, 4, has more memory; this is OWASP's least */
		.password_kib = 19456,
		.password_passes = 2,
		.password_lanes = 1,
		.pos_complete_seconds = 120,
		.pos_attempts = 10,
	};
}

/* The table's offsets are the only addresses computed here. */
static char *text_of(const struct bank_config *c, const struct setting *s)
{
	return (char *)(uintptr_t)c + s->offset;
}

static int64_t *number_of(const struct bank_config *c, const struct setting *s)
{
	return (int64_t *)(void *)text_of(c, s);
}

static const struct setting *find(const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	}
	return NULL;
}

/* As browsers write it (RFC 6454, 6.2): no path, not even "/", no default port;
 * what was signed with another spelling would never verify. */
static bool origin_ok(const char *text)
{
	static const char scheme[] = "https://";
	size_t n = strlen(text), from = sizeof(scheme) - 1;

	return strncmp(text, scheme, from) == 0 && n > from &&
	       strspn(text + from, "abcdefghijklmnopqrstuvwxyz0123456789"
				   "-.:[]") == n - from &&
	       (n < 4 || strcmp(text + n - 4, ":443") != 0);
}

static bool is_one_of(const char *word, const char *const words[3])
{
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

/* "FILE URL" each. */
static bool responders_ok(const char *list)
{
	char item[BANK_CONFIG_LIST];

	while (bank_config_next(&list, item)) {
		const char *space = strchr(item, ' ');

		if (space == NULL || strncmp(space + 1, "http", 4) != 0)
			return false;
	}
	return true;
}

/* What a table of lengths and ranges cannot say. */
static bool check_words(const struct bank_config *c, char *why, size_t cap)
{
	static const char *const bindings[] = { "off", "end-point",
		"exporter" };
	static const char *const asking[] = { "off", "soft", "hard" };

	if (!is_one_of(c->channel_binding, bindings))
		snprintf(why, cap,
		    "\"channelBinding\" must be off, end-point or exporter");
	else if (!is_one_of(c->ocsp, asking))
		snprintf(why, cap, "\"ocsp\" must be off, soft or hard");
	else if (!responders_ok(c->ocsp_responders))
		snprintf(why, cap,
		    "\"ocspResponders\" must be a list like "
		    "[\"ca.pem http://ocsp.example/\"]");
	else if (c->origin[0] != '\0' && !origin_ok(c->origin))
		snprintf(why, cap,
		    "\"origin\" must look like https://bank.example or "
		    "https://bank.example:8443, in small letters, with "
		    "nothing behind it");
	else
		return true;
	return false;
}

bool bank_config_next(const char **list, char item[BANK_CONFIG_LIST])
{
	size_t n = strcspn(*list, "\n");

	if (!uk_is_ok(uk_copy_str(item, BANK_CONFIG_LIST, uk_view(*list, n))) ||
	    (*list)[n] != '\n')
		return false;
	*list += n + 1;
	return true;
}

static bool read_list(
    const struct setting *s, const json_t *v, struct bank_config *out)
{
	uk_buf b = uk_buf_over(text_of(out, s), BANK_CONFIG_LIST - 1);
	bool good = json_is_array(v);

	for (size_t i = 0; good && i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);
		const char *text = json_string_value(item);

		good = json_string_length(item) > 0 &&
		       strchr(text, '\n') == NULL;
		uk_put_str(&b, text);
		uk_put_u8(&b, '\n');
	}
	if (!good || b.bad)
		return false;
	text_of(out, s)[b.len] = '\0';
	return true;
}

static bool read_one(const struct setting *s, const json_t *v,
    struct bank_config *out, char *why, size_t cap)
{
	int64_t number;

	if (s->kind == TEXT) {
		if (json_is_string(v) && json_string_length(v) > 0 &&
		    uk_is_ok(uk_copy_str(text_of(out, s), BANK_CONFIG_TEXT,
			uk_view_str(json_string_value(v)))))
			return true;
		snprintf(why, cap, "\"%s\" must be text of 1 to %d bytes",
		    s->name, BANK_CONFIG_TEXT - 1);
		return false;
	}
	if (s->kind == LIST) {
		if (read_list(s, v, out))
			return true;
		snprintf(why, cap,
		    "\"%s\" must be a list of texts, %d bytes together",
		    s->name, BANK_CONFIG_LIST - 2);
		return false;
	}
	number = json_integer_value(v);
	if (json_is_integer(v) && number >= s->min && number <= s->max) {
		*number_of(out, s) = number;
		return true;
	}
	snprintf(why, cap, "\"%s\" must be a number from %lld to %lld", s->name,
	    (long long)s->min, (long long)s->max);
	return false;
}

static bool read_all(
    json_t *root, struct bank_config *out, char *why, size_t cap)
{
	const char *name;
	json_t *v;

	if (!json_is_object(root)) {
		snprintf(why, cap, "a JSON object is expected");
		return false;
	}
	json_object_foreach(root, name, v)
	{
		const struct setting *s = find(name);

		if (s == NULL) {
			snprintf(why, cap, "unknown setting \"%.40s\"", name);
			return false;
		}
		if (!read_one(s, v, out, why, cap))
			return false;
	}
	for (size_t i = 0; i < SETTINGS; i++) {
		if (settings[i].needed &&
		    json_object_get(root, settings[i].name) == NULL) {
			snprintf(
			    why, cap, "\"%s\" is missing", settings[i].name);
			return false;
		}
	}
	return true;
}

uk_err bank_config_read(
    const char *path, struct bank_config *out, char *why, size_t why_cap)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	bool good;

	bank_config_defaults(out);
	if (root == NULL &&
	    json_error_code(&error) == json_error_cannot_open_file) {
		snprintf(why, why_cap,
		    "cannot be opened: make a bank with `ukey-bankd init`");
		return uk_fail(UK_ERR_NOT_FOUND);
	}
	if (root == NULL) {
		snprintf(why, why_cap, "%s, line %d", error.text, error.line);
		return uk_fail(UK_ERR_FORMAT);
	}
	good = read_all(root, out, why, why_cap) &&
	       check_words(out, why, why_cap);
	json_decref(root);
	return good ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

/* Can change while the server runs. */
static const char *const live[] = { "name", "transferLimit", "loginCAs",
	"transactionCAs", "crls", "disallowedPolicies", "channelBinding",
	"ocsp", "ocspResponders", "ocspOnly", "ocspNonce",
	"ocspMaxAgeSeconds" };

static bool is_live(const struct setting *s)
{
	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
		if (strcmp(live[i], s->name) == 0)
			return true;
	}
	return false;
}

static bool same(const struct setting *s, const struct bank_config *x,
    const struct bank_config *y)
{
	return s->kind == NUMBER ? *number_of(x, s) == *number_of(y, s)
				 : strcmp(text_of(x, s), text_of(y, s)) == 0;
}

const char *bank_config_renew(
    struct bank_config *running, const struct bank_config *fresh)
{
	const char *stays = NULL;

	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];

		if (same(s, running, fresh))
			continue;
		if (!is_live(s))
			stays = s->name;
		else if (s->kind == NUMBER)
			*number_of(running, s) = *number_of(fresh, s);
		else
			UK_IGNORE(uk_copy_str(text_of(running, s),
			    s->kind == LIST ? BANK_CONFIG_LIST
					    : BANK_CONFIG_TEXT,
			    uk_view_str(text_of(fresh, s))));
	}
	return stays;
}

static json_t *list_json(const char *list)
{
	json_t *items = json_array();
	char item[BANK_CONFIG_LIST];

	while (items != NULL && bank_config_next(&list, item))
		json_array_append_new(items, json_string(item));
	return items;
}

static json_t *to_json(const struct bank_config *c)
{
	json_t *root = json_object();

	for (size_t i = 0; root != NULL && i < SETTINGS; i++) {
		const struct setting *s = &settings[i];

		if (s->kind == NUMBER)
			json_object_set_new(
			    root, s->name, json_integer(*number_of(c, s)));
		else if (text_of(c, s)[0] != '\0')
			json_object_set_new(root, s->name,
			    s->kind == LIST ? list_json(text_of(c, s))
					    : json_string(text_of(c, s)));
	}
	return root;
}

uk_err bank_config_write(const char *path, const struct bank_config *c)
{
	json_t *root = to_json(c);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good = root != NULL && fd >= 0 &&
		    json_dumpfd(root, fd, JSON_INDENT(2)) == 0 &&
		    write(fd, "\n", 1) == 1;

	json_decref(root);
	if (fd < 0)
		return uk_fail(UK_ERR_EXISTS);
	return close(fd) == 0 && good ? uk_ok() : uk_fail(UK_ERR_IO);
}
