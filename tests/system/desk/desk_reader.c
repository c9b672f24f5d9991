/* A reader with one slot behind a Unix socket (wire.h), in which things happen
 * at the command they were ordered for. */
#include "desk_reader.h"

#include "vc_socket.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 16 };

struct client {
	int fd; /* -1: free */
	bool watches, linked, waits;
	uint32_t events, resets;
	uk_buf in;
	uint8_t storage[UK_WIRE_MAX];
};

static struct client clients[CLIENTS];
static struct client *owner;
static int listener = -1;
static char path[256];
static bool called; /* another program waits for the card */

/* --- the place ------------------------------------------------------------ */

const unsigned desk_place_events = ~(1U << DESK_KILL);

bool desk_place_open(const char *folder)
{
	(void)snprintf(path, sizeof(path), "%s/reader", folder);
	return true;
}

void desk_place_configure(FILE *f)
{
	(void)fprintf(f, "reader = unix:%s\npcsc = off\n", path);
}

bool desk_place_tidy(void)
{
	return true;
}

void desk_place_close(void)
{
}

/* --- words ---------------------------------------------------------------- */

static void hang_up(struct client *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	if (owner == c)
		owner = NULL;
}

static void say(struct client *c, const struct uk_wire *m)
{
	static uint8_t storage[UK_WIRE_MAX];
	uk_buf out = UK_BUF(storage);

	if (!uk_is_ok(uk_wire_encode(m, &out)) ||
	    send(c->fd, out.p, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
		hang_up(c);
}

static void say_error(struct client *c, enum uk_wire_error error)
{
	say(c, &(struct uk_wire){
		   .type = UK_WIRE_ERROR, .error = (uint8_t)error });
}

static void say_done(struct client *c)
{
	say(c, &(struct uk_wire){ .type = UK_WIRE_DONE });
}

static void tell_state(struct client *c)
{
	struct uk_wire m = { .type = UK_WIRE_STATE, .slot_count = 1 };
	uk_buf atr = UK_BUF(m.slots[0].atr);

	m.slots[0].present = desk.present;
	m.slots[0].events = desk.events;
	if (desk.present)
		uk_put(&atr, vc_card_atr());
	m.slots[0].atr_len = atr.len;
	say(c, &m);
}

/* --- for the events ------------------------------------------------------- */

struct desk_reader desk;

void desk_reader_tell(void)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].fd >= 0 && clients[i].watches)
			tell_state(&clients[i]);
	}
}

void desk_reader_free_card(void)
{
	owner = NULL;
}

static void let_others(void)
{
	enum desk_event event = (enum desk_event)(int)desk.world->event;
	struct desk_words w = desk_event_words(desk.cards->kind, event);

	if (!called || owner != NULL)
		return;
	called = false;
	if (w.first != NULL)
		(void)desk_event_other(w.first);
	if (w.then != NULL)
		(void)desk_event_other(w.then);
	if (w.reset)
		desk_event_reset();
	desk.world->fired = true;
}

void desk_reader_call(void)
{
	called = true;
	let_others();
}

void desk_reader_kill(void) /* there is none */
{
	_exit(3);
}

void desk_reader_unplug(void)
{
	for (size_t i = 0; i < CLIENTS; i++)
		hang_up(&clients[i]);
	if (listener >= 0)
		(void)close(listener);
	(void)unlink(path);
	listener = -1;
}

void desk_reader_plug(void)
{
	if (listener < 0)
		listener = vc_socket_listen(path);
	if (listener < 0)
		_exit(3);
}

/* --- requests ------------------------------------------------------------- */

static bool is_lost(const struct client *c)
{
	return !desk.present || c->events != desk.events;
}

/* As PC/SC tells it: a card that is gone, always; a reset, once. */
static bool has_news(struct client *c)
{
	if (is_lost(c)) {
		say_error(c, UK_WIRE_E_REMOVED);
		return true;
	}
	if (c->resets == desk.resets)
		return false;
	c->resets = desk.resets;
	say_error(c, UK_WIRE_E_RESET);
	return true;
}

static void connect_card(struct client *c)
{
	if (!desk.present) {
		say_error(c, UK_WIRE_E_NO_CARD);
		return;
	}
	c->linked = true;
	c->events = desk.events;
	c->resets = desk.resets;
	say_done(c);
}

static void begin(struct client *c)
{
	if (has_news(c))
		return;
	owner = c;
	say_done(c);
}

