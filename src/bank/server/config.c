/* bankd.json: one table for reading, checking and writing. */
#include "config.h"

#include "bytes.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum kind { TEXT, NUMBER };

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
	{ "operator", TEXT, offsetof(struct bank_config, operator_place), false,
	    0, 0 },
	{ "migrate", TEXT, offsetof(struct bank_config, migrate), false, 0, 0 },
	{ "port", NUMBER, offsetof(struct bank_config, port), true, 0, 65535 },
	{ "transferLimit", NUMBER, offsetof(struct bank_config, transfer_limit),
	    false, 1, INT64_C(1000000000000000) },
	{ "callbackCa", TEXT, offsetof(struct bank_config, callback_ca), false,
	    0, 0 },
	{ "plainCallbacks", NUMBER,
	    offsetof(struct bank_config, plain_callbacks), false, 0, 1 },
	{ "maxConnections", NUMBER,
	    offsetof(struct bank_config, max_connections), false, 1, 10000 },
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
	{ "sharedLogins", NUMBER, offsetof(struct bank_config, shared_logins),
	    false, 0, 1 },
	{ "displayHostAbove", NUMBER,
	    offsetof(struct bank_config, display_host_above), false, 0,
	    INT64_C(1000000000000000) },
	{ "displayTerminalAbove", NUMBER,
	    offsetof(struct bank_config, display_terminal_above), false, 0,
	    INT64_C(1000000000000000) },
	{ "payeeCheck", NUMBER, offsetof(struct bank_config, payee_check),
	    false, 0, 2 },
	{ "requestSeconds", NUMBER,
	    offsetof(struct bank_config, request_seconds), false, 1, 600 },
	{ "stopSeconds", NUMBER, offsetof(struct bank_config, stop_seconds),
	    false, 0, 600 },
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

void bank_config_defaults(struct bank_config *c)
{
	*c = (struct bank_config){
		.name = "Test Bank",
		.host = "localhost",
		.address = "127.0.0.1",
		.port = 8443,
		.transfer_limit = 500000000,
		.max_connections = 256,
		.max_sessions = 65536,
		.max_challenges = 8388608,
		.max_certificates = 16384,
		.session_idle_seconds = 600,
		.session_seconds = 3600,
		.sessions_each = 8,
		.display_host_above = INT64_C(1000000000000000),
		.display_terminal_above = INT64_C(1000000000000000),
		.payee_check = 1,
		.request_seconds = 30,
		.stop_seconds = 5,
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
	good = read_all(root, out, why, why_cap);
	json_decref(root);
	return good ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

/* Can change while the server runs. */
static const char *const live[] = { "name", "transferLimit" };

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
	return s->kind == TEXT ? strcmp(text_of(x, s), text_of(y, s)) == 0
			       : *number_of(x, s) == *number_of(y, s);
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
			    BANK_CONFIG_TEXT, uk_view_str(text_of(fresh, s))));
	}
	return stays;
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
			json_object_set_new(
			    root, s->name, json_string(text_of(c, s)));
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
