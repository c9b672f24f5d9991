#include "prox_chip.h"

#include "crc16.h"

#include "cmocka_all.h"
#include "fixtures.h"

struct chip chip;

static bool present(void *arg)
{
	(void)arg;
	return true;
}

static void field(void *arg, bool on)
{
	(void)arg;
	chip.fields += on;
}

static void pause_us(void *arg, uint64_t us)
{
	(void)arg;
	chip.paused_us = us;
}

static uint64_t now_us(void *arg)
{
	(void)arg;
	return 0;
}

static enum trm_heard find(void *arg, struct trm_prox_found *out)
{
	(void)arg;
	*out = chip.found;
	return TRM_HEARD;
}

static void put_framed(uk_bytes frame, uint16_t spoilt, uk_buf *out)
{
	uint16_t crc = spoilt ^
		       uk_crc16(chip.found.type_b ? UK_CRC_B : UK_CRC_A, frame);

	uk_put(out, frame);
	uk_put_u8(out, (uint8_t)crc);
	uk_put_u8(out, (uint8_t)(crc >> 8));
}

static enum trm_heard swap(
    void *arg, uk_bytes frame, uk_buf *answer, uint64_t wait_us)
{
	const struct chip_row *row = chip.next++;
	uint8_t storage[TRM_PROX_FRAME];
	uk_buf want = UK_BUF(storage);
	bool spoilt;

	(void)arg;
	chip.waited_us = wait_us;
	assert_non_null(row->sent);
	put_framed(hex(row->sent), 0, &want);
	expect_bytes(frame, uk_buf_view(&want));
	if (row->said[0] == '\0')
		return TRM_SILENCE;
	spoilt = row->said[0] == '~';
	put_framed(hex(row->said + spoilt), spoilt ? 0x8000 : 0, answer);
	return TRM_HEARD;
}

static void waiting(void *arg)
{
	(void)arg;
	chip.asked++;
}

static const struct trm_coil hw = { present, field, pause_us, now_us, find,
	swap, waiting };

uk_err chip_power(const struct chip_row *rows, uk_buf *atr)
{
	chip.next = rows;
	chip.asked = chip.fields = 0;
	chip.paused_us = 0;
	trm_prox_init(&chip.prox, &hw, NULL);
	return trm_prox_power(&chip.prox, atr);
}

uk_err chip_play(
    const struct chip_row *rows, const char *const commands[2], uk_buf *answers)
{
	uint8_t storage[TRM_PROX_ATR];
	uk_buf atr = UK_BUF(storage);
	uk_err err = uk_ok();

	chip.found = (struct trm_prox_found){ .sak = 0x20 };
	expect_ok(chip_power(rows, &atr));
	for (int i = 0; i < 2 && commands[i] != NULL && uk_is_ok(err); i++)
		err = trm_prox_transmit(&chip.prox, hex(commands[i]), answers);
	return err;
}
