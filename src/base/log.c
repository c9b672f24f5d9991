/* One line per event: time, process, level, text. */
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static struct {
	pthread_mutex_t lock;
	FILE *sink;
	_Atomic int level; /* enum uk_log_level; read without the lock */
} shared = { PTHREAD_MUTEX_INITIALIZER, NULL, UK_LOG_OFF };

static const char *const names[] = { "off", "error", "info", "debug" };

void uk_log_to(FILE *sink, enum uk_log_level level)
{
	pthread_mutex_lock(&shared.lock);
	shared.sink = sink;
	atomic_store(&shared.level, sink == NULL ? UK_LOG_OFF : level);
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

__attribute__((format(printf, 2, 0))) static void print_line(
    enum uk_log_level level, const char *format, va_list ap)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(shared.sink, "%s.%03ldZ %d %s ", stamp, now.tv_nsec / 1000000,
	    (int)getpid(), names[level]);
	vfprintf(shared.sink, format, ap);
	fputc('\n', shared.sink);
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
