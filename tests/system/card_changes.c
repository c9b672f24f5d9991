/*
 * Keys and objects made, used and destroyed by the driver through a real reader
 * service, and the card pulled while that happens. Run by test_card_changes.sh:
 *
 *     card_changes READER UKEY-VCARD CONTROL-SOCKET
 */
#include "card.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONG_CERT = 3000, CHANGE_COMMANDS = 11 };

static const char *reader, *vcard, *control;
static const uint8_t id[] = { 0x77, 0x01 };

struct seat {
	uk_channel *ch;
	uk_card *card;
};

/* The card's control: insert, "remove-after N". */
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

/* A card that was just put in needs a moment until the service knows it. */
static uk_link *connect_soon(void)
{
	const struct timespec moment = { 0, 50000000 };
	uk_link *link = NULL;
	uk_err err = uk_pcsc_connect(NULL, reader, &link);

	for (int i = 0; i < 100 && !uk_is_ok(err); i++) {
		nanosleep(&moment, NULL);
		err = uk_pcsc_connect(NULL, reader, &link);
	}
	expect_ok(err);
	return link;
}

static struct seat sit_down(void)
{
	struct seat s = { NULL, NULL };
	uk_link *link = connect_soon();
	uk_pin pin;

	expect_ok(uk_channel_open(&link, &s.ch));
	expect_ok(uk_channel_begin(s.ch));
	expect_ok(uk_card_open(s.ch, &s.card));
	expect_ok(uk_pin_set(&pin, uk_view_str("482915")));
	expect_ok(uk_card_verify(s.card, UK_PIN_USER, &pin));
	uk_wipe(&pin, sizeof(pin));
	expect_ok(uk_card_load_objects(s.card));
	return s;
}

static void get_up(struct seat *s)
{
	uk_channel_end(s->ch, UK_RESET_CARD);
	uk_card_close(&s->card);
	uk_channel_close(&s->ch, UK_LEAVE_CARD);
}

static const uk_object *find(
    struct seat *s, enum uk_object_kind kind, const char *label)
{
	for (size_t i = 0; i < s->card->object_count; i++) {
		const uk_object *o = &s->card->objects[i];

		if (o->kind == kind && strcmp(o->label, label) == 0)
			return o;
	}
	return NULL;
}

static uk_err generate(struct seat *s, enum uk_key_type type, unsigned bits)
{
	const struct uk_new_object what = { .label = "made",
		.id = UK_ARRAY(id),
		.usage = UK_USE_SIGN | UK_USE_DECRYPT | UK_USE_DERIVE,
		.key_type = type,
		.key_bits = bits };
	size_t at;

	return uk_card_generate(s->card, &what, &at);
}

static void sign_with(struct seat *s, const uk_object *key)
{
	static const uint8_t hash[32] = { 1 };
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { key,
		key->key_type == UK_KEY_RSA ? UK_SIG_PSS : UK_SIG_ECDSA,
		UK_HASH_SHA256, UK_ARRAY(hash) };

	expect_ok(uk_card_sign(s->card, &r, &sig));
}

static void rsa_keys_come_and_go(void **state)
{
	struct seat s = sit_down();
	size_t before = s.card->object_count;
	const uk_object *key;

	(void)state;
	expect_ok(generate(&s, UK_KEY_RSA, 2048));
	key = find(&s, UK_OBJ_PRIVATE_KEY, "made");
	assert_non_null(key);
	assert_int_equal(key->key_bits, 2048);
	sign_with(&s, key);
	expect_ok(uk_card_destroy(s.card, key));
	assert_int_equal(s.card->object_count, before);
	get_up(&s);
}

/* Longer than a short APDU, several times. */
static void long_contents_come_and_go(void **state)
{
	static uint8_t value[LONG_CERT] = { 0x30, 0x82, 0x0b, 0xb4 };
	struct seat s = sit_down();
	size_t before = s.card->object_count, at;
	uk_blob read = { NULL, 0 };
	struct uk_new_object what = { .kind = UK_OBJ_CERTIFICATE,
		.label = "long",
		.id = UK_ARRAY(id),
		.value = UK_ARRAY(value) };

	(void)state;
	for (size_t i = 4; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 7);
	expect_ok(uk_card_store(s.card, &what, &at));
	what.kind = UK_OBJ_DATA;
	expect_ok(uk_card_store(s.card, &what, &at));
	expect_ok(uk_card_read_object(s.card, &s.card->objects[at], &read));
	expect_bytes(uk_blob_view(&read), UK_ARRAY(value));
	expect_ok(uk_card_destroy(s.card, &s.card->objects[at]));
	expect_ok(uk_card_read_object(
	    s.card, find(&s, UK_OBJ_CERTIFICATE, "long"), &read));
	expect_bytes(uk_blob_view(&read), UK_ARRAY(value));
	expect_ok(
	    uk_card_destroy(s.card, find(&s, UK_OBJ_CERTIFICATE, "long")));
	assert_int_equal(s.card->object_count, before);
	uk_blob_free(&read);
	get_up(&s);
}

/* true if the key was there afterwards, whole; it is destroyed then. */
static bool pulled_after(unsigned commands)
{
	const char digits[] = { (char)('0' + commands / 10),
		(char)('0' + commands % 10), 0 };
	struct seat s = sit_down();
	size_t before = s.card->object_count;
	const uk_object *key;

	tell_card("remove-after", digits);
	expect_code(generate(&s, UK_KEY_P256, 0), UK_ERR_CARD_REMOVED);
	get_up(&s);
	tell_card("insert", NULL);
	s = sit_down();
	key = find(&s, UK_OBJ_PRIVATE_KEY, "made");
	if (key != NULL) {
		sign_with(&s, key);
		expect_ok(uk_card_destroy(s.card, key));
		key = &s.card->objects[0]; /* any other: something was there */
	}
	assert_int_equal(s.card->object_count, before);
	get_up(&s);
	return key != NULL;
}

/* READ PrKDF, GENERATE, READ and UPDATE PuKDF, READ and UPDATE PrKDF; then GET
 * DATA and four directories. */
static void a_card_pulled_while_a_key_is_made(void **state)
{
	(void)state;
	for (unsigned n = 1; n < CHANGE_COMMANDS; n += 2)
		assert_int_equal(pulled_after(n), n >= 6);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_keys_come_and_go),
		cmocka_unit_test(long_contents_come_and_go),
		cmocka_unit_test(a_card_pulled_while_a_key_is_made),
	};

	if (argc != 4)
		return 2;
	reader = argv[1];
	vcard = argv[2];
	control = argv[3];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
