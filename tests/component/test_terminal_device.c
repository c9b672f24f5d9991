/* The terminal as a reader. Messages by CCID 1.1, chapter 6, laid out by hand;
 * statements are verified with OpenSSL's own ECDSA. */
#include "device.h"

#include "cmocka_all.h"
#include "crypto.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

static struct trm_device device;
static int64_t now;

/* --- the world around it ------------------------------------------------- */

static uint8_t sent[UK_CCID_MAX];
static size_t sent_n, messages;
static uint8_t to_card[UK_APDU_MAX];
static size_t to_card_n;
static bool secret, powering, on_screen;
static size_t lines_shown;
static uk_crypto *crypto;
static uk_key *statement_key;
static uint64_t counter;

static void copy(uint8_t *to, size_t cap, size_t *n, uk_bytes v)
{
	assert_true(v.n <= cap);
	memcpy(to, v.p, v.n);
	*n = v.n;
}

static void send(void *arg, uk_bytes message)
{
	(void)arg;
	copy(sent, sizeof(sent), &sent_n, message);
	messages++;
}

static void power(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	powering = true;
}

static void power_off(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	powering = false;
}

static void transmit(void *arg, unsigned slot, uk_bytes apdu, bool is_secret)
{
	(void)arg, (void)slot;
	copy(to_card, sizeof(to_card), &to_card_n, apdu);
	secret = is_secret;
}

static void ask_pin(void *arg, unsigned slot, const struct trm_pin_wish *wish)
{
	(void)arg, (void)slot, (void)wish;
	on_screen = true;
}

static void show(void *arg, unsigned slot, const uk_tx_item *items, size_t n)
{
	(void)arg, (void)slot, (void)items;
	on_screen = true;
	lines_shown = n;
}

static void dismiss(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	on_screen = false;
}

static uk_err hash(
    void *arg, enum trm_hash which, uk_bytes message, uk_buf *out)
{
	static const enum uk_hash names[] = { UK_HASH_SHA256, UK_HASH_SHA384,
		UK_HASH_SHA512 };

	(void)arg;
	return uk_hash_one(crypto, names[which], message, out);
}

static uk_err sign(void *arg, uk_bytes message, uk_buf *signature)
{
	(void)arg;
	return uk_key_sign(
	    statement_key, UK_SIG_ECDSA, UK_HASH_SHA256, message, signature);
}

static uk_err count(void *arg, uint64_t *number, uint64_t *time)
{
	(void)arg;
	*number = ++counter;
	*time = 1700000000;
	return uk_ok();
}

static const struct trm_device_ops ops = { send, power, power_off, transmit,
	ask_pin, show, dismiss, hash, sign, count };

static struct trm_device_settings settings = { .name = "phone",
	.columns = 20,
	.lines = 4,
	.keypad = true,
	.strict = true };

/* --- talking to it ------------------------------------------------------- */

static void say(const char *message)
{
	trm_device_message(&device, hex(message), now);
}

static void expect_sent(const char *message)
{
	expect_bytes(uk_view(sent, sent_n), hex(message));
}

static int begin(void **state)
{
	(void)state;
	now = 0;
	sent_n = to_card_n = messages = lines_shown = 0;
	powering = on_screen = secret = false;
	trm_device_init(&device, &settings, &ops, NULL);
	return 0;
}

static void power_up(void)
{
	trm_device_card(&device, 0, true);
	expect_sent("50 03");
	say("62 00000000 00 01 00 0000");
	assert_true(powering);
	trm_device_powered(&device, 0, uk_ok(), hex("3B00"));
	expect_sent("80 02000000 00 01 00 00 00 3B00");
}

static int begin_up(void **state)
{
	begin(state);
	power_up();
	return 0;
}

/* --- cards --------------------------------------------------------------- */

static void test_no_card(void **state)
{
	(void)state;
	say("65 00000000 00 07 000000");
	expect_sent("81 00000000 00 07 02 00 00");
	say("62 00000000 01 08 000000");
	expect_sent("80 00000000 01 08 42 FE 00");
	say("6F 05000000 00 09 000000 00A4000C00");
	expect_sent("80 00000000 00 09 42 FE 00");
	say("65 00000000 02 0A 000000"); /* no such slot */
	expect_sent("81 00000000 02 0A 42 05 00");
	say("7F 00000000 00 0B 000000");
	expect_sent("81 00000000 00 0B 42 00 00");
}

