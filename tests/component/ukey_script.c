#include "ukey_script.h"

#include "cmocka_all.h"
#include "fixtures.h"

const uk_object key_1 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 2048,
	.ref = 1 };
const uk_object key_2 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_P256,
	.key_bits = 256,
	.ref = 2,
	.always_auth = true };

const char *desk_atr;

uk_err desk_open_broken(struct desk *d, const struct script_step *steps,
    size_t count, unsigned nth, enum uk_code failure)
{
	uk_link *script = script_link(steps, count);
	uk_link *link = broken_link(&script, nth, failure);
	uk_err err;

	*d = (struct desk){ NULL, NULL };
	script_reset();
	script_atr(desk_atr);
	desk_atr = NULL;
	err = uk_channel_open(&link, &d->ch);
	if (uk_is_ok(err))
		err = uk_card_open(d->ch, &d->card);
	if (!uk_is_ok(err)) {
		assert_null(d->card);
		desk_close(d);
	}
	return err;
}

struct desk desk_open(const struct script_step *steps, size_t count)
{
	struct desk d;

	expect_ok(desk_open_broken(&d, steps, count, 0, UK_OK));
	return d;
}

void desk_close(struct desk *d)
{
	uk_card_close(&d->card);
	uk_channel_close(&d->ch, UK_LEAVE_CARD);
}

void desk_close_after(struct desk *d, size_t commands)
{
	desk_close(d);
	assert_int_equal(script_log.commands, commands);
}

uk_pin pin_of(const char *text)
{
	uk_pin pin;

	expect_ok(uk_pin_set(&pin, uk_view_str(text)));
	return pin;
}
