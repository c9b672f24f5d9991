/* A terminal and a host that hear anything on their line. Nobody who knows no
 * key gets a message through, and what the line brings never makes one. */
#include "fuzz_check.h"
#include "link.h"

static bool find(void *arg, uk_bytes id, struct trm_secret *out)
{
	(void)arg, (void)id, (void)out;
	return false;
}

static bool take_code(void *arg, uint8_t code[TRM_PAIRING_CODE])
{
	uk_buf out = uk_buf_over(code, TRM_PAIRING_CODE);

	(void)arg;
	uk_put_str(&out, "12345678");
	return true;
}

/* Frames cannot be guessed: a payload is put into good ones. */
static void feed_framed(struct trm_link *l, uk_bytes payload)
{
	uint8_t storage[3 * TRM_FRAME_MAX];
	uk_buf line = UK_BUF(storage);

	payload = uk_bytes_first(payload, TRM_FRAME_PAYLOAD);
	trm_frame_put(&line, &(struct trm_frame){ TRM_FRAME_OPEN, 0, 0,
				 uk_view_str("\1\1\1\1") });
	trm_frame_put(&line, &(struct trm_frame){ TRM_FRAME_OPENED, 0, 0,
				 uk_view_str("\1\1\1\1") });
	trm_frame_put(
	    &line, &(struct trm_frame){ TRM_FRAME_DATA, 0, 0, payload });
	trm_link_feed(l, uk_buf_view(&line), 0);
}

static void check(struct trm_link *l)
{
	uk_bytes message;

	CHECK(!trm_link_next(l, &message, 0));
	CHECK(trm_link_state(l) != TRM_LINK_UP);
	CHECK(trm_link_state(l) != TRM_LINK_PAIRED);
	trm_link_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct trm_link_terminal settings = { .name = "t",
		.point = { 4 },
		.find = find,
		.take_code = take_code };
	static const struct trm_secret secret = { { 1 }, { 2 } };
	uk_bytes in = uk_view(data, size);
	struct trm_link *l;

	CHECK(uk_is_ok(trm_link_new_terminal(&settings, &l)));
	trm_link_feed(l, in, 0);
	feed_framed(l, in);
	check(l);
	CHECK(uk_is_ok(trm_link_new_host("h", &l)));
	CHECK(uk_is_ok(trm_link_open(l, &secret, 0x01010101, 0)));
	feed_framed(l, in);
	check(l);
	return 0;
}