static void test_transfer(void **state)
{
	(void)state;
	say("6F 05000000 00 02 000000 00B0000000");
	expect_bytes(uk_view(to_card, to_card_n), hex("00B0000000"));
	say("65 00000000 00 03 000000"); /* one at a time */
	expect_sent("81 00000000 00 03 40 E0 00");
	trm_device_transmitted(&device, 0, uk_ok(), hex("01029000"));
	expect_sent("80 04000000 00 02 00 00 00 01029000");
	say("63 00000000 00 04 000000");
	expect_sent("81 00000000 00 04 01 00 00");
	say("6F 05000000 00 05 000000 00B0000000");
	expect_sent("80 00000000 00 05 41 FE 00");
}

static void test_slow_card(void **state)
{
	(void)state;
	assert_int_equal(trm_device_deadline(&device), -1);
	say("6F 05000000 00 02 000000 0046000000");
	now = trm_device_deadline(&device);
	assert_int_equal(now, TRM_MORE_TIME_MS);
	trm_device_tick(&device, now);
	expect_sent("80 00000000 00 02 80 01 00");
	trm_device_transmitted(&device, 0, uk_ok(), hex("9000"));
	expect_sent("80 02000000 00 02 00 00 00 9000");
	assert_int_equal(trm_device_deadline(&device), -1);
}

static void test_card_out(void **state)
{
	(void)state;
	say("6F 05000000 00 02 000000 00B0000000");
	messages = 0;
	trm_device_card(&device, 0, false);
	assert_int_equal(messages, 2); /* the failure, and the change */
	expect_sent("50 02");
	trm_device_transmitted(&device, 0, uk_ok(), hex("9000"));
	assert_int_equal(messages, 2); /* nobody waits for it any more */
}

/* The next host must not get an answer that was meant for the last one. */
static void test_other_host(void **state)
{
	(void)state;
	say("6F 05000000 00 02 000000 00B0000000");
	trm_device_host_gone(&device);
	say("6C 00000000 00 02 000000");
	expect_sent("82 00000000 00 02 41 E0 00");
	messages = 0;
	powering = false;
	say("62 00000000 00 03 000000"); /* waits for the card */
	assert_int_equal(messages, 0);
	assert_false(powering);
	now = trm_device_deadline(&device);
	trm_device_tick(&device, now);
	expect_sent("80 00000000 00 03 81 01 00");
	trm_device_transmitted(&device, 0, uk_ok(), hex("AABB9000"));
	assert_int_equal(messages, 1);
	assert_true(powering);
	trm_device_powered(&device, 0, uk_ok(), hex("3B00"));
	expect_sent("80 02000000 00 03 00 00 00 3B00");
}

/* The second one has gone as well before the card was done, and a third has
 * come: what the second one wanted is forgotten. */
static void test_third_host(void **state)
{
	(void)state;
	say("6F 05000000 00 02 000000 00B0000000");
	trm_device_host_gone(&device);
	say("62 00000000 00 03 000000");
	trm_device_host_gone(&device);
	powering = false;
	messages = 0;
	trm_device_transmitted(&device, 0, uk_ok(), hex("AABB9000"));
	assert_int_equal(messages, 0);
	assert_false(powering);
	say("62 00000000 00 04 000000");
	trm_device_host_gone(&device);
	say("62 00000000 00 05 000000");
	trm_device_powered(&device, 0, uk_ok(), hex("3B00"));
	assert_int_equal(messages, 0); /* it is powered again, for this one */
	trm_device_powered(&device, 0, uk_ok(), hex("3B00"));
	expect_sent("80 02000000 00 05 00 00 00 3B00");
}

/* --- PINs ---------------------------------------------------------------- */

#define VERIFY                                                                 \
	"69 24000000 00 02 000000 00 1E 82 0F 00 0804 02 01 0904 00 000000"    \
	" 00200081 10 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

