/* The cards in a slot of vpcd, in which things happen at the command they were
 * ordered for. The wire is that of cardapps/host/vc_vpcd.h. */
#include "desk_reader.h"

#include "desk_service.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CTRL_OFF = 0x00,
	CTRL_ON = 0x01,
	CTRL_RESET = 0x02,
	CTRL_ATR = 0x04,
	MESSAGE_MAX = 65535,
	HEAD = 2,
	LOOK_MS = 2
};

struct desk_reader desk;
static int fd = -1; /* the contacts; -1: no card in the slot */
static uint32_t told;
static int orders; /* to the other program */
static uint8_t in[HEAD + MESSAGE_MAX];
static size_t have;

/* --- the contacts -----------------------------------------------------------
 */

static void take_out(void)
{
	if (fd < 0)
		return;
	(void)close(fd);
	fd = -1;
	have = 0;
	vc_card_reset(desk.cards->cards[desk.in]);
}

static void put_in(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(DESK_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		_exit(3);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void say(uk_bytes body)
{
	static uint8_t storage[HEAD + MESSAGE_MAX];
	uk_buf out = UK_BUF(storage);

	uk_put_u16(&out, (uint16_t)body.n);
	uk_put(&out, body);
	if (send(fd, out.p, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
		take_out();
}

/* --- what happens ------------------------------------------------------------
 */

/* As somebody's hands do it: the next card comes when the service has seen the
 * slot empty. */
void desk_reader_tell(void)
{
	bool same = told == desk.events;

	told = desk.events;
	if (fd >= 0 && (!desk.present || !same))
		take_out();
	if (!desk.present || fd >= 0 || !desk_service_lives())
		return;
	(void)desk_service_await_empty();
	put_in();
}

void desk_reader_free_card(void)
{
}

void desk_reader_call(void)
{
	if (write(orders, "", 1) != 1)
		_exit(3);
}

void desk_reader_unplug(void)
{
	take_out();
	told = desk.events;
	desk.present = false;
	desk_service_unplug();
}

void desk_reader_kill(void)
{
	desk_service_kill();
	take_out();
	told = desk.events;
}

void desk_reader_plug(void)
{
	if (desk_service_lives())
		desk_service_plug();
	else if (!desk_service_start())
		_exit(3);
}

/* --- messages ----------------------------------------------------------------
 */

static void command(uk_bytes apdu)
{
	bool now;

	if (desk.world->theirs) {
		say(vc_card_transmit(desk.cards->cards[desk.in], apdu));
		return;
	}
	now = desk_event_due();
	if (now && desk.world->moment == DESK_BEFORE)
		desk_event_happens();
	if (fd < 0 || (now && desk.world->event < DESK_RESET &&
			  desk.world->moment == DESK_BEFORE))
		return;
	apdu = desk_event_transmit(apdu);
	if (now && desk.world->moment == DESK_AFTER)
		desk_event_happens();
	else
		say(apdu);
}

static void message(uk_bytes body)
{
	if (body.n > 1)
		command(body);
	else if (body.n == 1 && body.p[0] == CTRL_ATR)
		say(vc_card_atr());
	else if (body.n == 1 && body.p[0] <= CTRL_RESET)
		vc_card_reset(desk.cards->cards[desk.in]);
}

/* vpcd has one question at a time: what is left when a card has gone was not
 * for the next one. */
static void take_messages(void)
{
	for (int was = fd; fd >= 0 && fd == was;) {
		uk_reader r = uk_read(uk_view(in, have));
		uk_bytes body = uk_get(&r, uk_get_u16(&r));
		uk_buf keep = UK_BUF(in);

		if (r.bad)
			return;
		message(body);
		if (have == 0)
			return;
		uk_put(&keep, uk_get_rest(&r));
		have = keep.len;
	}
}

static void hear(void)
{
	int one = 1;
	ssize_t got;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	got = recv(fd, in + have, sizeof(in) - have, MSG_DONTWAIT);
	if (got == 0)
		take_out();
	if (got <= 0)
		return;
	have += (size_t)got;
	take_messages();
}

/* --- the loop ----------------------------------------------------------------
 */

/* The answer that the program waits for (0: none), and whether the service has
 * to see the card first. */
static char pending;
static bool with_card;

static void answer_program(int control)
{
	if (pending == 0 || (with_card && !desk_service_has_card()))
		return;
	if (write(control, &pending, 1) != 1)
		_exit(0);
	pending = 0;
}

static void ask_program(int control)
{
	char word;

	if (read(control, &word, 1) != 1)
		_exit(0);
	pending = desk_event_answer(word);
	with_card = word != DESK_ASK_OPEN;
}

void desk_reader_run(struct desk_cards *cards, size_t card,
    struct desk_world *world, int control)
{
	desk = (struct desk_reader){ cards, world, card, true, 1, 1 };
	orders = desk_other_start(world, cards->kind);
	desk_reader_tell();
	for (;;) {
		struct pollfd fds[] = { { control, POLLIN, 0 },
			{ fd, POLLIN, 0 } };

		if (poll(fds, 2, pending == 0 ? -1 : LOOK_MS) < 0)
			continue;
		if (fds[1].revents != 0 && fd == fds[1].fd)
			hear();
		if (fds[0].revents != 0)
			ask_program(control);
		answer_program(control);
	}
}
