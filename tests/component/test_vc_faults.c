/*
 * What fails underneath the card: the Nth write, the Nth allocation, and the
 * whole process by kill -9. Nothing may be half done, and no try may be won.
 */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "vc_vectors.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 300, GUESS_KILLS = 100 };

/* What a card tells: the status template and two files. */
static void photograph(struct vc_card *card, uint8_t *storage, uk_buf *out)
{
	*out = uk_buf_over(storage, 4096);
	expect_sw(card, VC_SELECT, 0x9000);
	uk_put(out, answer_of(card, "00CA010100"));
	uk_put(out, answer_of(card, "00B0820000"));
	uk_put(out, vc_card_transmit(card, hex("00B08B0000")));
	uk_put(
	    out, vc_card_transmit(card, hex("00468100000005AC038401030000")));
	uk_put(
	    out, vc_card_transmit(card, hex("00468100000005AC038401040000")));
	assert_false(out->bad);
}

/* Commands that change something, as a card in use with login takes them. */
static const char *const changes[] = {
	"00D6820003 AABBCC",
	"000E8200",
	"00E000000A 6208 83024333 81020100",
	"00460000000008AC068001118401030000",
	"00DB3FFF2E 7F482B 840103 800111 950104 8820" P256_I,
	"00DB3FFF2E 7F482B 840104 800121 950102 8820" SM2_D,
	"00DB3FFF06 7F4803 840104",
};

/* With key 04, which deciphers. */
static struct vc_card *logged_in(void)
{
	struct vc_card *card = card_in_use(NULL, 0x11, false);

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(
	    card, "00DB3FFF2E 7F482B 840104 800121 950103 8820" SM2_D, 0x9000);
	return card;
}

static void test_failed_write_changes_nothing(void **state)
{
	uint8_t one[4096], two[4096];
	uk_buf before, after;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct vc_card *card = logged_in();

		photograph(card, one, &before);
		expect_sw(card, VC_LOGIN, 0x9000);
		vc_store_fail_nth(1);
		expect_sw(card, changes[i], 0x6581);
		vc_store_fail_nth(0);
		photograph(card, two, &after);
		expect_bytes(uk_buf_view(&after), uk_buf_view(&before));
		expect_sw(card, VC_LOGIN, 0x9000);
		expect_sw(card, changes[i], 0x9000);
		vc_card_close(&card);
	}
}

static void test_verify_with_failing_writes(void **state)
{
	struct vc_card *card = card_in_use(NULL, 0x11, false);

	(void)state;
	/* The counter could not be lowered: nothing is compared. */
	vc_store_fail_nth(1);
	expect_sw(card, VC_LOGIN, 0x6581);
	expect_sw(card, "00200081", 0x63C3);
	/* It could not be restored: no status, and the try is spent. */
	vc_store_fail_nth(2);
	expect_sw(card, VC_LOGIN, 0x6581);
	expect_sw(card, "00200081", 0x63C2);
	expect_sw(card, "0088300120" VC_HASH "00", 0x6982);
	/* A wrong PIN is written before it is refused. */
	vc_store_fail_nth(1);
	expect_sw(card, "0020008104 39393939", 0x6581);
	expect_sw(card, "00200081", 0x63C2);
	vc_store_fail_nth(0);
	expect_sw(card, VC_LOGIN, 0x9000);
	/* The third write of CHANGE is the new value: the old one stays. */
	vc_store_fail_nth(3);
	expect_sw(card, "0024008120" VC_PIN16 "35363738" VC_PAD12, 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, VC_LOGIN, 0x9000);
	vc_card_close(&card);
}

static uk_err open_and_close(void *arg)
{
	struct vc_card *card = NULL;
	uk_err err = vc_apps_open(arg, VC_STORE_CREATE, &card);

	vc_card_close(&card);
	return err;
}

static void test_open_out_of_memory(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(open_and_close, NULL) > 10);
}

/* Each command with its Nth allocation failing, until it passes untouched: 6581
 * and nothing changed. */
static void fail_allocations_of(const char *command)
{
	uint8_t one[4096], two[4096];
	uk_buf before, after;
	struct vc_card *card = logged_in();

	photograph(card, one, &before);
	for (unsigned nth = 1; nth < 1000; nth++) {
		uk_bytes apdu = hex(command);
		unsigned sw;
		bool touched;

		expect_sw(card, VC_LOGIN, 0x9000);
		(void)vc_card_transmit(card, hex("002241B806800170840104"));
		uk_mem_fail_nth(nth);
		sw = sw_of(vc_card_transmit(card, apdu));
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		if (!touched) {
			assert_int_equal(sw, 0x9000);
			vc_card_close(&card);
			return;
		}
		assert_int_equal(sw, 0x6581);
		photograph(card, two, &after);
		expect_bytes(uk_buf_view(&after), uk_buf_view(&before));
	}
	fail_msg("%s: never passes", command);
}

static void test_commands_out_of_memory(void **state)
{
	long live = uk_mem_live();

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		fail_allocations_of(changes[i]);
	fail_allocations_of("0088300120" VC_HASH "00");
	fail_allocations_of("002A80867500" SM2_C1 SM2_C3 SM2_C2 "00");
	assert_int_equal(uk_mem_live(), live);
}

