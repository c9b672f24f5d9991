/* Asking for a PIN. */
#include "vc_prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

/* Byte by byte, so that a second line on the same descriptor stays there. */
static uk_err read_line(int fd, uk_pin *pin)
{
	uk_buf line = UK_BUF(pin->p);
	uint8_t c = 0;
	ssize_t got;

	uk_wipe(pin, sizeof(*pin));
	while ((got = read(fd, &c, 1)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return uk_fail(UK_ERR_IO);
		if (c == '\n')
			break;
		uk_put_u8(&line, c);
	}
	uk_wipe(&c, 1);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		uk_buf_cut(&line, line.len - 1);
	pin->n = line.len;
	if (!line.bad && line.len > 0)
		return uk_ok();
	uk_wipe(pin, sizeof(*pin));
	return uk_fail(UK_ERR_PIN_LENGTH);
}

static uk_err ask(const char *question, const char *tail, uk_pin *pin)
{
	struct termios before, quiet;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	uk_err err = uk_fail(UK_ERR_CANCELLED);

	if (tty < 0 || tcgetattr(tty, &before) != 0)
		goto out;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		goto out;
	(void)dprintf(tty, "%s%s: ", question, tail); /* not before */
	err = read_line(tty, pin);
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	(void)dprintf(tty, "\n");
out:
	if (tty >= 0)
		(void)close(tty);
	return err;
}

uk_err vc_prompt_pin(int fd, const char *question, uk_pin *pin)
{
	return fd >= 0 ? read_line(fd, pin) : ask(question, "", pin);
}

uk_err vc_prompt_new_pin(int fd, const char *question, uk_pin *pin)
{
	uk_pin again = { 0 };
	uk_err err = vc_prompt_pin(fd, question, pin);

	if (fd >= 0 || !uk_is_ok(err))
		return err;
	err = ask(question, " (again)", &again);
	if (uk_is_ok(err) && !uk_equal(uk_pin_view(pin), uk_pin_view(&again)))
		err = uk_fail(UK_ERR_PIN_WRONG);
	uk_wipe(&again, sizeof(again));
	if (!uk_is_ok(err))
		uk_wipe(pin, sizeof(*pin));
	return err;
}
