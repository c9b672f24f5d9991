/* One loop that waits for everything, and for nothing in particular. */
#include "run_impl.h"

#include "mem.h"
#include "secret.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* --- cards --------------------------------------------------------------- */

static void on_event(
    struct terminal *t, unsigned slot, const struct trm_event *e)
{
	uk_bytes bytes = uk_view(e->bytes, e->n);

	switch (e->kind) {
	case TRM_EVENT_CARD:
		trm_device_card(&t->device, slot, e->present);
		break;
	case TRM_EVENT_POWERED:
		trm_device_powered(&t->device, slot, e->err, bytes);
		break;
	case TRM_EVENT_ANSWER:
		trm_device_transmitted(&t->device, slot, e->err, bytes);
		break;
	default:
		break;
	}
}

static void on_cards(struct terminal *t)
{
	uint64_t n;

	(void)!read(t->wake, &n, sizeof(n));
	for (unsigned slot = 0; slot < TRM_SLOTS; slot++) {
		while (t->cards[slot] != NULL &&
		       trm_cards_next(t->cards[slot], &t->event))
			on_event(t, slot, &t->event);
	}
}

/* --- the loop ------------------------------------------------------------ */

static void earlier(int64_t *first, int64_t moment)
{
	if (moment >= 0 && (*first < 0 || moment < *first))
		*first = moment;
}

static int wait_ms(const struct terminal *t)
{
	int64_t first = trm_device_deadline(&t->device), now = trm_now_ms();

	if (t->fd >= 0)
		earlier(&first, trm_link_deadline(t->link));
	earlier(&first, t->code_until);
	earlier(&first, t->retry);
	if (first < 0)
		return -1;
	if (first <= now)
		return 0;
	return first - now > 60000 ? 60000 : (int)(first - now);
}

static void on_time(struct terminal *t)
{
	int64_t now = trm_now_ms();

	trm_device_tick(&t->device, now);
	if (t->code_until >= 0 && now >= t->code_until)
		trm_run_code_old(t);
	if (t->retry >= 0 && now >= t->retry)
		UK_IGNORE(
		    trm_run_open_line(t)); /* not there yet: later again */
}

static void on_keys(struct terminal *t)
{
	uint8_t keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	if (n > 0)
		trm_screen_keys(&t->screen, uk_view(keys, (size_t)n));
	else if (n == 0 || errno != EINTR)
		t->end = true; /* no keys, no terminal */
	uk_wipe(keys, sizeof(keys));
}

static void turn(struct terminal *t)
{
	struct pollfd p[] = { { STDIN_FILENO, POLLIN, 0 },
		{ t->signals, POLLIN, 0 }, { t->wake, POLLIN, 0 },
		{ t->listener, POLLIN, 0 }, { t->fd, POLLIN, 0 } };

	if (t->fd >= 0 && trm_link_pending(t->link).n > 0)
		p[4].events |= POLLOUT;
	if (poll(p, 5, wait_ms(t)) < 0)
		return;
	if (p[0].revents != 0)
		on_keys(t);
	if (p[1].revents != 0)
		t->end = true;
	if (p[2].revents != 0)
		on_cards(t);
	if (p[3].revents != 0)
		trm_run_on_listener(t);
	else if (p[4].revents != 0 && p[4].fd == t->fd)
		trm_run_move_bytes(t, p[4].revents);
	on_time(t);
	if (t->fd >= 0)
		trm_run_move_bytes(t, 0); /* what all that has brought about */
}

/* --- opening and closing ------------------------------------------------- */

static int open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* before any thread */
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static uk_err open_all(struct terminal *t, char *why, size_t cap)
{
	uk_err err;

	t->signals = open_signals();
	t->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t->signals < 0 || t->wake < 0) {
		snprintf(why, cap, "%s", strerror(errno));
		return uk_fail(UK_ERR_IO);
	}
	UK_TRY(trm_keep_open(t->o->state, &t->keep, why, cap));
	trm_run_open_device(t);
	snprintf(why, cap, "out of memory");
	UK_TRY(trm_run_open_link(t));
	for (unsigned i = 0; i < TRM_SLOTS; i++) {
		if (t->o->cards[i] == NULL)
			continue;
		err = trm_cards_open(t->o->cards[i], t->wake, &t->cards[i]);
		if (!uk_is_ok(err)) {
			snprintf(why, cap, "cannot use \"%s\" as a card: %s",
			    t->o->cards[i], uk_err_name(err));
			return err;
		}
	}
	err = trm_run_open_line(t);
	if (t->o->line.kind != TRM_LINE_LISTEN)
		return uk_ok(); /* the cable may come later */
	if (!uk_is_ok(err))
		snprintf(why, cap, "cannot listen on %s:%u: %s",
		    t->o->line.path, t->o->line.port, strerror(errno));
	return err;
}

static void close_all(struct terminal *t)
{
	trm_run_leave(t);
	if (t->listener >= 0)
		close(t->listener);
	for (unsigned i = 0; i < TRM_SLOTS; i++)
		trm_cards_close(&t->cards[i]);
	trm_link_free(&t->link);
	trm_keep_close(&t->keep);
	if (t->wake >= 0)
		close(t->wake);
	if (t->signals >= 0)
		close(t->signals);
	uk_wipe(t, sizeof(*t));
	uk_free(t);
}

static void say_ready(const struct terminal *t)
{
	if (t->o->ready_fd >= 0) {
		dprintf(t->o->ready_fd, "%u\n",
		    t->listener < 0 ? 0 : trm_line_port(t->listener));
		close(t->o->ready_fd);
	}
}

uk_err trm_run(const struct trm_run_options *o, char *why, size_t why_cap)
{
	struct terminal *t = uk_new(sizeof(*t));
	char line[160];
	uk_err err;

	if (t == NULL)
		return uk_fail(UK_ERR_MEMORY);
	t->o = o;
	t->fd = t->listener = t->wake = t->signals = -1;
	t->code_until = t->retry = -1;
	err = open_all(t, why, why_cap);
	if (uk_is_ok(err)) {
		snprintf(line, sizeof(line),
		    "%s: [p] pairs with a computer, [q] ends.", o->name);
		trm_screen_say(&t->screen, line);
		say_ready(t);
		while (!t->end)
			turn(t);
	}
	close_all(t);
	return err;
}