static void test_verify_out_of_memory(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth < 100; nth++) {
		struct vc_card *card = card_in_use(NULL, 0x11, false);
		uk_bytes apdu = hex(VC_LOGIN);
		unsigned sw;
		bool touched;

		uk_mem_fail_nth(nth);
		sw = sw_of(vc_card_transmit(card, apdu));
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(sw, touched ? 0x6581 : 0x9000);
		expect_sw(
		    card, "0088300120" VC_HASH "00", touched ? 0x6982 : 0x9000);
		vc_card_close(&card);
		if (!touched)
			return;
	}
	fail_msg("VERIFY never passes");
}

/* --- kill -9
 * -------------------------------------------------------------------------- */

static char folder[64], path[96], lock[128], temporary[128];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/vc_kill_XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/card", folder);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(lock);
	(void)unlink(temporary);
	return rmdir(folder);
}

/* The child: writes whole patterns into a file for ever, each a command. */
static void write_for_ever(int ready)
{
	static const char *const patterns[] = { "00D6820004 11111111",
		"00D6820004 22222222" };
	struct vc_card *card = NULL;

	if (!uk_is_ok(vc_apps_open(path, VC_STORE_WRITE, &card)))
		_exit(1);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, VC_LOGIN, 0x9000);
	for (unsigned i = 0;; i++) {
		(void)!write(ready, "r", 1);
		expect_sw(card, patterns[i % 2], 0x9000);
	}
}

/* The child: guesses until it is blocked; says each answer's tries. */
static void guess_for_ever(int answers)
{
	struct vc_card *card = NULL;

	if (!uk_is_ok(vc_apps_open(path, VC_STORE_WRITE, &card)))
		_exit(1);
	expect_sw(card, VC_SELECT, 0x9000);
	for (;;) {
		unsigned sw = sw_of(vc_card_transmit(
		    card, hex("00200083 08 3939393939393939")));
		uint8_t left = (uint8_t)(sw & 0x0f);

		if ((sw & 0xfff0) != 0x63c0)
			pause();
		(void)!write(answers, &left, 1);
	}
}

/* A moment after the child has said that many bytes: on a busy machine a write
 * takes its time. */
static void kill_after(
    void (*child)(int), unsigned bytes, long max_us, int *last)
{
	int pipes[2];
	uint8_t byte;
	struct timespec wait = { 0, (random() % max_us) * 1000 };
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(pipes[0]);
		child(pipes[1]);
		_exit(1);
	}
	(void)close(pipes[1]);
	for (*last = -1; bytes > 0 && read(pipes[0], &byte, 1) == 1; bytes--)
		*last = byte;
	(void)nanosleep(&wait, NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	while (read(pipes[0], &byte, 1) == 1)
		*last = byte;
	(void)close(pipes[0]);
}

static void test_kill_while_writing(void **state)
{
	struct vc_card *card = card_in_use(path, 0x11, false);
	unsigned seen[2] = { 0, 0 };
	int ready;

	(void)state;
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00D6820004 11111111", 0x9000);
	vc_card_close(&card);
	srandom(1);
	for (int i = 0; i < KILLS; i++) {
		uk_bytes content;

		kill_after(write_for_ever, 1 + (unsigned)i % 4, 3000, &ready);
		assert_int_equal(ready, 'r');
		expect_ok(vc_apps_open(path, VC_STORE_WRITE, &card));
		expect_sw(card, VC_SELECT, 0x9000);
		content = answer_of(card, "00B0820000");
		if (!uk_bytes_eq(content, hex("11111111")))
			expect_bytes(content, hex("22222222"));
		seen[content.p[0] == 0x11 ? 0 : 1]++;
		expect_sw(card, "00200081", 0x63C3);
		vc_card_close(&card);
	}
	/* The kills did hit different moments. */
	assert_true(seen[0] > 0 && seen[1] > 0);
}

/* After a kill the counter is never higher than the last answer said: whatever
 * was compared had been counted. */
static void test_kill_while_guessing(void **state)
{
	(void)state;
	srandom(2);
	for (int i = 0; i < GUESS_KILLS; i++) {
		struct vc_card *card = card_in_use(path, 0x11, false);
		unsigned sw;
		int said;

		vc_card_close(&card);
		kill_after(guess_for_ever, 1, 2000, &said);
		assert_true(said >= 0 && said < 5);
		expect_ok(vc_apps_open(path, VC_STORE_WRITE, &card));
		expect_sw(card, VC_SELECT, 0x9000);
		sw = sw_of(vc_card_transmit(card, hex("00200083")));
		assert_true(sw == 0x6983 || (sw & 0x0f) <= (unsigned)said);
		vc_card_close(&card);
		assert_int_equal(unlink(path), 0);
	}
}

static void test_state_survives(void **state)
{
	struct vc_card *card = card_in_use(path, 0x11, true), *second;

	(void)state;
	expect_sw(card, "0020008104 39393939", 0x63C2);
	expect_code(
	    vc_apps_open(path, VC_STORE_WRITE, &second), UK_ERR_CARD_BUSY);
	vc_card_close(&card);
	expect_ok(vc_apps_open(path, VC_STORE_WRITE, &card));
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, "00200081", 0x63C2);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "0088300120" VC_HASH "00", 0x9000);
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	vc_card_close(&card);
}

#define FILE_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed_write_changes_nothing),
		cmocka_unit_test(test_verify_with_failing_writes),
		cmocka_unit_test(test_open_out_of_memory),
		cmocka_unit_test(test_commands_out_of_memory),
		cmocka_unit_test(test_verify_out_of_memory),
		FILE_TEST(test_kill_while_writing),
		FILE_TEST(test_kill_while_guessing),
		FILE_TEST(test_state_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