static void test_pin(void **state)
{
	uk_pin pin = { 4, "1234" };

	(void)state;
	say(VERIFY);
	assert_true(on_screen);
	assert_int_equal(to_card_n, 0);
	trm_device_pin(&device, 0, TRM_YES, &pin, NULL);
	assert_true(secret);
	expect_bytes(uk_view(to_card, to_card_n),
	    hex("00200081 10 31323334FFFFFFFFFFFFFFFFFFFFFFFF"));
	trm_device_transmitted(&device, 0, uk_ok(), hex("63C2"));
	expect_sent("80 02000000 00 02 00 00 00 63C2");
}

static void expect_no_pin(const char *answer)
{
	uk_pin pin = { 4, "1234" };

	expect_sent(answer);
	trm_device_pin(&device, 0, TRM_YES, &pin, NULL); /* too late */
	assert_int_equal(to_card_n, 0);
	assert_int_equal(trm_device_deadline(&device), -1);
}

static void test_pin_cancelled(void **state)
{
	(void)state;
	say(VERIFY);
	trm_device_pin(&device, 0, TRM_NO, NULL, NULL);
	assert_true(on_screen); /* the screen need not be told */
	expect_no_pin("80 00000000 00 02 40 EF 00");
}

static void test_pin_timeout(void **state)
{
	(void)state;
	say(VERIFY);
	now = 30000; /* as the host said */
	trm_device_tick(&device, now);
	assert_false(on_screen);
	expect_no_pin("80 00000000 00 02 40 F0 00");
}

static void test_pin_card_out(void **state)
{
	(void)state;
	say(VERIFY);
	trm_device_card(&device, 0, false);
	assert_false(on_screen);
	expect_no_pin("50 02");
}

static void test_pin_aborted(void **state)
{
	(void)state;
	say(VERIFY);
	say("72 00000000 00 03 000000");
	assert_false(on_screen);
	expect_no_pin("81 00000000 00 03 00 00 00");
	say(VERIFY);
	trm_device_host_gone(&device);
	assert_false(on_screen);
}

/* --- the display --------------------------------------------------------- */

static const char text[] = "<T><D><M><k>To</k><v>Bob</v></M>"
			   "<M><k>Amount</k><v>1.00 CNY</v></M></D></T>";

static void show_text(const char *t)
{
	static uint8_t storage[5000];
	uk_buf data = uk_buf_over(storage + 4500, 500), message;
	static uint8_t whole[5000];

	message = UK_BUF(whole);
	uk_put_u8(&data, 0x02);
	uk_put_str(&data, t);
	uk_ccid_put(&message, &(struct uk_ccid){ UK_CCID_ESCAPE, 0, 2,
				  { 0, 0, 0 }, uk_buf_view(&data) });
	trm_device_message(&device, uk_buf_view(&message), now);
}

static void sign_hash_of(const char *t)
{
	uint8_t storage[64], whole[128];
	uk_buf apdu = UK_BUF(storage), message = UK_BUF(whole);

	say("6F 0B000000 00 02 000000 002241B6 06 800130 840102");
	trm_device_transmitted(&device, 0, uk_ok(), hex("9000"));
	uk_put(&apdu, hex("002A9E9A20"));
	expect_ok(hash(NULL, TRM_SHA256, uk_view_str(t), &apdu));
	uk_put_u8(&apdu, 0);
	uk_ccid_put(&message, &(struct uk_ccid){ UK_CCID_XFR_BLOCK, 0, 3,
				  { 0, 0, 0 }, uk_buf_view(&apdu) });
	to_card_n = 0;
	trm_device_message(&device, uk_buf_view(&message), now);
}

static void approve(void)
{
	show_text(text);
	assert_true(on_screen);
	assert_int_equal(lines_shown, 2);
	trm_device_shown(&device, 0, TRM_YES);
	expect_sent("83 01000000 00 02 00 00 00 02");
}

#define STATEMENT    "6B 01000000 00 04 000000 03"
#define NO_STATEMENT "83 00000000 00 04 40 00 00"

/* docs/protocol.md, section 9: the key by its SubjectPublicKeyInfo, which
 * OpenSSL writes here. */
