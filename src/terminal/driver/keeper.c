/* The thread that keeps a terminal's line and link. */
#include "termreader_impl.h"

#include "pairs.h"
#include "secret.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAIRS_FILE "/var/lib/ukey/terminal"

enum {
	READ_PART = 16384,
	RETRY_MS = 1000, /* of connecting, where nothing tells of a change */
	HELLO = 0x01
};

/* --- waiting and waking -------------------------------------------------- */

void trm_reader_wake_keeper(struct trm_reader *r)
{
	uint64_t one = 1;

	(void)!write(r->wake, &one, sizeof(one)); /* full: it is awake */
}

static void end_request(struct request *q, uk_err err)
{
	if (q == NULL || !q->waiting || q->done)
		return;
	q->err = err;
	q->done = true;
}

static void set_present(struct trm_reader *r, unsigned slot, bool present)
{
	struct slot *s = &r->slots[slot];

	if (s->present == present)
		return;
	s->gone = s->gone || !present;
	s->present = present;
	pthread_cond_broadcast(&r->changed);
}

/* There is no terminal any more: no cards, no answers. */
static void lose(struct trm_reader *r)
{
	r->up = false;
	r->facts = (struct trm_reader_facts){ 0 };
	for (unsigned i = 0; i < TRM_READER_SLOTS; i++) {
		set_present(r, i, false);
		end_request(r->slots[i].request, uk_fail(UK_ERR_NO_READER));
	}
	end_request(&r->pairing, uk_fail(UK_ERR_NO_READER));
	pthread_cond_broadcast(&r->changed);
}

static void close_line(struct trm_reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->retry = trm_now_ms() + RETRY_MS;
	lose(r);
}

/* --- the link ------------------------------------------------------------ */

static const char *pairs_path(const struct trm_reader *r)
{
	return r->line.pairs[0] != '\0' ? r->line.pairs : PAIRS_FILE;
}

static uint32_t random_number(void)
{
	uint32_t n = 0;

	return getrandom(&n, sizeof(n), 0) == sizeof(n)
		   ? n
		   : (uint32_t)trm_now_ms();
}

/* The conversation that there should be now. Not paired: none. */
static void open_link(struct trm_reader *r)
{
	struct trm_pairs pairs;
	bool known;

	if (r->line.plain) {
		UK_IGNORE(trm_link_open(
		    r->link, NULL, random_number(), trm_now_ms()));
		return;
	}
	known = uk_is_ok(trm_pairs_read(pairs_path(r), &pairs)) && pairs.n > 0;
	if (known) /* a failure is a link that is down, and tried again */
		UK_IGNORE(
		    trm_link_open(r->link, &pairs.list[pairs.n - 1].secret,
			random_number(), trm_now_ms()));
	uk_wipe(&pairs, sizeof(pairs));
}

static void begin_pairing(struct trm_reader *r)
{
	uk_err err = trm_link_pair(
	    r->link, UK_ARRAY(r->code), random_number(), trm_now_ms());

	r->want_pair = false;
	uk_wipe(r->code, sizeof(r->code));
	lose(r); /* whatever was going on */
	r->pairing = (struct request){ .waiting = true,
		.deadline = trm_now_ms() + TRM_PAIR_MS };
	if (!uk_is_ok(err))
		end_request(&r->pairing, err);
}

static void finish_pairing(struct trm_reader *r)
{
	struct trm_pairs pairs = { .n = 1 };
	uk_err err = uk_fail(UK_ERR_INTERNAL);

	if (trm_link_paired(r->link, &pairs.list[0]))
		err = trm_pairs_write(pairs_path(r), &pairs);
	uk_wipe(&pairs, sizeof(pairs));
	end_request(&r->pairing, err);
	pthread_cond_broadcast(&r->changed);
	open_link(r);
}

/* --- messages ------------------------------------------------------------ */

void trm_reader_say(struct trm_reader *r, unsigned slot, enum uk_ccid_type type,
    uint8_t seq, uk_bytes data)
{
	static _Thread_local uint8_t storage[UK_CCID_MAX];
	uk_buf out = UK_BUF(storage);

	uk_ccid_put(&out, &(struct uk_ccid){ (uint8_t)type, (uint8_t)slot, seq,
			      { 0, 0, 0 }, data });
	UK_IGNORE(trm_link_send(r->link, uk_buf_view(&out), trm_now_ms()));
	uk_wipe(storage, out.len);
}

static void say_hello(struct trm_reader *r)
{
	static const uint8_t hello[] = { HELLO, 1 };

	trm_reader_say(r, 0, UK_CCID_ESCAPE, TRM_STATUS_SEQ, UK_ARRAY(hello));
	for (unsigned i = 0; i < TRM_READER_SLOTS; i++)
		trm_reader_say(
		    r, i, UK_CCID_GET_STATUS, TRM_STATUS_SEQ, UK_NONE);
}

