/* The computer at the other end: what the link asks, and what it tells. */
#include "run_impl.h"

#include "secret.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { READ_PART = 16384, RETRY_MS = 1000 };

/* --- what the link asks -------------------------------------------------- */

static bool find_secret(void *arg, uk_bytes id, struct trm_secret *out)
{
	struct terminal *t = arg;

	return trm_keep_find(&t->keep, id, out);
}

static bool take_code(void *arg, uint8_t code[TRM_PAIRING_CODE])
{
	struct terminal *t = arg;
	bool shown = t->code_until >= 0;

	t->code_until = -1;
	if (shown)
		UK_IGNORE(
		    uk_copy_exact(code, TRM_PAIRING_CODE, UK_ARRAY(t->code)));
	uk_wipe(t->code, sizeof(t->code));
	return shown;
}

/* --- the link ------------------------------------------------------------ */

static void host_gone(struct terminal *t)
{
	if (!t->up)
		return;
	t->up = false;
	trm_device_host_gone(&t->device);
	trm_screen_say(&t->screen, "The computer is gone.");
}

static void on_paired(struct terminal *t)
{
	struct trm_paired p;
	char line[160];

	if (trm_link_paired(t->link, &p)) {
		bool kept = uk_is_ok(trm_keep_pair(&t->keep, &p));

		snprintf(line, sizeof(line), "%s %s.",
		    kept ? "Paired with" : "Could not keep the pairing with",
		    p.name);
		trm_screen_say(&t->screen, line);
	}
	uk_wipe(&p, sizeof(p));
}

static void follow_link(struct terminal *t, enum trm_link_state before)
{
	enum trm_link_state state = trm_link_state(t->link);
	uk_bytes message;

	if (state != TRM_LINK_UP || t->streams != trm_link_streams(t->link))
		host_gone(t);
	t->streams = trm_link_streams(t->link);
	if (state == TRM_LINK_UP && !t->up) {
		t->up = true;
		trm_screen_say(&t->screen,
		    t->settings.plain
			? "A computer is there. NOT SECURED: for tests only."
			: "The computer is there.");
	}
	if (state == TRM_LINK_PAIRED && before != TRM_LINK_PAIRED)
		on_paired(t);
	if (state == TRM_LINK_REFUSED && before != TRM_LINK_REFUSED)
		trm_screen_say(&t->screen,
		    "Refused: a computer that is not paired, or another code.");
	while (trm_link_next(t->link, &message, trm_now_ms()))
		trm_device_message(&t->device, message, trm_now_ms());
}

static void close_line(struct terminal *t)
{
	host_gone(t);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	if (t->listener < 0) /* else somebody will come */
		t->retry = trm_now_ms() + RETRY_MS;
}

/* A tty does not tell the computer that nobody is behind it any more. */
void trm_run_leave(struct terminal *t)
{
	size_t n;

	if (t->fd < 0)
		return;
	trm_link_call(t->link);
	(void)trm_line_write(t->fd, trm_link_pending(t->link), &n);
	close(t->fd);
	t->fd = -1;
}

static void adopt(struct terminal *t, int fd)
{
	t->fd = fd;
	t->retry = -1;
	trm_link_call(t->link);
}

/* The computer that is being served is not pushed aside by another one. */
void trm_run_on_listener(struct terminal *t)
{
	int fd;

	if (!uk_is_ok(trm_line_accept(t->listener, &fd)))
		return;
	if (t->up) {
		close(fd);
		return;
	}
	if (t->fd >= 0)
		close_line(t);
	adopt(t, fd);
}

void trm_run_move_bytes(struct terminal *t, short events)
{
	static uint8_t bytes[READ_PART];
	enum trm_link_state before = trm_link_state(t->link);
	uk_bytes out;
	size_t n = 0;

	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 &&
	    !trm_line_read(t->fd, bytes, sizeof(bytes), &n)) {
		close_line(t);
		return;
	}
	trm_link_feed(t->link, uk_view(bytes, n), trm_now_ms());
	trm_link_tick(t->link, trm_now_ms());
	follow_link(t, before);
	out = trm_link_pending(t->link);
	if (out.n == 0)
		return;
	if (trm_line_write(t->fd, out, &n))
		trm_link_written(t->link, n, trm_now_ms());
	else
		close_line(t);
}

uk_err trm_run_open_line(struct terminal *t)
{
	int fd;

	t->retry = t->o->line.kind == TRM_LINE_LISTEN ? -1
						      : trm_now_ms() + RETRY_MS;
	UK_TRY(trm_line_open(&t->o->line, &fd));
	if (t->o->line.kind == TRM_LINE_LISTEN)
		t->listener = fd;
	else
		adopt(t, fd);
	return uk_ok();
}

uk_err trm_run_open_link(struct terminal *t)
{
	uk_buf point = UK_BUF(t->settings.point);

	t->settings.name = t->o->name;
	t->settings.find = find_secret;
	t->settings.take_code = take_code;
	t->settings.arg = t;
	t->settings.plain = t->o->line.plain;
	uk_put(&point, UK_ARRAY(t->keep.point));
	return trm_link_new_terminal(&t->settings, &t->link);
}
