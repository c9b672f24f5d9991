/*
 * The debug log: off unless somebody asked for it.
 *
 * A library prints nothing to standard output or standard error. Lines go to a
 * sink that the program or the module's configuration installs. Whoever calls
 * uk_log must never pass a PIN, a key, a plaintext or an argument of a C_*
 * call.
 */
#ifndef UK_LOG_H
#define UK_LOG_H

#include <stdbool.h>
#include <stdio.h>

enum uk_log_level { UK_LOG_OFF, UK_LOG_ERROR, UK_LOG_INFO, UK_LOG_DEBUG };

/* Lines up to `level` go to `sink` (borrowed; NULL turns logging off). */
void uk_log_to(FILE *sink, enum uk_log_level level);
/* Lines as they are, or each as a JSON object: time, pid, level, and the
 * members that the text names as key=value or key="value", with what else it
 * says under "text"; cut at 4 KB. */
enum uk_log_format { UK_LOG_PLAIN, UK_LOG_JSON };
void uk_log_format(enum uk_log_format format);
bool uk_log_on(enum uk_log_level level);
/* In the child of a fork: turns logging off and makes the log usable again,
 * even if a thread of the parent was writing to it. */
void uk_log_after_fork(void);
void uk_log(enum uk_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
