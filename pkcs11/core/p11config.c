/* The configuration file and the debug log it switches on. */
#include "p11config.h"

#include "bytes.h"
#include "cache.h"
#include "gm.h"
#include "log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum {
	PATH_MAX_LEN = 1024,
	LINE_MAX_LEN = 1024,
	LINGER_MS = 80,
	LINGER_MAX_MS = 1000
};

static struct {
	char debug[PATH_MAX_LEN]; /* empty = no log */
	enum uk_log_level level;
	bool no_pinpad, no_cache;
	unsigned linger_ms;
	bool bad_reader; /* one was not understood */
	struct uk_readers_config readers;
	FILE *log;
} config;

/* --- parsing ------------------------------------------------------------- */

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

static void set_debug(const char *value)
{
	if (!uk_is_ok(uk_copy_str(
		config.debug, sizeof(config.debug), uk_view_str(value))))
		config.debug[0] = '\0'; /* longer than any path */
}

static void set_level(const char *value)
{
	config.level = strcmp(value, "debug") == 0 ? UK_LOG_DEBUG : UK_LOG_INFO;
}

/* A name that we do not know leaves the default. */
static void set_gm_numbers(const char *value)
{
	if (!p11_gm_choose(value))
		p11_gm_default();
}

static void set_pinpad(const char *value)
{
	config.no_pinpad = strcmp(value, "off") == 0;
}

/* What is no number leaves the default. */
static void set_linger(const char *value)
{
	char *end;
	unsigned long ms = strtoul(value, &end, 10);

	if (isdigit((unsigned char)value[0]) && *end == '\0')
		config.linger_ms = ms < LINGER_MAX_MS ? (unsigned)ms
						      : LINGER_MAX_MS;
}

/* Set-user-ID and the like: a caller without the program's rights may have had
 * a hand in it. */
static bool is_privileged(void)
{
	return getauxval(AT_SECURE) != 0;
}

/* What is no address, or one too many, is as if it were not there. */
static void add_reader(const char *value)
{
	if (!is_privileged() &&
	    !uk_is_ok(uk_readers_add(&config.readers, value)))
		config.bad_reader = true;
}

static void set_pcsc(const char *value)
{
	if (!is_privileged())
		config.readers.no_pcsc = strcmp(value, "off") == 0;
}

static void set_cache(const char *value)
{
	config.no_cache = strcmp(value, "off") == 0;
	uk_cache_believe(strcmp(value, "trust") == 0);
}

static const struct {
	const char *name;
	void (*set)(const char *value);
} settings[] = {
	{ "debug", set_debug },
	{ "debug_level", set_level },
	{ "gm_numbers", set_gm_numbers },
	{ "pcsc", set_pcsc },
	{ "pinpad", set_pinpad },
	{ "linger", set_linger },
	{ "cache", set_cache },
	{ "reader", add_reader },
};

static void take_line(char *line)
{
	char *equals = strchr(line, '=');

	if (equals == NULL || *trim(line) == '#')
		return;
	*equals = '\0';
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(trim(line), settings[i].name) == 0)
			settings[i].set(trim(equals + 1));
	}
}

static bool read_file(const char *path)
{
	char line[LINE_MAX_LEN];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		take_line(line);
	fclose(f);
	return true;
}

/* --- where it is --------------------------------------------------------- */

/* Neither in a set-user-id program. */
static bool path_below(
    const char *variable, const char *rest, char path[PATH_MAX_LEN])
{
	const char *home = secure_getenv(variable);
	uk_buf b = uk_buf_over(path, PATH_MAX_LEN);

	if (home == NULL || home[0] != '/')
		return false;
	uk_put_str(&b, home);
	uk_put_str(&b, rest);
	uk_put_u8(&b, 0);
	return !b.bad;
}

static bool read_below(const char *variable, const char *rest)
{
	char path[PATH_MAX_LEN];

	return path_below(variable, rest, path) && read_file(path);
}

static bool cache_below(const char *variable, const char *rest)
{
	char path[PATH_MAX_LEN];
	bool found = path_below(variable, rest, path);

	if (found)
		uk_cache_use(path);
	return found;
}

static void read_files(void)
{
	const char *named = secure_getenv("UKEY_PKCS11_CONF");

	if (named != NULL) {
		(void)read_file(named);
		return;
	}
	if (read_below("XDG_CONFIG_HOME", "/ukey/pkcs11.conf") ||
	    read_below("HOME", "/.config/ukey/pkcs11.conf"))
		return;
	(void)read_file(UKEY_SYSCONFDIR "/ukey/pkcs11.conf");
}

void p11_config_load(void)
{
	const char *debug = secure_getenv("UKEY_PKCS11_DEBUG");

	config.debug[0] = '\0';
	config.level = UK_LOG_INFO;
	p11_gm_default();
	config.no_pinpad = config.no_cache = false;
	uk_cache_believe(false);
	config.linger_ms = LINGER_MS;
	config.readers = (struct uk_readers_config){ 0 };
	config.bad_reader = false;
	read_files();
	if (config.no_cache || (!cache_below("XDG_CACHE_HOME", "/ukey") &&
				   !cache_below("HOME", "/.cache/ukey")))
		uk_cache_use(NULL);
	if (debug != NULL)
		set_debug(debug);
	if (config.debug[0] == '\0')
		return;
	config.log = fopen(config.debug, "ae");
	uk_log_to(config.log, config.level);
	if (config.bad_reader)
		uk_log(UK_LOG_ERROR,
		    "configuration: a reader is neither unix:PATH nor fd:N, "
		    "or one too many");
}

void p11_config_unload(void)
{
	uk_log_to(NULL, UK_LOG_OFF);
	if (config.log != NULL)
		fclose(config.log);
	config.log = NULL;
}

void p11_config_forget(void)
{
	config.log =
	    NULL; /* shares the parent's file: neither used nor closed */
	uk_log_after_fork();
}

bool p11_config_pinpad(void)
{
	return !config.no_pinpad;
}

unsigned p11_config_linger_ms(void)
{
	return config.linger_ms;
}

const struct uk_readers_config *p11_config_readers(void)
{
	return &config.readers;
}
