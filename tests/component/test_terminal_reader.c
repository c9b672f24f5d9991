/* The driver's threads: requests of several, cards and cables that come and go,
 * and a close in the middle. The terminal's end is a device core behind a plain
 * link, in a thread of this process; what it must answer is said by CCID 1.1,
 * chapter 6. */
#include "device.h"
#include "line.h"
#include "link.h"
#include "mem.h"
#include "termreader.h"

#include "cmocka_all.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { REQUESTS = 200, PULLS = 20 };

/* --- the terminal -------------------------------------------------------- */

struct end {
	struct trm_link *link;
	struct trm_device device;
	int listener, fd;
	atomic_bool early; /* tells of a card before it answers anything */
	atomic_bool stop;
	pthread_t thread;
};

static void send(void *arg, uk_bytes message)
{
	struct end *e = arg;

	UK_IGNORE(trm_link_send(e->link, message, trm_now_ms()));
}

static void power(void *arg, unsigned slot)
{
	static const uint8_t atr[] = { 0x3b, 0x00 };
	struct end *e = arg;

	trm_device_powered(&e->device, slot, uk_ok(), UK_ARRAY(atr));
}

static void power_off(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
}

/* A card that says what it was told. */
static void transmit(void *arg, unsigned slot, uk_bytes apdu, bool secret)
{
	struct end *e = arg;

	(void)secret;
	trm_device_transmitted(&e->device, slot, uk_ok(), apdu);
}

static void ask_pin(void *arg, unsigned slot, const struct trm_pin_wish *wish)
{
	(void)arg, (void)slot, (void)wish;
}

static void show(void *arg, unsigned slot, const uk_tx_item *items, size_t n)
{
	(void)arg, (void)slot, (void)items, (void)n;
}

static void dismiss(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
}

static uk_err no_hash(void *arg, enum trm_hash which, uk_bytes m, uk_buf *out)
{
	(void)arg, (void)which, (void)m, (void)out;
	return uk_fail(UK_ERR_UNSUPPORTED);
}

static uk_err no_sign(void *arg, uk_bytes m, uk_buf *out)
{
	(void)arg, (void)m, (void)out;
	return uk_fail(UK_ERR_UNSUPPORTED);
}

static uk_err no_count(void *arg, uint64_t *number, uint64_t *now)
{
	(void)arg, (void)number, (void)now;
	return uk_fail(UK_ERR_UNSUPPORTED);
}

static const struct trm_device_ops device_ops = { send, power, power_off,
	transmit, ask_pin, show, dismiss, no_hash, no_sign, no_count };

static void hang_up(struct end *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	trm_device_host_gone(&e->device);
}

static void carry(struct end *e)
{
	uint8_t bytes[4096];
	uk_bytes message, out;
	size_t n = 0;

	if (!trm_line_read(e->fd, bytes, sizeof(bytes), &n)) {
		hang_up(e);
		return;
	}
	trm_link_feed(e->link, uk_view(bytes, n), trm_now_ms());
	if (atomic_load(&e->early) && trm_link_state(e->link) == TRM_LINK_UP) {
		atomic_store(&e->early, false);
		trm_device_card(&e->device, 0, false);
		trm_device_card(&e->device, 0, true);
	} else {
		while (trm_link_next(e->link, &message, trm_now_ms()))
			trm_device_message(&e->device, message, trm_now_ms());
	}
	trm_link_tick(e->link, trm_now_ms());
	while ((out = trm_link_pending(e->link)).n > 0 &&
	       trm_line_write(e->fd, out, &n) && n > 0)
		trm_link_written(e->link, n, trm_now_ms());
}

static void *serve(void *arg)
{
	struct end *e = arg;

	while (!atomic_load(&e->stop)) {
		struct pollfd p[] = { { e->listener, POLLIN, 0 },
			{ e->fd, POLLIN, 0 } };

		(void)poll(p, 2, 20);
		if (p[0].revents != 0) {
			hang_up(e);
			if (uk_is_ok(trm_line_accept(e->listener, &e->fd)))
				trm_link_call(e->link);
		} else if (e->fd >= 0) {
			carry(e);
		}
	}
	hang_up(e);
	return NULL;
}

static bool nobody(void *arg, uk_bytes id, struct trm_secret *out)
{
	(void)arg, (void)id, (void)out;
	return false;
}

static bool no_code(void *arg, uint8_t code[TRM_PAIRING_CODE])
{
	(void)arg, (void)code;
	return false;
}

static const struct trm_link_terminal plain = {
	.name = "end", .find = nobody, .take_code = no_code, .plain = true
};

static void end_start(struct end *e, char *name, size_t cap)
{
	static const struct trm_device_settings settings = { .name = "end" };
	struct trm_line line;

	*e = (struct end){ .fd = -1 };
	assert_true(uk_is_ok(trm_line_parse("tcp-listen:0", &line)));
	assert_true(uk_is_ok(trm_line_open(&line, &e->listener)));
	assert_true(uk_is_ok(trm_link_new_terminal(&plain, &e->link)));
	trm_device_init(&e->device, &settings, &device_ops, e);
	trm_device_card(&e->device, 0, true);
	trm_device_card(&e->device, 1, true);
	snprintf(name, cap, "tcp-connect:127.0.0.1:%u?plain",
	    trm_line_port(e->listener));
	assert_int_equal(pthread_create(&e->thread, NULL, serve, e), 0);
}

static void end_stop(struct end *e)
{
	atomic_store(&e->stop, true);
	pthread_join(e->thread, NULL);
	close(e->listener);
	trm_link_free(&e->link);
}

/* --- pcscd's threads ----------------------------------------------------- */

struct user {
	struct trm_reader *reader;
	unsigned slot;
	atomic_uint *answered;
	pthread_t thread;
};

