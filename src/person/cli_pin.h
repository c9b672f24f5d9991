/*
 * Where the PIN comes from: a pinentry program, a terminal with echo off, or a
 * file descriptor. Never an argument, the environment or a file's name.
 *
 * A PIN is read straight into the caller's uk_pin, used from there, and wiped
 * by the caller. Nothing here keeps one.
 */
#ifndef CLI_PIN_H
#define CLI_PIN_H

#include "secret.h"

enum pin_source {
	PIN_FROM_NOBODY,
	PIN_FROM_PINENTRY,
	PIN_FROM_TTY,
	PIN_FROM_FD /* one line per question */
};

struct pin_asker {
	enum pin_source source;
	const char *program; /* PIN_FROM_PINENTRY */
	int fd;              /* PIN_FROM_FD, or the terminal; -1 = /dev/tty */
};

/* --pin-fd, then --pinentry, then what fits the surroundings. */
struct pin_asker pin_choose(int pin_fd, const char *pinentry);
/* Can a wrong PIN be asked for again? */
static inline bool pin_is_person(const struct pin_asker *a)
{
	return a->source == PIN_FROM_PINENTRY || a->source == PIN_FROM_TTY;
}

struct pin_question {
	const char *purpose; /* "log in at https://..." */
	const char *token;   /* label of the card */
	int tries_left;      /* -1 = not known */
	const char *error;   /* NULL, or why it is asked again */
};

/* UK_ERR_CANCELLED; UK_ERR_PIN_LENGTH for an empty one or one too long;
 * UK_ERR_NOT_FOUND if there is nobody to ask, or the pinentry program is not
 * there. The caller wipes pin, also on failure. */
UK_RESULT pin_ask(
    const struct pin_asker *a, const struct pin_question *q, uk_pin *pin);

/* For tests: the line a person reads, e.g. "2 tries left"; "" if not known. */
const char *pin_tries_text(int tries_left, char *out, size_t cap);

#endif
