/* A card and a channel to its security domain. */
#include "isd_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"

#include <string.h>

struct isd_rig isd_rig;

int isd_set_up(void **state)
{
	expect_ok(vc_crypto_open(&isd_rig.crypto));
	expect_ok(vc_apps_open(NULL, VC_STORE_CREATE, &isd_rig.card));
	gp_host_keys(&isd_rig.host, isd_rig.crypto, isd_rig.card);
	*state = &isd_rig;
	return 0;
}

int isd_tear_down(void **state)
{
	(void)state;
	vc_card_close(&isd_rig.card);
	vc_crypto_close(&isd_rig.crypto);
	return 0;
}

unsigned gp(const char *text)
{
	const char *colon = strchr(text, ':');
	uint8_t apdu[300];
	uk_buf b = UK_BUF(apdu);
	uk_bytes data;

	if (colon == NULL)
		return gp_send(&isd_rig.host, hex(text));
	data = hex(colon + 1);
	assert_in_range(data.n, 1, 230);
	expect_ok(uk_hex_decode(uk_view(text, 8), &b));
	uk_put_u8(&b, (uint8_t)data.n);
	uk_put(&b, data);
	uk_put_u8(&b, 0);
	return gp_send(&isd_rig.host, uk_buf_view(&b));
}

void expect_gp_at(const char *command, unsigned sw, const char *answer,
    const char *file, int line)
{
	unsigned got = gp(command);

	if (got != sw) {
		print_error("%s: got %04X, want %04X\n", command, got, sw);
		_fail(file, line);
	}
	if (answer != NULL)
		expect_bytes_at(
		    uk_view(isd_rig.host.answer, isd_rig.host.answer_len),
		    hex(answer), file, line);
}

void open_channel(uint8_t level)
{
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&isd_rig.host, 0, level), 0x9000);
}

void expect_locked_out(void)
{
	expect_sw(isd_rig.card, "80F28002024F0000", 0x6982);
	expect_sw(isd_rig.card, "80E400000A4F08" UKEY, 0x6982);
	expect_sw(isd_rig.card, "80D8008103010203", 0x6982);
	expect_sw(isd_rig.card, "80E20000020102", 0x6982);
	expect_sw(isd_rig.card, "80E60C00020000", 0x6982);
	expect_sw(isd_rig.card, "80E80000020000", 0x6982);
	expect_sw(isd_rig.card, "80F0807F00", 0x6982);
}