static uk_bytes fingerprint(void)
{
	static uint8_t storage[32];
	uk_buf out = UK_BUF(storage);
	uk_blob spki = { 0 };

	expect_ok(uk_key_spki(statement_key, &spki));
	expect_ok(hash(NULL, TRM_SHA256, uk_blob_view(&spki), &out));
	uk_blob_free(&spki);
	return uk_buf_view(&out);
}

/* sha256sum of coreutils, of the text. */
#define TEXT_SHA256                                                            \
	"296364fff8367a9194d27bff28a9ecf42bf25c2db6df17461f45a63ba1ae656e"

/* The statement is over the text that was shown, the signature that the card
 * gave, and a number that has not been before. */
static void check_statement(uk_bytes signature)
{
	uint8_t storage[128];
	uk_buf message = UK_BUF(storage);

	assert_int_equal(sent_n, 10 + 1 + 112);
	expect_bytes(uk_view(sent + 11, 32), fingerprint());
	uk_put_str(&message, "ukey display statement 1");
	expect_ok(hash(NULL, TRM_SHA256, uk_view_str(text), &message));
	expect_ok(hash(NULL, TRM_SHA256, signature, &message));
	uk_put(&message, uk_view(sent + 43, 16));
	expect_ok(uk_key_verify(statement_key, UK_SIG_ECDSA, UK_HASH_SHA256,
	    uk_buf_view(&message), uk_view(sent + 59, 64)));
	assert_int_equal(sent[50], (int)counter);
}

static void test_approved(void **state)
{
	(void)state;
	approve();
	sign_hash_of(text);
	assert_int_equal(to_card_n, 38);
	trm_device_transmitted(&device, 0, uk_ok(), hex("0102039000"));
	say(STATEMENT);
	check_statement(hex("010203"));
	say(STATEMENT); /* once */
	expect_sent(NO_STATEMENT);
	sign_hash_of(text);
	expect_sent("80 02000000 00 03 00 00 00 6985");
	assert_int_equal(to_card_n, 0);
}

/* A signature that comes in two parts. */
static void test_parts(void **state)
{
	(void)state;
	approve();
	sign_hash_of(text);
	trm_device_transmitted(&device, 0, uk_ok(), hex("01026101"));
	say(STATEMENT);
	expect_sent(NO_STATEMENT);
	say("6F 05000000 00 05 000000 00C0000001");
	trm_device_transmitted(&device, 0, uk_ok(), hex("039000"));
	say(STATEMENT);
	check_statement(hex("010203"));
}

/* The rest of a signature comes when another text is on the screen: nothing is
 * stated of that one. */
static void test_another_text_between(void **state)
{
	(void)state;
	approve();
	sign_hash_of(text);
	trm_device_transmitted(&device, 0, uk_ok(), hex("01026101"));
	show_text("<T><D><M><k>To</k><v>Eve</v></M></D></T>");
	trm_device_shown(&device, 0, TRM_NO);
	say("6F 05000000 00 05 000000 00C0000001");
	trm_device_transmitted(&device, 0, uk_ok(), hex("039000"));
	say(STATEMENT);
	expect_sent(NO_STATEMENT);
}

/* PIV answers curves' signatures as DER in a template; the bank has r||s. */
static void test_piv_signature(void **state)
{
	static const struct {
		const char *algorithm, *answer, *raw;
		bool states;
	} rows[] = {
		{ "11", "7C0B 8209 3007 020101 02020080 9000",
		    "0000000000000000000000000000000000000000000000000000000000"
		    "000001"
		    "0000000000000000000000000000000000000000000000000000000000"
		    "000080",
		    true },
		{ "14", "7C0A 8208 3006 020101 020102 9000",
		    "000000000000000000000000000000000000000000000000"
		    "000000000000000000000000000000000000000000000001"
		    "000000000000000000000000000000000000000000000000"
		    "000000000000000000000000000000000000000000000002",
		    true },
		{ "07", "7C06 8204 01020304 9000", "01020304", true },
		{ "11", "7C06 8204 01020304 9000", "", false },
	};
	char command[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(command, sizeof(command),
		    "6F 2C000000 00 03 000000 0087%s9C26 7C24 8200 8120 %s00",
		    rows[i].algorithm, TEXT_SHA256);
		approve();
		say(command);
		trm_device_transmitted(
		    &device, 0, uk_ok(), hex(rows[i].answer));
		say(STATEMENT);
		if (rows[i].states)
			check_statement(hex(rows[i].raw));
		else
			expect_sent(NO_STATEMENT);
	}
}