static void await_card(struct trm_reader *r, unsigned slot)
{
	for (int i = 0; i < 600 && !trm_reader_present(r, slot); i++)
		trm_reader_wait(r, slot, 100);
}

static bool ask(struct user *u, enum uk_ccid_type type, uk_bytes data)
{
	uint8_t storage[64], error;
	uk_buf answer = UK_BUF(storage);
	uk_err err = trm_reader_request(
	    u->reader, u->slot, type, data, &answer, &error);

	/* An answer is the one to this command, or none. */
	if (uk_is_ok(err) && type == UK_CCID_XFR_BLOCK)
		assert_true(uk_bytes_eq(uk_buf_view(&answer), data));
	return uk_is_ok(err);
}

static void *use(void *arg)
{
	struct user *u = arg;

	for (unsigned i = 0; i < REQUESTS; i++) {
		const uint8_t apdu[] = { 0, 0xee, (uint8_t)u->slot,
			(uint8_t)i };

		if (ask(u, UK_CCID_XFR_BLOCK, UK_ARRAY(apdu)))
			atomic_fetch_add(u->answered, 1);
		else
			(void)ask(u, UK_CCID_POWER_ON, UK_NONE);
	}
	return NULL;
}

static void *look(void *arg)
{
	struct user *u = arg;

	while (atomic_load(u->answered) < REQUESTS) {
		trm_reader_wait(u->reader, u->slot, 5);
		(void)trm_reader_present(u->reader, u->slot);
		(void)trm_reader_facts(u->reader);
	}
	return NULL;
}

static void test_two_slots_at_once(void **state)
{
	atomic_uint answered = 0;
	struct user users[4];
	struct trm_reader *r;
	struct end e;
	char name[64];

	(void)state;
	end_start(&e, name, sizeof(name));
	assert_true(uk_is_ok(trm_reader_open(name, &r)));
	await_card(r, 0);
	await_card(r, 1);
	for (unsigned i = 0; i < 4; i++) {
		users[i] = (struct user){ r, i % 2, &answered, 0 };
		assert_int_equal(pthread_create(&users[i].thread, NULL,
				     i < 2 ? use : look, &users[i]),
		    0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(users[i].thread, NULL);
	/* All but the first of each slot, which had no power yet. */
	assert_int_equal(atomic_load(&answered), 2 * (REQUESTS - 1));
	trm_reader_close(&r);
	end_stop(&e);
}

static void *wait_long(void *arg)
{
	struct user *u = arg;

	trm_reader_wait(u->reader, u->slot, 60000);
	return NULL;
}

/* pcscd closes while it waits, and while nobody is at the other end. */
static void test_stop_ends_everything(void **state)
{
	struct trm_reader *r;
	struct user u;

	(void)state;
	for (unsigned i = 0; i < PULLS; i++) {
		assert_true(uk_is_ok(
		    trm_reader_open("tcp-connect:127.0.0.1:1?plain", &r)));
		u = (struct user){ .reader = r };
		assert_int_equal(
		    pthread_create(&u.thread, NULL, wait_long, &u), 0);
		assert_false(ask(&u, UK_CCID_POWER_ON, UK_NONE));
		trm_reader_stop(r);
		pthread_join(u.thread, NULL);
		trm_reader_close(&r);
	}
}

/* The terminal goes in the middle of requests: they end, none is wrong. */
static void test_terminal_goes(void **state)
{
	atomic_uint answered = 0;
	struct trm_reader *r;
	struct user u;
	struct end e;
	char name[64];

	(void)state;
	for (unsigned i = 0; i < PULLS; i++) {
		end_start(&e, name, sizeof(name));
		assert_true(uk_is_ok(trm_reader_open(name, &r)));
		await_card(r, 0);
		u = (struct user){ r, 0, &answered, 0 };
		assert_int_equal(pthread_create(&u.thread, NULL, use, &u), 0);
		end_stop(&e);
		pthread_join(u.thread, NULL);
		for (unsigned n = 0; n < 600 && trm_reader_present(r, 0); n++)
			trm_reader_wait(r, 0, 100);
		assert_false(trm_reader_present(r, 0));
		trm_reader_close(&r);
	}
}

/* A card that is told of before the terminal has said hello is no card yet:
 * pcscd powers what it is told of at once, and does not try again. */
static void test_card_before_hello(void **state)
{
	struct trm_reader *r;
	struct end e;
	char name[64];

	(void)state;
	end_start(&e, name, sizeof(name));
	atomic_store(&e.early, true); /* nobody has come yet */
	assert_true(uk_is_ok(trm_reader_open(name, &r)));
	await_card(r, 0);
	assert_true(
	    ask(&(struct user){ .reader = r }, UK_CCID_POWER_ON, UK_NONE));
	trm_reader_close(&r);
	end_stop(&e);
}

/* Whatever memory is missing while it is opened: nothing is left behind, and
 * once there is enough it works. */
static void test_no_memory(void **state)
{
	struct trm_reader *r;
	unsigned long n = 0;
	uk_err err;

	(void)state;
	do {
		uk_mem_fail_nth(++n);
		err = trm_reader_open("tcp-connect:127.0.0.1:1?plain", &r);
		uk_mem_fail_nth(0);
		if (!uk_is_ok(err)) {
			assert_int_equal(err.code, UK_ERR_MEMORY);
			assert_null(r);
		}
	} while (!uk_is_ok(err));
	assert_true(n > 3); /* reader, link, its two queues */
	assert_false(trm_reader_present(r, 0));
	trm_reader_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_slots_at_once),
		cmocka_unit_test(test_stop_ends_everything),
		cmocka_unit_test(test_terminal_goes),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_card_before_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
