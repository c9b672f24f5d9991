/*
 * The reader socket from outside: three clients say what the input says, in its
 * order, while the card is pulled, put back and reset. A byte chooses who acts,
 * the next how many bytes that one says.
 */
#include "fdpass.h"
#include "fuzz_check.h"
#include "vc_reader.h"

#include "mem.h"
#include "vc_apps.h"

#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 3, ACT_PULL = 0xf0, ACT_INSERT, ACT_RESET, ACT_HANG_UP };

static struct vc_plug *plug;
static int fds[CLIENTS];
static int pair = -1;
static struct vc_reader *reader;

static void rounds(void)
{
	struct pollfd polled[1 + VC_CLIENTS_MAX];
	uint8_t sink[4096];

	for (int i = 0; i < 2; i++) {
		(void)poll(polled, vc_reader_poll(reader, polled), 0);
		vc_reader_serve(reader, polled);
		vc_reader_settle(reader);
	}
	for (int i = 0; i < CLIENTS; i++) {
		while (recv(fds[i], sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	}
}

static void come(int who)
{
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	CHECK(uk_fd_send(pair, ends[1]));
	(void)close(ends[1]);
	fds[who] = ends[0];
	rounds();
}

static void open_all(void)
{
	struct vc_slot_option slot = { .slot = 0 };
	struct vc_card *card;
	int ends[2];

	if (plug == NULL) {
		CHECK(uk_is_ok(vc_apps_open(NULL, VC_STORE_CREATE, &card)));
		CHECK(uk_is_ok(vc_plug_hold(&slot, &card, &plug)));
	}
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
	pair = ends[0];
	CHECK(uk_is_ok(vc_reader_open(ends[1], &plug, 1, &reader)));
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = -1;
	for (int i = 0; i < CLIENTS; i++)
		come(i);
}

static void act(uint8_t what, uk_reader *r)
{
	int who = what % CLIENTS;
	uk_bytes said;

	switch (what) {
	case ACT_PULL:
		vc_plug_pull(plug);
		break;
	case ACT_INSERT:
		vc_plug_insert(plug);
		break;
	case ACT_RESET:
		vc_plug_reset(plug);
		break;
	case ACT_HANG_UP:
		(void)close(fds[0]);
		come(0);
		break;
	default:
		said = uk_get(r, uk_get_u8(r));
		(void)!send(
		    fds[who], said.p, said.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	}
	rounds();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_reader r = uk_read(uk_view(data, size));

	open_all();
	vc_plug_insert(plug);
	while (r.left > 0 && !r.bad)
		act(uk_get_u8(&r), &r);
	vc_reader_close(&reader);
	for (int i = 0; i < CLIENTS; i++)
		(void)close(fds[i]);
	(void)close(pair);
	CHECK(!vc_plug_busy(plug));
	return 0;
}
