/*
 * The module's end of the reader socket: the input is what the reader says, to
 * one that watches and to one that asks.
 */
#include "fdpass.h"
#include "fuzz_check.h"
#include "transport.h"

#include "mem.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct reader {
	int pair;
	uk_bytes says;
};

/* In a thread, for the client waits for an answer: says it all to each who
 * comes, and hangs up. */
static void *answer(void *arg)
{
	struct reader *r = arg;
	int fd;

	while ((fd = uk_fd_receive(r->pair, true)) >= 0) {
		(void)!send(fd, r->says.p, r->says.n, MSG_NOSIGNAL);
		(void)shutdown(fd, SHUT_WR);
		(void)close(fd);
	}
	return NULL;
}

static void use_card(uk_readers *r)
{
	static uint8_t storage[65540];
	uk_buf out = UK_BUF(storage);
	uint8_t select[] = { 0x00, 0xa4, 0x00, 0x0c };
	uk_link *l = NULL;

	if (!uk_is_ok(uk_readers_connect(r, "Virtual Card Reader 00 00", &l)))
		return;
	UK_IGNORE(uk_link_begin(l));
	if (uk_is_ok(uk_link_transmit(l, UK_ARRAY(select), &out, false)))
		CHECK(out.len >= 2);
	uk_link_close(&l, UK_LEAVE_CARD);
}

static void use(uk_readers *r)
{
	static uk_reader_state list[UK_READERS_MAX];
	size_t n = 0;

	if (uk_is_ok(uk_readers_list(r, list, UK_READERS_MAX, &n))) {
		for (size_t i = 0; i < n; i++)
			CHECK(list[i].atr_len <= UK_ATR_MAX);
	}
	use_card(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_readers_config c = { .no_pcsc = true };
	struct reader reader = { -1, uk_view(data, size) };
	char address[16];
	pthread_t thread;
	uk_readers *r;
	int ends[2];

	if (size > 4096) /* what fits into a socket at once */
		return 0;
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
	reader.pair = ends[0];
	CHECK(pthread_create(&thread, NULL, answer, &reader) == 0);
	(void)snprintf(address, sizeof(address), "fd:%d", ends[1]);
	CHECK(uk_is_ok(uk_readers_add(&c, address)));
	CHECK(uk_is_ok(uk_readers_open(&c, &r)));
	use(r);
	uk_readers_close(&r);
	(void)close(ends[1]); /* ends the thread */
	(void)pthread_join(thread, NULL);
	(void)close(ends[0]);
	return 0;
}
