/*
 * Sessions of other people's readers and cards, as they were recorded on the
 * air, check codes included: our reader says what theirs has said, byte for
 * byte, and takes what those cards answered.
 *
 * A DESFire card asked by Proxmark's client (a key's owner published the
 * session beside his notes on its authentication); a phone at a till (PPSE, an
 * article on paying by phone); ATQB and ATTRIB from a Proxmark list of type B;
 * single blocks as libfreefare's and other tools' sources quote them.
 */
#include "prox.h"

#include "crc16.h"

#include "cmocka_all.h"
#include "fixtures.h"

struct frame {
	const char *reader, *card;
};

struct session {
	const char *atr; /* PC/SC part 3 */
	struct {
		const char *apdu, *answer;
	} commands[3];
	struct frame frames[5];
};

static const struct frame *next;

static bool present(void *arg)
{
	(void)arg;
	return true;
}

static void field(void *arg, bool on)
{
	(void)arg, (void)on;
}

static void pause_us(void *arg, uint64_t us)
{
	(void)arg, (void)us;
}

static uint64_t now_us(void *arg)
{
	(void)arg;
	return 0;
}

/* SAK 20, as both had it */
static enum trm_heard find(void *arg, struct trm_prox_found *found)
{
	(void)arg;
	found->sak = 0x20;
	return TRM_HEARD;
}

static enum trm_heard swap(
    void *arg, uk_bytes frame, uk_buf *answer, uint64_t wait_us)
{
	(void)arg, (void)wait_us;
	assert_non_null(next->reader);
	expect_bytes(frame, hex(next->reader));
	uk_put(answer, hex(next->card));
	next++;
	return TRM_HEARD;
}

static const struct trm_coil hw = { present, field, pause_us, now_us, find,
	swap, NULL };

#define PPSE "325041592E5359532E4444463031"

static void speaks_as_recorded(void **state)
{
	static const struct session sessions[] = {
		{ "3B8180018080",
		    { { "0A00", "AF4FB1ED2E1137D51A" },
			{ "AFF356834379D165CD6C6D17E8146E52EB",
			    "000D9F279BA5D87260" },
			{ NULL, NULL } },
		    { { "E0803173", "06757781028002F0" },
			{ "020A00DCED", "02AF4FB1ED2E1137D51ABF55" },
			{ "03AFF356834379D165CD6C6D17E8146E52EB6D2B",
			    "03000D9F279BA5D87260F36F" },
			{ NULL, NULL } } },
		{ "3B80800101",
		    { { "00A404000E" PPSE "00",
			  "6F23840E" PPSE "A511BF0C0E610C4F07A0000000031010"
			  "8701019000" },
			{ NULL, NULL } },
		    { { "E0803173", "0578807002A546" },
			{ "0200A404000E" PPSE "00E042",
			    "026F23840E" PPSE "A511BF0C0E610C4F07A0000000031010"
			    "87010190004BB3" },
			{ NULL, NULL } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
		const struct session *s = &sessions[i];
		uint8_t storage[300];
		uk_buf b = UK_BUF(storage);
		struct trm_prox prox;

		next = s->frames;
		trm_prox_init(&prox, &hw, NULL);
		expect_ok(trm_prox_power(&prox, &b));
		expect_bytes(uk_buf_view(&b), hex(s->atr));
		for (size_t c = 0; s->commands[c].apdu != NULL; c++) {
			b = UK_BUF(storage);
			expect_ok(trm_prox_transmit(
			    &prox, hex(s->commands[c].apdu), &b));
			expect_bytes(
			    uk_buf_view(&b), hex(s->commands[c].answer));
		}
		assert_null(next->reader); /* all of it */
	}
}

static void check_codes_are_others(void **state)
{
	static const struct {
		enum uk_crc16 which;
		const char *frame;
	} frames[] = {
		{ UK_CRC_A, "C2E0B4" },   /* S(DESELECT) */
		{ UK_CRC_A, "F2019140" }, /* S(WTX) */
		{ UK_CRC_A, "A2E6D7" },   /* R(ACK) */
		{ UK_CRC_B, "05000071FF" },
		{ UK_CRC_B, "50820DE174203819220021855ED7" },
		{ UK_CRC_B, "1D820DE174000801050F9B" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		uk_bytes f = hex(frames[i].frame);
		uint16_t crc = uk_crc16(
		    frames[i].which, uk_bytes_first(f, f.n - 2));

		assert_int_equal(f.p[f.n - 2] | f.p[f.n - 1] << 8, crc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_as_recorded),
		cmocka_unit_test(check_codes_are_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
