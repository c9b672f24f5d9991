/* One loop that waits for everything, and for nothing in particular. */
#include "run.h"

#include "cards.h"
#include "device.h"
#include "keep.h"
#include "link.h"
#include "mem.h"
#include "screen.h"
#include "secret.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { CODE_MS = 120000, READ_PART = 16384, RETRY_MS = 1000 };

struct terminal {
	const struct trm_run_options *o;
	struct trm_keep keep;
	struct trm_link_terminal settings;
	struct trm_link *link;
	struct trm_device device;
	struct trm_screen screen;
	struct trm_cards *cards[TRM_SLOTS];
	struct trm_event event;
	uint8_t code[TRM_PAIRING_CODE];
	int64_t code_until; /* -1: none is shown */
	int64_t retry;      /* -1, or when to look for the line again */
	int fd, listener, wake, signals;
	bool up, end;
};

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

/* --- what the device asks ------------------------------------------------ */

static void send(void *arg, uk_bytes message)
{
	struct terminal *t = arg;

	/* A host that does not take its answers is as good as gone. */
	UK_IGNORE(trm_link_send(t->link, message, trm_now_ms()));
}

static void power(void *arg, unsigned slot)
{
	struct terminal *t = arg;

	trm_cards_power(t->cards[slot]); /* there is a card, so a reader */
}

static void power_off(void *arg, unsigned slot)
{
	struct terminal *t = arg;

	if (t->cards[slot] != NULL)
		trm_cards_power_off(t->cards[slot]);
}

static void transmit(void *arg, unsigned slot, uk_bytes apdu, bool secret)
{
	struct terminal *t = arg;

	trm_cards_transmit(t->cards[slot], apdu, secret);
}

static void ask_pin(void *arg, unsigned slot, const struct trm_pin_wish *wish)
{
	struct terminal *t = arg;

	if (!trm_screen_ask_pin(&t->screen, slot, wish))
		trm_device_pin(&t->device, slot, TRM_NO, NULL, NULL);
}

static void show(void *arg, unsigned slot, const uk_tx_item *items, size_t n)
{
	struct terminal *t = arg;

	if (!trm_screen_show(&t->screen, slot, items, n))
		trm_device_shown(&t->device, slot, TRM_NO);
}

static void dismiss(void *arg, unsigned slot)
{
	struct terminal *t = arg;

	trm_screen_dismiss(&t->screen, slot);
}

static uk_err hash(
    void *arg, enum trm_hash which, uk_bytes message, uk_buf *out)
{
	static const enum uk_hash names[] = { [TRM_SHA256] = UK_HASH_SHA256,
		[TRM_SHA384] = UK_HASH_SHA384,
		[TRM_SHA512] = UK_HASH_SHA512 };
	struct terminal *t = arg;

	return uk_hash_one(t->keep.crypto, names[which], message, out);
}

static uk_err sign(void *arg, uk_bytes message, uk_buf *signature)
{
	struct terminal *t = arg;

	return uk_key_sign(
	    t->keep.key, UK_SIG_ECDSA, UK_HASH_SHA256, message, signature);
}

static uk_err count(void *arg, uint64_t *number, uint64_t *now)
{
	struct terminal *t = arg;

	*now = (uint64_t)time(NULL);
	return trm_keep_count(&t->keep, number);
}

static const struct trm_device_ops device_ops = { send, power, power_off,
	transmit, ask_pin, show, dismiss, hash, sign, count };

/* --- what the screen tells ----------------------------------------------- */

static void write_screen(void *arg, uk_bytes text)
{
	(void)arg;
	while (text.n > 0) {
		ssize_t n = write(STDOUT_FILENO, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody looks */
		text = uk_bytes_from(text, (size_t)n);
	}
}

static void on_pin(
    void *arg, unsigned slot, bool yes, const uk_pin *old, const uk_pin *fresh)
{
	struct terminal *t = arg;

	trm_device_pin(&t->device, slot, yes ? TRM_YES : TRM_NO, old, fresh);
}

static void on_judged(void *arg, unsigned slot, bool yes)
{
	struct terminal *t = arg;

	trm_device_shown(&t->device, slot, yes ? TRM_YES : TRM_NO);
}

/* Eight digits, each as likely as the others. */
static bool make_code(uint8_t code[TRM_PAIRING_CODE])
{
	for (size_t i = 0; i < TRM_PAIRING_CODE; i++) {
		uint8_t byte;

		do {
			if (getrandom(&byte, 1, 0) != 1)
				return false;
		} while (byte >= 250);
		code[i] = (uint8_t)('0' + byte % 10);
	}
	return true;
}

static void on_pairing(void *arg)
{
	struct terminal *t = arg;
	char line[96];

	if (!make_code(t->code))
		return;
	t->code_until = trm_now_ms() + CODE_MS;
	snprintf(line, sizeof(line),
	    "Type this code at the computer within two minutes: %.8s",
	    (const char *)t->code);
	trm_screen_say(&t->screen, line);
	uk_wipe(line, sizeof(line));
}

static void on_end(void *arg)
{
	struct terminal *t = arg;

	t->end = true;
}

static const struct trm_screen_ops screen_ops = { write_screen, on_pin,
	on_judged, on_pairing, on_end };

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

	if (state != TRM_LINK_UP)
		host_gone(t);
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

static void adopt(struct terminal *t, int fd)
{
	t->fd = fd;
	t->retry = -1;
	trm_link_call(t->link);
}

/* The computer that is being served is not pushed aside by another one. */
static void on_listener(struct terminal *t)
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

static void move_bytes(struct terminal *t, short events)
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

static uk_err open_line(struct terminal *t)
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
	if (t->code_until >= 0 && now >= t->code_until) {
		t->code_until = -1;
		uk_wipe(t->code, sizeof(t->code));
		trm_screen_say(&t->screen, "The code is no longer valid.");
	}
	if (t->retry >= 0 && now >= t->retry)
		UK_IGNORE(open_line(t)); /* not there yet: later again */
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
		on_listener(t);
	else if (p[4].revents != 0 && p[4].fd == t->fd)
		move_bytes(t, p[4].revents);
	on_time(t);
	if (t->fd >= 0)
		move_bytes(t, 0); /* what all that has brought about */
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

static void open_device(struct terminal *t)
{
	struct trm_device_settings s = { .columns = (uint8_t)t->o->columns,
		.lines = (uint8_t)t->o->lines,
		.keypad = true,
		.strict = !t->o->open_policy };
	uk_buf point = UK_BUF(s.point);

	UK_IGNORE(uk_copy_str(s.name, sizeof(s.name), uk_view_str(t->o->name)));
	uk_put(&point, UK_ARRAY(t->keep.point));
	trm_device_init(&t->device, &s, &device_ops, t);
	trm_screen_init(&t->screen, t->o->columns, t->o->lines, &screen_ops, t);
}

static uk_err open_link(struct terminal *t)
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
	open_device(t);
	snprintf(why, cap, "out of memory");
	UK_TRY(open_link(t));
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
	err = open_line(t);
	if (t->o->line.kind != TRM_LINE_LISTEN)
		return uk_ok(); /* the cable may come later */
	if (!uk_is_ok(err))
		snprintf(why, cap, "cannot listen on %s:%u: %s",
		    t->o->line.path, t->o->line.port, strerror(errno));
	return err;
}

static void close_all(struct terminal *t)
{
	if (t->fd >= 0)
		close(t->fd);
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