static void on_hello(struct trm_reader *r, uk_bytes data)
{
	uk_reader in = uk_read(data);
	uint8_t what = uk_get_u8(&in), flags;

	(void)uk_get(&in, 2); /* version, slots */
	flags = uk_get_u8(&in);
	r->facts.columns = uk_get_u8(&in);
	r->facts.lines = uk_get_u8(&in);
	if (in.bad || what != HELLO) {
		r->facts = (struct trm_reader_facts){ 0 };
		return;
	}
	r->facts.keypad = (flags & 1) != 0;
	r->facts.display = (flags & 2) != 0;
	r->facts.strict = (flags & 4) != 0;
	r->up = true;
	pthread_cond_broadcast(&r->changed);
}

/* Foreign error language: CCID's bError. */
static uk_err error_of(uint8_t error)
{
	switch (error) {
	case UK_CCID_E_MUTE:
		return uk_fail(UK_ERR_CARD_MUTE);
	case UK_CCID_E_PIN_CANCELLED:
	case UK_CCID_E_ABORTED:
		return uk_fail(UK_ERR_CANCELLED);
	case UK_CCID_E_PIN_TIMEOUT:
		return uk_fail(UK_ERR_TIMEOUT);
	case UK_CCID_E_NOT_SUPPORTED:
		return uk_fail(UK_ERR_UNSUPPORTED);
	default:
		return uk_fail(UK_ERR_IO);
	}
}

static void answer_request(struct request *q, const struct uk_ccid *m)
{
	uint8_t status = m->p[0] & UK_CCID_COMMAND_BITS;

	if (status == UK_CCID_MORE_TIME) {
		q->deadline = trm_now_ms() + TRM_SILENCE_MS;
		if (q->deadline > q->last)
			q->deadline = q->last;
		return;
	}
	q->error = m->p[1];
	if (status == UK_CCID_FAILED) {
		end_request(q, error_of(m->p[1]));
		return;
	}
	uk_put(q->answer, m->data);
	end_request(q, uk_buf_result(q->answer));
}

static void on_answer(struct trm_reader *r, const struct uk_ccid *m)
{
	struct request *q;

	if (m->slot >= TRM_READER_SLOTS)
		return;
	if (m->seq == TRM_STATUS_SEQ) {
		if (m->type == UK_CCID_ESCAPED)
			on_hello(r, m->data);
		else
			set_present(r, m->slot,
			    (m->p[0] & UK_CCID_CARD_BITS) != UK_CCID_NO_CARD);
		return;
	}
	q = r->slots[m->slot].request;
	if (q == NULL || !q->waiting || q->done || q->seq != m->seq)
		return; /* nobody waits for it any more */
	answer_request(q, m);
	pthread_cond_broadcast(&r->changed);
}

static void on_message(struct trm_reader *r, uk_bytes message)
{
	struct uk_ccid_slots slots;
	struct uk_ccid m;

	if (uk_is_ok(uk_ccid_parse_slots(message, &slots))) {
		/* Before its hello the terminal cannot be asked for anything,
		 * and pcscd would; our questions for the slots are under way.
		 */
		for (unsigned i = 0; r->up && i < TRM_READER_SLOTS; i++) {
			bool present = (slots.present >> i & 1) != 0;

			/* Another card may have come between. */
			if ((slots.changed >> i & 1) != 0 && present)
				set_present(r, i, false);
			set_present(r, i, present);
		}
	} else if (uk_is_ok(uk_ccid_parse(message, &m))) {
		on_answer(r, &m);
	}
}

static void hear(struct trm_reader *r)
{
	uk_bytes message;

	while (trm_link_next(r->link, &message, trm_now_ms()))
		on_message(r, message);
}

/* The link's state may have changed by what came in or by time. */
static void follow_link(struct trm_reader *r, enum trm_link_state before)
{
	enum trm_link_state state = trm_link_state(r->link);

	if (state == TRM_LINK_UP && before != TRM_LINK_UP)
		say_hello(r);
	hear(r);
	state = trm_link_state(r->link);
	if (state == before)
		return;
	if (state == TRM_LINK_PAIRED) {
		finish_pairing(r);
	} else if (state == TRM_LINK_REFUSED) {
		/* What was paired before still is. */
		r->retry = r->pairing.waiting ? trm_now_ms() : -1;
		end_request(&r->pairing, trm_link_why(r->link));
		lose(r);
	} else if (state == TRM_LINK_DOWN) {
		lose(r);
		r->retry = trm_now_ms() + RETRY_MS;
	}
}

/* --- the thread ---------------------------------------------------------- */

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
	open_link(r);
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
		r->retry = is_told(r) ? -1 : trm_now_ms() + RETRY_MS;
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
	follow_link(r, before);
	out = trm_link_pending(r->link);
	if (out.n == 0)
		return;
	if (trm_line_write(r->fd, out, &n))
		trm_link_written(r->link, n, trm_now_ms());
	else
		close_line(r);
}

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
		end_request(&r->pairing, uk_fail(UK_ERR_TIMEOUT));
		pthread_cond_broadcast(&r->changed);
		r->retry = now; /* what was paired before still is */
	}
	if (r->retry < 0 || now < r->retry)
		return;
	if (r->fd < 0) {
		try_line(r);
	} else {
		r->retry = -1;
		open_link(r);
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
		begin_pairing(r);
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
