/*
 * Asking a person through a pinentry program (the dialogs of GnuPG), over two
 * pipes, in the Assuan line protocol.
 *
 * The program runs outside this process, with its own window or screen. Lines
 * are at most 1000 bytes, as the programs themselves demand: longer texts are
 * refused, never cut.
 */
#ifndef CLI_PINENTRY_H
#define CLI_PINENTRY_H

#include "secret.h"

struct pinentry;

enum { PINENTRY_LINE_MAX = 1000 }; /* with the line feed */

/* UK_ERR_NOT_FOUND if the program cannot be started, UK_ERR_IO if it does not
 * greet. */
UK_RESULT pinentry_open(const char *program, struct pinentry **out);
void pinentry_close(struct pinentry **p); /* accepts NULL; waits for it */

struct pinentry_texts {
	const char *title, *description, *prompt;
	const char *error; /* NULL or why it is asked again */
};

/* UK_ERR_CANCELLED if the person cancels, UK_ERR_PIN_LENGTH if nothing was
 * entered or too much, UK_ERR_TOO_SMALL if a text is too long for a line. The
 * caller wipes pin. */
UK_RESULT pinentry_get_pin(
    struct pinentry *p, const struct pinentry_texts *t, uk_pin *pin);
/* Yes or UK_ERR_CANCELLED. */
UK_RESULT pinentry_confirm(struct pinentry *p, const struct pinentry_texts *t);

/* %XX for '%', CR and LF; appends. */
void pinentry_escape(uk_buf *out, uk_bytes text);
/* UK_ERR_FORMAT for a bad escape; appends. */
UK_RESULT pinentry_unescape(uk_buf *out, uk_bytes text);

#endif
