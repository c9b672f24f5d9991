/* What the device asks of the cards and the screen, and what they tell it. */
#include "run_impl.h"

#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { CODE_MS = 120000 };

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

void trm_run_code_old(struct terminal *t)
{
	t->code_until = -1;
	uk_wipe(t->code, sizeof(t->code));
	trm_screen_say(&t->screen, "The code is no longer valid.");
}

static void on_end(void *arg)
{
	struct terminal *t = arg;

	t->end = true;
}

static const struct trm_screen_ops screen_ops = { write_screen, on_pin,
	on_judged, on_pairing, on_end };

/* --- opening ------------------------------------------------------------- */

void trm_run_open_device(struct terminal *t)
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
