/* The Assuan dialogue with a pinentry program. */
#include "pinentry.h"

#include "hex.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct pinentry {
	pid_t pid;
	int to, from;                      /* our ends of the pipes, or -1 */
	uint8_t in[2 * PINENTRY_LINE_MAX]; /* received, not yet used */
	size_t have;
	uint8_t line[PINENTRY_LINE_MAX + 1]; /* the current line */
};

/* --- percent escapes ------------------------------------------------------ */

void pinentry_escape(uk_buf *out, uk_bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == '%')
			uk_put_str(out, "%25");
		else if (c == '\n')
			uk_put_str(out, "%0A");
		else if (c == '\r')
			uk_put_str(out, "%0D");
		else
			uk_put_u8(out, c);
	}
}

uk_err pinentry_unescape(uk_buf *out, uk_bytes text)
{
	uk_reader r = uk_read(text);

	while (r.left > 0) {
		uint8_t c = uk_get_u8(&r);

		if (c != '%')
			uk_put_u8(out, c);
		else if (r.left < 2)
			return uk_fail(UK_ERR_FORMAT);
		else
			UK_TRY(uk_hex_decode(uk_get(&r, 2), out));
	}
	return uk_buf_result(out);
}

/* --- lines ---------------------------------------------------------------- */

static uk_err write_all(int fd, uk_bytes v)
{
	uk_reader r = uk_read(v);

	while (r.left > 0) {
		ssize_t n = write(fd, r.p, r.left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return uk_fail(UK_ERR_IO);
		(void)uk_get(&r, (size_t)n);
	}
	return uk_ok();
}

static uk_err send_line(
    struct pinentry *p, const char *command, const char *text)
{
	uint8_t s[PINENTRY_LINE_MAX];
	uk_buf b = UK_BUF(s);

	uk_put_str(&b, command);
	if (text != NULL) {
		uk_put_u8(&b, ' ');
		pinentry_escape(&b, uk_view_str(text));
	}
	uk_put_u8(&b, '\n');
	UK_TRY(uk_buf_result(&b)); /* never cut: too long is an error */
	return write_all(p->to, uk_buf_view(&b));
}

/* Moves the first line of p->in to p->line; false if there is none yet. */
static bool take_line(struct pinentry *p, uk_bytes *line)
{
	uk_bytes in = uk_view(p->in, p->have);
	uk_buf left = UK_BUF(p->in), out = UK_BUF(p->line);
	size_t n = 0;

	while (n < in.n && in.p[n] != '\n')
		n++;
	if (n == in.n)
		return false;
	uk_put(&out, uk_bytes_first(in, n));
	*line = uk_buf_view(&out);
	/* What follows moves to the front: towards lower addresses, so byte by
	 * byte from the first one is right. */
	for (size_t i = n + 1; i < in.n; i++)
		uk_put_u8(&left, in.p[i]);
	p->have = left.len;
	uk_wipe(&p->in[left.len], sizeof(p->in) - left.len);
	return true;
}

static uk_err read_line(struct pinentry *p, uk_bytes *line)
{
	while (!take_line(p, line)) {
		ssize_t n;

		if (p->have >= PINENTRY_LINE_MAX)
			return uk_fail(UK_ERR_FORMAT);
		n = read(p->from, &p->in[p->have], sizeof(p->in) - p->have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return uk_fail(UK_ERR_IO);
		p->have += (size_t)n;
	}
	return line->n < PINENTRY_LINE_MAX ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static bool starts_with(uk_bytes line, const char *word)
{
	uk_bytes w = uk_view_str(word);

	return uk_bytes_eq(uk_bytes_first(line, w.n), w);
}

/* "ERR number text": the low 16 bits are the code of libgpg-error. */
static uk_err translate_err(uk_bytes line)
{
	unsigned long code = 0;
	uk_reader r = uk_read(uk_bytes_from(line, 4));

	while (uk_peek_u8(&r) >= '0' && uk_peek_u8(&r) <= '9')
		code = (code * 10 + (uk_get_u8(&r) - '0')) & 0xffffffff;
	switch (code & 0xffff) {
	case 99:  /* GPG_ERR_CANCELED */
	case 114: /* GPG_ERR_NOT_CONFIRMED */
		return uk_fail(UK_ERR_CANCELLED);
	case 62: /* GPG_ERR_TIMEOUT */
		return uk_fail(UK_ERR_TIMEOUT);
	default:
		return uk_fail(UK_ERR_IO);
	}
}

/* Reads to OK or ERR; D lines go to `data` (NULL: there must be none). */
static uk_err read_answer(struct pinentry *p, uk_buf *data)
{
	for (;;) {
		uk_bytes line;

		UK_TRY(read_line(p, &line));
		if (starts_with(line, "OK"))
			return data == NULL ? uk_ok() : uk_buf_result(data);
		if (starts_with(line, "ERR "))
			return translate_err(line);
		if (starts_with(line, "#") || starts_with(line, "S "))
			continue;
		if (!starts_with(line, "D ") || data == NULL)
			return uk_fail(UK_ERR_FORMAT);
		UK_TRY(pinentry_unescape(data, uk_bytes_from(line, 2)));
	}
}

static uk_err ask(struct pinentry *p, const char *command, const char *text)
{
	UK_TRY(send_line(p, command, text));
	return read_answer(p, NULL);
}

/* --- the program ---------------------------------------------------------- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The child gets the pipes as 0 and 1, and SIGPIPE as usual. */
static int spawn(const char *program, int in, int out, pid_t *pid)
{
	char name[] = "pinentry";
	char *argv[] = { name, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int rc;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	rc = posix_spawnp(pid, program, &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static uk_err start(struct pinentry *p, const char *program)
{
	int down[2] = { -1, -1 }, up[2] = { -1, -1 };
	uk_err err = uk_fail(UK_ERR_IO);

	if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0)
		goto out;
	if (spawn(program, down[0], up[1], &p->pid) != 0) {
		p->pid = -1;
		err = uk_fail(UK_ERR_NOT_FOUND);
		goto out;
	}
	p->to = down[1];
	p->from = up[0];
	down[1] = up[0] = -1; /* handed over */
	err = uk_ok();
out:
	for (int i = 0; i < 2; i++) {
		close_fd(&down[i]);
		close_fd(&up[i]);
	}
	return err;
}

/* Where the dialog is to appear. A program that does not know an option says
 * ERR, which does not matter. */
static uk_err send_options(struct pinentry *p)
{
	const struct {
		const char *name, *value;
	} options[] = {
		{ "ttyname=", ttyname(STDERR_FILENO) },
		{ "ttytype=", getenv("TERM") },
		{ "lc-ctype=", setlocale(LC_CTYPE, NULL) },
		{ "display=", getenv("DISPLAY") },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		char text[256];
		uk_buf b = uk_buf_over(text, sizeof(text));
		uk_err err;

		if (options[i].value == NULL || options[i].value[0] == '\0')
			continue;
		uk_put_str(&b, options[i].name);
		uk_put_str(&b, options[i].value);
		uk_put_u8(&b, 0);
		if (!uk_is_ok(uk_buf_result(&b)))
			continue;
		err = ask(p, "OPTION", text);
		if (uk_is(err, UK_ERR_FORMAT))
			return err;
	}
	return uk_ok();
}

uk_err pinentry_open(const char *program, struct pinentry **out)
{
	struct pinentry *p = uk_new(sizeof(*p));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (p == NULL)
		goto out;
	p->pid = -1;
	p->to = p->from = -1;
	err = start(p, program);
	if (uk_is_ok(err))
		err = read_answer(p, NULL); /* the greeting */
	if (uk_is_ok(err))
		err = send_options(p);
	if (!uk_is_ok(err))
		goto out;
	*out = p;
	p = NULL; /* handed over */
out:
	pinentry_close(&p);
	return err;
}

void pinentry_close(struct pinentry **p)
{
	if (*p == NULL)
		return;
	if ((*p)->to >= 0)
		UK_IGNORE(send_line(*p, "BYE", NULL)); /* it ends anyway */
	close_fd(&(*p)->to);
	close_fd(&(*p)->from);
	while ((*p)->pid > 0 && waitpid((*p)->pid, NULL, 0) < 0) {
		if (errno != EINTR)
			break;
	}
	uk_wipe(*p, sizeof(**p));
	uk_free(*p);
	*p = NULL;
}

/* --- questions ------------------------------------------------------------ */

static uk_err set_texts(struct pinentry *p, const struct pinentry_texts *t)
{
	const struct {
		const char *command, *text;
	} lines[] = {
		{ "SETTITLE", t->title },
		{ "SETDESC", t->description },
		{ "SETPROMPT", t->prompt },
		{ "SETERROR", t->error },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (lines[i].text != NULL)
			UK_TRY(ask(p, lines[i].command, lines[i].text));
	}
	return uk_ok();
}

uk_err pinentry_get_pin(
    struct pinentry *p, const struct pinentry_texts *t, uk_pin *pin)
{
	uk_buf out = UK_BUF(pin->p);
	uk_err err;

	pin->n = 0;
	UK_TRY(set_texts(p, t));
	UK_TRY(send_line(p, "GETPIN", NULL));
	err = read_answer(p, &out);
	pin->n = out.len;
	/* The lines it came in. */
	uk_wipe(p->line, sizeof(p->line));
	if (uk_is(err, UK_ERR_TOO_SMALL) || (uk_is_ok(err) && out.len == 0))
		return uk_fail(UK_ERR_PIN_LENGTH);
	return err;
}

uk_err pinentry_confirm(struct pinentry *p, const struct pinentry_texts *t)
{
	UK_TRY(set_texts(p, t));
	return ask(p, "CONFIRM", NULL);
}
