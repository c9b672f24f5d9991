/* Frames. Expected bytes: byte stuffing by hand, check by Python's zlib.crc32.
 */
#include "frame.h"

#include "cmocka_all.h"
#include "fixtures.h"

static const struct row {
	const char *bytes;
	uint8_t kind, seq, ack;
	const char *payload;
} rows[] = {
	{ "00 02 11 01 09 01020304 D56CBDCB 00", TRM_FRAME_OPEN, 0, 0,
	    "01020304" },
	{ "00 02 14 06 07 1D470A7A 00", TRM_FRAME_ACK, 0, 7, "" },
	{ "00 04 13FF01 02 11 01 05 16121A0F 00", TRM_FRAME_DATA, 255, 1,
	    "00110000" },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_put(void **state)
{
	uint8_t storage[64];

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		uk_buf out = UK_BUF(storage);

		trm_frame_put(
		    &out, &(struct trm_frame){ rows[i].kind, rows[i].seq,
			      rows[i].ack, hex(rows[i].payload) });
		expect_bytes(uk_buf_view(&out), hex(rows[i].bytes));
	}
}

/* How many frames these bytes make; the last one is in *f. */
static size_t feed(
    struct trm_frame_reader *r, uk_bytes bytes, struct trm_frame *f)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes.n; i++)
		count += trm_frame_feed(r, bytes.p[i], f);
	return count;
}

static void test_feed(void **state)
{
	struct trm_frame_reader r = { .n = 0 };
	struct trm_frame f;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(feed(&r, hex(rows[i].bytes), &f), 1);
		assert_int_equal(f.kind, rows[i].kind);
		assert_int_equal(f.seq, rows[i].seq);
		assert_int_equal(f.ack, rows[i].ack);
		expect_bytes(f.payload, hex(rows[i].payload));
	}
}

/* Every length around the 254 of the stuffing and up to the longest. */
static void test_all_lengths(void **state)
{
	static uint8_t payload[TRM_FRAME_PAYLOAD], storage[TRM_FRAME_MAX];
	static struct trm_frame_reader r;
	struct trm_frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i % 255 + 1); /* no zero */
	for (size_t n = 0; n <= sizeof(payload); n++) {
		uk_buf out = UK_BUF(storage);

		trm_frame_put(&out, &(struct trm_frame){ TRM_FRAME_DATA, 1, 1,
					uk_view(payload, n) });
		expect_ok(uk_buf_result(&out));
		assert_int_equal(feed(&r, uk_buf_view(&out), &f), 1);
		expect_bytes(f.payload, uk_view(payload, n));
	}
}

static void test_too_long(void **state)
{
	static uint8_t payload[TRM_FRAME_PAYLOAD + 1],
	    storage[2 * sizeof(payload)];
	static struct trm_frame_reader r;
	struct trm_frame f;
	uk_buf out = UK_BUF(storage);

	(void)state;
	trm_frame_put(&out,
	    &(struct trm_frame){ TRM_FRAME_DATA, 0, 0, UK_ARRAY(payload) });
	assert_true(out.bad);
	/* A line that never brings a zero, and then a good frame. */
	for (size_t i = 0; i < 100000; i++)
		assert_false(trm_frame_feed(&r, (uint8_t)(i % 255 + 1), &f));
	assert_int_equal(feed(&r, hex(rows[0].bytes), &f), 1);
}

/* Any byte that was changed: this frame is lost, the next one is read. */
static void test_noise(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		uk_bytes good = hex(rows[i].bytes);

		for (size_t at = 0; at < good.n; at++) {
			struct trm_frame_reader r = { .n = 0 };
			struct trm_frame f;
			uint8_t storage[64];
			uk_buf spoilt = UK_BUF(storage);

			uk_put(&spoilt, good);
			storage[at] ^= 0x41;
			/* The first zero of two may go: nothing is lost. */
			(void)feed(&r, uk_buf_view(&spoilt), &f);
			assert_int_equal(feed(&r, good, &f), 1);
			assert_int_equal(f.kind, rows[i].kind);
		}
	}
}

/* As ACK above, but of version 2; check by Python's zlib.crc32. */
static void test_other_version(void **state)
{
	struct trm_frame_reader r = { .n = 0 };
	struct trm_frame f;

	(void)state;
	assert_int_equal(feed(&r, hex("00 02 24 06 07 8DA2615E 00"), &f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_feed),
		cmocka_unit_test(test_all_lengths),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_other_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