/* Shows A, asks to sign B. */
static void test_deceived(void **state)
{
	(void)state;
	approve();
	sign_hash_of("<T><D><M><k>To</k><v>Eve</v></M></D></T>");
	expect_sent("80 02000000 00 03 00 00 00 6985");
	assert_int_equal(to_card_n, 0);
	sign_hash_of(text); /* and A is no longer approved either */
	assert_int_equal(to_card_n, 0);
}

static void test_not_approved(void **state)
{
	static const struct {
		enum trm_answer a;
		const char *answer;
	} rows[] = { { TRM_NO, "83 00000000 00 02 40 EF 00" },
		{ TRM_SILENT, "83 00000000 00 02 40 F0 00" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		show_text(text);
		trm_device_shown(&device, 0, rows[i].a);
		expect_sent(rows[i].answer);
		sign_hash_of(text);
		assert_int_equal(to_card_n, 0);
		trm_device_shown(&device, 0, TRM_YES); /* too late */
		sign_hash_of(text);
		assert_int_equal(to_card_n, 0);
	}
}

/* An approval is for this card, as it is now, and this host. */
static void test_lost_approval(void **state)
{
	(void)state;
	approve();
	trm_device_card(&device, 0, false);
	power_up();
	sign_hash_of(text);
	assert_int_equal(to_card_n, 0);
	approve();
	trm_device_host_gone(&device);
	say("62 00000000 00 01 00 0000");
	trm_device_powered(&device, 0, uk_ok(), hex("3B00"));
	sign_hash_of(text);
	assert_int_equal(to_card_n, 0);
}

/* What cannot be shown exactly is not shown. */
static void test_not_a_text(void **state)
{
	static const char *const wrong[] = { "", "<T></T>", "pay 1.00",
		"<T><D><M><k>To</k><v>Bob\xe2\x80\xae</v></M></D></T>" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		show_text(wrong[i]);
		assert_false(on_screen);
		expect_sent("83 00000000 00 02 40 0A 00");
	}
}

static void test_hello(void **state)
{
	(void)state;
	say("6B 02000000 01 09 000000 01 01");
	expect_sent("83 0C000000 01 09 02 00 00 01 01 02 07 14 04 05"
		    " 70686F6E65");
	say("6B 01000000 00 09 000000 7F");
	expect_sent("83 00000000 00 09 42 00 00");
}

static int open_crypto(void **state)
{
	uk_buf point;

	(void)state;
	expect_ok(uk_crypto_open(&crypto));
	expect_ok(uk_key_make_p256(crypto, &statement_key));
	point = UK_BUF(settings.point);
	expect_ok(uk_key_point(statement_key, &point));
	return 0;
}

static int close_crypto(void **state)
{
	(void)state;
	uk_key_close(&statement_key);
	uk_crypto_close(&crypto);
	return 0;
}

#define FROM(test, begin) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FROM(test_no_card, begin),
		FROM(test_transfer, begin_up),
		FROM(test_slow_card, begin_up),
		FROM(test_card_out, begin_up),
		FROM(test_other_host, begin_up),
		FROM(test_third_host, begin_up),
		FROM(test_pin, begin_up),
		FROM(test_pin_cancelled, begin_up),
		FROM(test_pin_timeout, begin_up),
		FROM(test_pin_card_out, begin_up),
		FROM(test_pin_aborted, begin_up),
		FROM(test_approved, begin_up),
		FROM(test_parts, begin_up),
		FROM(test_another_text_between, begin_up),
		FROM(test_piv_signature, begin_up),
		FROM(test_deceived, begin_up),
		FROM(test_not_approved, begin_up),
		FROM(test_lost_approval, begin_up),
		FROM(test_not_a_text, begin_up),
		FROM(test_hello, begin),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
