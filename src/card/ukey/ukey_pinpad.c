/*
 * U-key: PINs that a person enters on the reader. The commands are those of
 * ukey_pin.c; the pad puts the digits over the FF of their blocks of sixteen.
 */
#include "ukey_driver.h"

/* From the first key to the last; readers have their own idea of it as well. */
enum { TIMEOUT_S = 30 };

static uk_err enter(
    uk_card *c, enum uk_pin_ref ref, struct uk_pinpad_entry entry)
{
	bool so = ref == UK_PIN_SO;

	entry.pin_min = (uint8_t)(so ? c->info.so_pin_min : c->info.pin_min);
	entry.pin_max = (uint8_t)(so ? c->info.so_pin_max : c->info.pin_max);
	entry.timeout_s = TIMEOUT_S;
	return uk_channel_enter_pin(c->ch, &entry);
}

uk_err ukey_pad_verify(uk_card *c, enum uk_pin_ref ref, uint8_t card_ref)
{
	return enter(c, ref,
	    (struct uk_pinpad_entry){
		.ins = 0x20, .p2 = card_ref, .asks_old = true });
}

uk_err ukey_pad_change(uk_card *c, enum uk_pin_ref ref, uint8_t card_ref)
{
	return enter(c, ref,
	    (struct uk_pinpad_entry){ .ins = 0x24,
		.p2 = card_ref,
		.asks_old = true,
		.asks_new = true });
}

uk_err ukey_pad_unblock(uk_card *c, uint8_t card_ref)
{
	return enter(c, UK_PIN_USER,
	    (struct uk_pinpad_entry){
		.ins = 0x2c, .p1 = 0x02, .p2 = card_ref, .asks_new = true });
}
