/*
 * The PC/SC links against a real service and the virtual card. Run by
 * test_transport.sh, which gives the programs that pull and insert the card:
 *
 *     pcsc_live READER UKEY-VCARD CONTROL-SOCKET
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "transport.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *reader, *vcard, *control;
static uk_reader_state now[UK_READERS_MAX];
static size_t count;

/* The card's control: remove, insert, "remove-after N". */
static void tell_card(const char *word, const char *number)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		execl(vcard, vcard, "control", "--control", control, word,
		    number, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const uk_reader_state *look(uk_pcsc *p)
{
	expect_ok(uk_pcsc_readers(p, now, UK_READERS_MAX, &count));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(now[i].name, reader) == 0)
			return &now[i];
	}
	fail_msg("reader '%s' is not there", reader);
	return NULL;
}

static void wait_until_present(uk_pcsc *p, bool present)
{
	for (int i = 0; i < 50 && look(p)->present != present; i++)
		(void)uk_is_ok(uk_pcsc_wait(p, now, count, 200));
	assert_int_equal(look(p)->present, present);
}

static uk_link *connect_and_begin(void)
{
	uk_link *l;

	expect_ok(uk_pcsc_connect(NULL, reader, &l));
	expect_ok(uk_link_begin(l));
	return l;
}

static uk_err select_ukey(uk_link *l)
{
	static const uint8_t cmd[] = { 0x00, 0xa4, 0x04, 0x00, 0x08, 0xf0, 0x75,
		0x6b, 0x65, 0x79, 0x2e, 0x30, 0x31, 0x00 };
	uint8_t room[300];
	uk_buf resp = UK_BUF(room);
	uk_err err = uk_link_transmit(l, UK_ARRAY(cmd), &resp, false);

	if (uk_is_ok(err))
		expect_bytes(uk_bytes_last(uk_buf_view(&resp), 2), hex("9000"));
	else
		assert_int_equal(resp.len, 0);
	return err;
}

static void tells_readers_cards_and_insertions(void **state)
{
	uk_pcsc *p = *state;
	const uk_reader_state *r = look(p);
	uint32_t events = r->events;

	assert_true(r->present);
	/* docs/card-profile.md, 1 */
	expect_bytes(
	    uk_view(r->atr, r->atr_len), hex("3B8A018073D401C05475 6B65793B"));
	tell_card("remove", NULL);
	wait_until_present(p, false);
	tell_card("insert", NULL);
	wait_until_present(p, true);
	assert_int_not_equal(look(p)->events, events);
}

static void too_many_readers_are_an_error(void **state)
{
	expect_code(uk_pcsc_readers(*state, now, 1, &count), UK_ERR_TOO_SMALL);
	assert_int_equal(count, 0);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void waiting_ends_in_time(void **state)
{
	int64_t start = now_ms();

	(void)look(*state);
	expect_code(uk_pcsc_wait(*state, now, count, 200), UK_ERR_TIMEOUT);
	assert_in_range(now_ms() - start, 190, 5000);
	/* one reader less than there are: no need to wait */
	expect_ok(uk_pcsc_wait(*state, now, count - 1, 5000));
	assert_in_range(now_ms() - start, 190, 5000);
}

static void *wait_long(void *arg)
{
	static uk_err err;

	err = uk_pcsc_wait(arg, now, count, 20000);
	return &err;
}

static void cancel_wakes_whether_early_or_late(void **state)
{
	const struct timespec moment = { 0, 50 * 1000 * 1000 };
	pthread_t waiter;
	void *err;

	(void)look(*state);
	uk_pcsc_cancel(*state);
	expect_code(uk_pcsc_wait(*state, now, count, 20000), UK_ERR_CANCELLED);
	for (int late = 0; late < 2; late++) {
		assert_int_equal(
		    pthread_create(&waiter, NULL, wait_long, *state), 0);
		if (late)
			nanosleep(&moment, NULL);
		uk_pcsc_cancel(*state);
		assert_int_equal(pthread_join(waiter, &err), 0);
		expect_code(*(uk_err *)err, UK_ERR_CANCELLED);
	}
}

static void a_reset_by_others_is_told_once(void **state)
{
	uk_link *ours = connect_and_begin(), *theirs;

	(void)state;
	uk_link_end(ours, UK_LEAVE_CARD);
	theirs = connect_and_begin();
	uk_link_end(theirs, UK_RESET_CARD);
	uk_link_close(&theirs, UK_LEAVE_CARD);
	expect_code(uk_link_begin(ours), UK_ERR_CARD_RESET);
	expect_ok(uk_link_begin(ours));
	expect_ok(select_ukey(ours));
	uk_link_end(ours, UK_LEAVE_CARD);
	uk_link_close(&ours, UK_LEAVE_CARD);
}

static void a_pulled_card_is_removed_not_mute(void **state)
{
	uk_link *l = connect_and_begin();

	tell_card("remove-after", "1");
	expect_ok(select_ukey(l));
	expect_code(select_ukey(l), UK_ERR_CARD_REMOVED);
	uk_link_end(l, UK_LEAVE_CARD);
	expect_code(uk_link_begin(l), UK_ERR_CARD_REMOVED);
	tell_card("insert", NULL);
	wait_until_present(*state, true);
	/* another card, as far as this link knows */
	expect_code(uk_link_begin(l), UK_ERR_CARD_REMOVED);
	uk_link_close(&l, UK_LEAVE_CARD);
}

static void *come_and_go(void *arg)
{
	size_t *good = arg;

	for (int i = 0; i < 10; i++) {
		uk_link *l = NULL;
		uk_err err = uk_pcsc_connect(NULL, reader, &l);

		if (uk_is_ok(err))
			err = uk_link_begin(l);
		if (uk_is_ok(err)) {
			*good += uk_is_ok(select_ukey(l));
			uk_link_end(l, UK_LEAVE_CARD);
		}
		uk_link_close(&l, UK_LEAVE_CARD);
	}
	return NULL;
}

static void threads_have_links_of_their_own(void **state)
{
	size_t good[3] = { 0 };
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, come_and_go, &good[i]),
		    0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(good[i], 10);
	}
}

static void what_is_not_there_cannot_be_connected(void **state)
{
	uk_link *l;

	tell_card("remove", NULL);
	wait_until_present(*state, false);
	expect_code(uk_pcsc_connect(NULL, reader, &l), UK_ERR_NO_CARD);
	expect_code(
	    uk_pcsc_connect(NULL, "no such reader", &l), UK_ERR_NO_READER);
	tell_card("insert", NULL);
	wait_until_present(*state, true);
}

static int open_service(void **state)
{
	return uk_is_ok(uk_pcsc_open((uk_pcsc **)state)) ? 0 : -1;
}

static int close_service(void **state)
{
	uk_pcsc_close((uk_pcsc **)state);
	return uk_mem_live() == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_readers_cards_and_insertions),
		cmocka_unit_test(too_many_readers_are_an_error),
		cmocka_unit_test(waiting_ends_in_time),
		cmocka_unit_test(cancel_wakes_whether_early_or_late),
		cmocka_unit_test(a_reset_by_others_is_told_once),
		cmocka_unit_test(a_pulled_card_is_removed_not_mute),
		cmocka_unit_test(threads_have_links_of_their_own),
		cmocka_unit_test(what_is_not_there_cannot_be_connected),
	};

	if (argc != 4)
		return 2;
	reader = argv[1];
	vcard = argv[2];
	control = argv[3];
	return cmocka_run_group_tests(tests, open_service, close_service);
}
