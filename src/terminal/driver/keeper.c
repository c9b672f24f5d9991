/* The thread that keeps a terminal's line. */
#include "termreader_impl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_PART = 16384 };

/* --- waiting and waking -------------------------------------------------- */

void trm_reader_wake_keeper(struct trm_reader *r)
{
	uint64_t one = 1;

	(void)!write(r->wake, &one, sizeof(one)); /* full: it is awake */
}

/* --- the line ------------------------------------------------------------ */

static void end_watch(struct trm_reader *r)
{
	if (r->watch >= 0)
		close(r->watch);
	r->watch = -1;
}

static void adopt(struct trm_reader *r, int fd)
{
	end_watch(r);
	r->fd = fd;
	r->retry = -1;
	trm_reader_open_link(r);
}

/* The folder of a tty tells when it comes. It may go itself, as
 * /dev/serial/by-id does, so what has told something is made anew. */
static void watch_folder(struct trm_reader *r)
{
	char folder[TRM_LINE_TEXT];
	char *slash;

	if (r->watch >= 0 || r->line.kind != TRM_LINE_TTY)
		return;
	snprintf(folder, sizeof(folder), "%s", r->line.path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	r->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (r->watch >= 0 &&
	    inotify_add_watch(r->watch, folder[0] == '\0' ? "/" : folder,
		IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0)
		end_watch(r);
}

static void close_line(struct trm_reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->retry = trm_now_ms() + TRM_RETRY_MS;
	watch_folder(r); /* the next cable may be quicker than that */
	trm_reader_lose(r);
}

/* Does the folder tell when it is worth trying again? Not of a name that is
 * there and cannot be opened, or leads nowhere. */
static bool is_told(const struct trm_reader *r)
{
	struct stat st;

	return r->watch >= 0 && lstat(r->line.path, &st) != 0;
}

static void try_line(struct trm_reader *r)
{
	int fd;

	r->retry = -1;
	if (r->line.kind == TRM_LINE_LISTEN && r->listener >= 0)
		return;
	watch_folder(r); /* before looking, so that nothing is missed */
	if (!uk_is_ok(trm_line_open(&r->line, &fd)))
		r->retry = is_told(r) ? -1 : trm_now_ms() + TRM_RETRY_MS;
	else if (r->line.kind == TRM_LINE_LISTEN)
		r->listener = fd;
	else
		adopt(r, fd);
}

static void move_bytes(struct trm_reader *r, short events)
{
	static _Thread_local uint8_t bytes[READ_PART];
	enum trm_link_state before = trm_link_state(r->link);
	uk_bytes out;
	size_t n = 0;

	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 &&
	    !trm_line_read(r->fd, bytes, sizeof(bytes), &n)) {
		close_line(r);
		return;
	}
	trm_link_feed(r->link, uk_view(bytes, n), trm_now_ms());
	trm_link_tick(r->link, trm_now_ms());
	trm_reader_follow_link(r, before);
	out = trm_link_pending(r->link);
	if (out.n == 0)
		return;
	if (trm_line_write(r->fd, out, &n))
		trm_link_written(r->link, n, trm_now_ms());
	else
		close_line(r);
}

/* --- the thread ---------------------------------------------------------- */

static void earlier(int64_t *first, int64_t t)
{
	if (t >= 0 && (*first < 0 || t < *first))
		*first = t;
}

static int64_t next_moment(const struct trm_reader *r)
{
	int64_t first = r->fd >= 0 ? trm_link_deadline(r->link) : -1;

	earlier(&first, r->retry);
	if (r->pairing.waiting && !r->pairing.done)
		earlier(&first, r->pairing.deadline);
	return first;
}

static int wait_ms(const struct trm_reader *r)
{
	int64_t first = next_moment(r), now = trm_now_ms();

	if (first < 0)
		return -1;
	if (first <= now)
		return 0;
	return first - now > 60000 ? 60000 : (int)(first - now);
}

static void drain(int fd)
{
	uint8_t bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static void on_time(struct trm_reader *r)
{
	int64_t now = trm_now_ms();

	if (r->pairing.waiting && !r->pairing.done &&
	    now >= r->pairing.deadline) {
		trm_reader_end_request(&r->pairing, uk_fail(UK_ERR_TIMEOUT));
		pthread_cond_broadcast(&r->changed);
		r->retry = now; /* what was paired before still is */
	}
	if (r->retry < 0 || now < r->retry)
		return;
	if (r->fd < 0) {
		try_line(r);
	} else {
		r->retry = -1;
		trm_reader_open_link(r);
	}
}

static void on_events(struct trm_reader *r, const struct pollfd *p)
{
	int fd;

	if (p[0].revents != 0)
		drain(r->wake);
	if (p[2].revents != 0 && r->fd < 0) {
		end_watch(r);
		r->retry = trm_now_ms();
	}
	/* The last one who comes is served: the cable was put in again. */
	if (p[3].revents != 0 && uk_is_ok(trm_line_accept(r->listener, &fd))) {
		if (r->fd >= 0)
			close_line(r);
		adopt(r, fd);
	} else if (p[1].fd >= 0 && p[1].fd == r->fd) {
		move_bytes(r, p[1].revents);
	}
	if (r->want_pair && r->fd >= 0)
		trm_reader_begin_pairing(r);
	on_time(r);
	if (r->fd >= 0)
		move_bytes(r, 0); /* what that has brought about */
}

void *trm_reader_keep(void *arg)
{
	struct trm_reader *r = arg;

	pthread_mutex_lock(&r->lock);
	try_line(r);
	while (!r->stop) {
		struct pollfd p[4] = { { r->wake, POLLIN, 0 },
			{ r->fd, POLLIN, 0 }, { r->watch, POLLIN, 0 },
			{ r->listener, POLLIN, 0 } };
		int ms;

		if (r->fd >= 0 && trm_link_pending(r->link).n > 0)
			p[1].events |= POLLOUT;
		ms = wait_ms(r);
		pthread_mutex_unlock(&r->lock);
		if (poll(p, 4, ms) < 0 && errno != EINTR)
			p[0].revents = 0;
		pthread_mutex_lock(&r->lock);
		on_events(r, p);
	}
	close_line(r);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}
