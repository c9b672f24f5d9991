/* One line per event: time, process, level, text. */
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

static struct {
	pthread_mutex_t lock;
	FILE *sink;
	enum uk_log_format format;
	_Atomic int level; /* enum uk_log_level; read without the lock */
} shared = { PTHREAD_MUTEX_INITIALIZER, NULL, UK_LOG_PLAIN, UK_LOG_OFF };

static const char *const names[] = { "off", "error", "info", "debug" };

void uk_log_to(FILE *sink, enum uk_log_level level)
{
	pthread_mutex_lock(&shared.lock);
	shared.sink = sink;
	atomic_store(&shared.level, sink == NULL ? UK_LOG_OFF : level);
	pthread_mutex_unlock(&shared.lock);
}

void uk_log_format(enum uk_log_format format)
{
	pthread_mutex_lock(&shared.lock);
	shared.format = format;
	pthread_mutex_unlock(&shared.lock);
}

bool uk_log_on(enum uk_log_level level)
{
	return level != UK_LOG_OFF && (int)level <= atomic_load(&shared.level);
}

void uk_log_after_fork(void)
{
	pthread_mutex_init(&shared.lock, NULL);
	shared.sink = NULL;
	atomic_store(&shared.level, UK_LOG_OFF);
}

/* --- JSON (RFC 8259, 7) --------------------------------------------------- */

static void put_json(const char *text, size_t n)
{
	fputc('"', shared.sink);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == '"' || c == '\\')
			fprintf(shared.sink, "\\u%04x", c);
		else
			fputc(c, shared.sink);
	}
	fputc('"', shared.sink);
}

/* The length of a name with '=' behind it; 0: this word is none. */
static size_t name_at(const char *p)
{
	size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz-_0123456789");

	return p[n] == '=' ? n : 0;
}

/* The value at p; what follows it. */
static const char *put_value(const char *p)
{
	const char *end;

	if (*p == '"' && (end = strchr(p + 1, '"')) != NULL) {
		put_json(p + 1, (size_t)(end - p - 1));
		return end + 1;
	}
	put_json(p, strcspn(p, " "));
	return p + strcspn(p, " ");
}

static void put_members(const char *p)
{
	size_t n;

	while ((n = name_at(p += strspn(p, " "))) > 0) {
		fputs(", ", shared.sink);
		put_json(p, n);
		fputs(": ", shared.sink);
		p = put_value(p + n + 1);
	}
	if (*p != '\0') {
		fputs(", \"text\": ", shared.sink);
		put_json(p, strlen(p));
	}
}

/* --- lines --------------------------------------------------------------- */

__attribute__((format(printf, 4, 0))) static void print_plain(
    enum uk_log_level level, const char *stamp, long ms, const char *format,
    va_list ap)
{
	fprintf(shared.sink, "%s.%03ldZ %d %s ", stamp, ms, (int)getpid(),
	    names[level]);
	vfprintf(shared.sink, format, ap);
	fputc('\n', shared.sink);
}

__attribute__((format(printf, 4, 0))) static void print_json(
    enum uk_log_level level, const char *stamp, long ms, const char *format,
    va_list ap)
{
	char text[LINE_MAX_BYTES];

	(void)vsnprintf(text, sizeof(text), format, ap); /* cut if longer */
	fprintf(shared.sink,
	    "{\"time\": \"%s.%03ldZ\", \"pid\": %d, \"level\": \"%s\"", stamp,
	    ms, (int)getpid(), names[level]);
	put_members(text);
	fputs("}\n", shared.sink);
}

__attribute__((format(printf, 2, 0))) static void print_line(
    enum uk_log_level level, const char *format, va_list ap)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	if (shared.format == UK_LOG_JSON)
		print_json(level, stamp, now.tv_nsec / 1000000, format, ap);
	else
		print_plain(level, stamp, now.tv_nsec / 1000000, format, ap);
	fflush(shared.sink);
}

void uk_log(enum uk_log_level level, const char *format, ...)
{
	va_list ap;

	if (!uk_log_on(level))
		return;
	va_start(ap, format);
	pthread_mutex_lock(&shared.lock);
	if (shared.sink != NULL)
		print_line(level, format, ap);
	pthread_mutex_unlock(&shared.lock);
	va_end(ap);
}
