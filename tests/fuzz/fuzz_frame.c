/* Frames from a line that brings anything: views stay inside the reader, and
 * what was read can be written and read again. */
#include "frame.h"
#include "fuzz_check.h"

static void again(const struct trm_frame *f)
{
	static uint8_t storage[TRM_FRAME_MAX];
	static struct trm_frame_reader r;
	uk_buf out = UK_BUF(storage);
	struct trm_frame g;
	size_t frames = 0;

	trm_frame_put(&out, f);
	CHECK(uk_is_ok(uk_buf_result(&out)));
	r = (struct trm_frame_reader){ .n = 0 };
	for (size_t i = 0; i < out.len; i++)
		frames += trm_frame_feed(&r, out.p[i], &g);
	CHECK(frames == 1 && g.kind == f->kind && g.seq == f->seq &&
	      g.ack == f->ack && uk_bytes_eq(g.payload, f->payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trm_frame_reader r;
	struct trm_frame f;

	r = (struct trm_frame_reader){ .n = 0 };
	for (size_t i = 0; i < size; i++) {
		if (!trm_frame_feed(&r, data[i], &f))
			continue;
		CHECK(lies_inside(f.payload, UK_ARRAY(r.bytes)));
		CHECK(f.payload.n <= TRM_FRAME_PAYLOAD);
		again(&f);
	}
	return 0;
}
