/* The three sources of a PIN. */
#include "cli_pin.h"

#include "pinentry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { TEXT_MAX = 512 };

const char *pin_tries_text(int tries_left, char *out, size_t cap)
{
	if (tries_left < 0)
		snprintf(out, cap, "%s", "");
	else if (tries_left == 1)
		snprintf(out, cap,
		    "LAST TRY: after a wrong PIN the card is "
		    "blocked");
	else
		snprintf(out, cap, "%d tries left", tries_left);
	return out;
}

static bool can_open_tty(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool has_screen(void)
{
	return getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL;
}

struct pin_asker pin_choose(int pin_fd, const char *pinentry)
{
	struct pin_asker a = { PIN_FROM_NOBODY, NULL, -1 };

	if (pin_fd >= 0) {
		a.source = PIN_FROM_FD;
		a.fd = pin_fd;
		/* Not for the children: they have no business with it. */
		(void)fcntl(pin_fd, F_SETFD, FD_CLOEXEC);
	} else if (pinentry != NULL && pinentry[0] != '\0') {
		a.source = PIN_FROM_PINENTRY;
		a.program = pinentry;
	} else if (can_open_tty()) {
		a.source = PIN_FROM_TTY;
	} else if (has_screen()) {
		a.source = PIN_FROM_PINENTRY;
		a.program = "pinentry";
	}
	return a;
}

/* --- bytes from a descriptor ---------------------------------------------- */

static int next_byte(int fd)
{
	uint8_t c;
	ssize_t n;

	do {
		n = read(fd, &c, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1 ? c : -1;
}

/* One line, without its line feed. */
static uk_err ask_fd(int fd, uk_pin *pin)
{
	uk_buf out = UK_BUF(pin->p);
	int c;

	while ((c = next_byte(fd)) >= 0 && c != '\n')
		uk_put_u8(&out, (uint8_t)c);
	pin->n = out.len;
	if (out.bad || out.len == 0)
		return uk_fail(UK_ERR_PIN_LENGTH);
	return uk_ok();
}

/* --- terminal ------------------------------------------------------------- */

enum { KEY_CTRL_C = 3, KEY_CTRL_D = 4, KEY_CTRL_U = 21, KEY_DELETE = 127 };

/* Back over one character of UTF-8. */
static void take_back(uk_buf *out)
{
	while (out->len > 0) {
		uint8_t c = out->p[out->len - 1];

		uk_buf_cut(out, out->len - 1);
		if ((c & 0xc0) != 0x80)
			return;
	}
}

/* Reads keys until Enter. Echo is off and so are the signal keys: Ctrl-C must
 * not leave the terminal without echo. */
static uk_err read_keys(int fd, uk_pin *pin)
{
	uk_buf out = UK_BUF(pin->p);

	for (;;) {
		int c = next_byte(fd);

		if (c < 0 || c == KEY_CTRL_C || c == KEY_CTRL_D)
			return uk_fail(UK_ERR_CANCELLED);
		if (c == '\n' || c == '\r')
			break;
		if (c == KEY_DELETE || c == '\b')
			take_back(&out);
		else if (c == KEY_CTRL_U)
			uk_buf_cut(&out, 0);
		else
			uk_put_u8(&out, (uint8_t)c);
	}
	pin->n = out.len;
	if (out.bad || out.len == 0)
		return uk_fail(UK_ERR_PIN_LENGTH);
	return uk_ok();
}

static uk_err hide_keys(int fd, struct termios *old)
{
	struct termios hidden;

	if (tcgetattr(fd, old) != 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	hidden = *old;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
	hidden.c_cc[VMIN] = 1;
	hidden.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSAFLUSH, &hidden) == 0 ? uk_ok()
						      : uk_fail(UK_ERR_IO);
}

static void put_question(int fd, const struct pin_question *q)
{
	char tries[TEXT_MAX];

	pin_tries_text(q->tries_left, tries, sizeof(tries));
	if (q->error != NULL)
		dprintf(fd, "%s\n", q->error);
	dprintf(fd, "PIN of card \"%s\" to %s%s%s%s: ", q->token, q->purpose,
	    tries[0] == '\0' ? "" : " (", tries, tries[0] == '\0' ? "" : ")");
}

/* Who is quick to answer is not to see his PIN: it is hidden first. */
static uk_err ask_tty(int given, const struct pin_question *q, uk_pin *pin)
{
	struct termios old;
	int fd = given;
	uk_err err;

	if (fd < 0)
		fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	err = hide_keys(fd, &old);
	if (uk_is_ok(err)) {
		put_question(fd, q);
		err = read_keys(fd, pin);
		(void)tcsetattr(fd, TCSAFLUSH, &old);
		dprintf(fd, "\n");
	}
	if (given < 0)
		close(fd);
	return err;
}

/* --- pinentry ------------------------------------------------------------- */

static uk_err ask_pinentry(
    const char *program, const struct pin_question *q, uk_pin *pin)
{
	char description[TEXT_MAX], tries[TEXT_MAX / 4];
	struct pinentry *p = NULL;
	struct pinentry_texts t = { "ukey", description, "PIN:", q->error };
	uk_err err;

	pin_tries_text(q->tries_left, tries, sizeof(tries));
	if (snprintf(description, sizeof(description),
		"PIN of card \"%s\"\nto %s\n%s", q->token, q->purpose,
		tries) >= (int)sizeof(description))
		return uk_fail(UK_ERR_TOO_SMALL);
	err = pinentry_open(program, &p);
	if (uk_is_ok(err))
		err = pinentry_get_pin(p, &t, pin);
	pinentry_close(&p);
	return err;
}

uk_err pin_ask(
    const struct pin_asker *a, const struct pin_question *q, uk_pin *pin)
{
	pin->n = 0;
	switch (a->source) {
	case PIN_FROM_PINENTRY:
		return ask_pinentry(a->program, q, pin);
	case PIN_FROM_TTY:
		return ask_tty(a->fd, q, pin);
	case PIN_FROM_FD:
		return ask_fd(a->fd, pin);
	case PIN_FROM_NOBODY:
		break;
	}
	return uk_fail(UK_ERR_NOT_FOUND);
}