static void let_go(struct client *c, uint8_t fate)
{
	if (owner == c)
		owner = NULL;
	if (fate == UK_WIRE_RESET && c->linked && !is_lost(c))
		desk_event_reset();
	let_others();
}

static void transmit(struct client *c, uk_bytes apdu)
{
	struct uk_wire m = { .type = UK_WIRE_ANSWER };
	bool now = desk_event_due();

	if (now && desk.world->moment == DESK_BEFORE)
		desk_event_happens();
	if (c->fd < 0 || has_news(c))
		return;
	m.apdu = desk_event_transmit(apdu);
	if (!now || desk.world->moment == DESK_BEFORE) {
		say(c, &m);
		return;
	}
	desk_event_happens();
	if (c->fd >= 0)
		say_error(c, is_lost(c) ? UK_WIRE_E_REMOVED : UK_WIRE_E_MUTE);
}

/* false: it has to wait. */
static bool serve(struct client *c, const struct uk_wire *m)
{
	bool card = m->type == UK_WIRE_BEGIN || m->type == UK_WIRE_TRANSMIT;

	if (card && owner != NULL && owner != c)
		return false;
	switch (m->type) {
	case UK_WIRE_WATCH:
		c->watches = true;
		tell_state(c);
		break;
	case UK_WIRE_CONNECT:
		connect_card(c);
		break;
	case UK_WIRE_BEGIN:
		begin(c);
		break;
	case UK_WIRE_TRANSMIT:
		transmit(c, m->apdu);
		break;
	case UK_WIRE_END:
		let_go(c, m->fate);
		say_done(c);
		break;
	case UK_WIRE_DISCONNECT:
		let_go(c, m->fate);
		c->linked = false;
		say_done(c);
		break;
	default:
		hang_up(c);
	}
	return true;
}

static void take_messages(struct client *c)
{
	struct uk_wire m;
	size_t size;

	while (c->fd >= 0 &&
	       uk_is_ok(uk_wire_decode(uk_buf_view(&c->in), &m, &size))) {
		uk_bytes rest = uk_bytes_from(uk_buf_view(&c->in), size);

		c->waits = !serve(c, &m);
		if (c->waits)
			return;
		c->in.len = 0;
		uk_put(&c->in, rest); /* moves it to the front */
	}
}

static void hear(struct client *c)
{
	uint8_t *at = c->in.p + c->in.len;
	ssize_t got = recv(c->fd, at, uk_buf_left(&c->in), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		if (c->linked) /* ended without a word */
			let_go(c, UK_WIRE_RESET);
		hang_up(c);
		return;
	}
	c->in.len += (size_t)got;
	take_messages(c);
}

static void accept_client(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < CLIENTS; i++) {
		struct client *c = &clients[i];

		if (c->fd >= 0)
			continue;
		memset(c, 0, sizeof(*c));
		c->fd = fd;
		c->in = UK_BUF(c->storage);
		return;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* --- the loop ------------------------------------------------------------- */

static void answer_program(int control)
{
	char word;

	if (read(control, &word, 1) != 1)
		_exit(0);
	word = desk_event_answer(word);
	if (write(control, &word, 1) != 1)
		_exit(0);
}

static void serve_waiting(void)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].fd >= 0 && clients[i].waits)
			take_messages(&clients[i]);
	}
}

void desk_reader_run(struct desk_cards *cards, size_t card,
    struct desk_world *world, int control)
{
	struct pollfd fds[CLIENTS + 2];

	desk = (struct desk_reader){ cards, world, card, true, 1, 1 };
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	desk_reader_plug();
	for (;;) {
		fds[0] = (struct pollfd){ control, POLLIN, 0 };
		fds[1] = (struct pollfd){ listener, POLLIN, 0 };
		for (size_t i = 0; i < CLIENTS; i++)
			fds[2 + i] = (struct pollfd){ clients[i].fd, POLLIN,
				0 };
		if (poll(fds, CLIENTS + 2, -1) < 0)
			continue;
		for (size_t i = 0; i < CLIENTS; i++) {
			if (fds[2 + i].revents != 0 &&
			    clients[i].fd == fds[2 + i].fd)
				hear(&clients[i]);
		}
		serve_waiting();
		if (fds[1].revents != 0 && listener >= 0)
			accept_client();
		if (fds[0].revents != 0)
			answer_program(control);
	}
}
