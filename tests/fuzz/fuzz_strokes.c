/* Handwritten signatures: what is accepted can be drawn, with numbers only. */
#include "fuzz_check.h"
#include "strokes.h"

static uint8_t room[128 * 1024];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes v = uk_view(data, size);
	uk_buf b = UK_BUF(room);
	struct uk_strokes s;

	if (!uk_is_ok(uk_strokes_check(v, &s))) {
		CHECK(!uk_is_ok(uk_strokes_svg(v, &b)));
		return 0;
	}
	CHECK(s.strokes <= UK_STROKES_MAX && s.points <= UK_STROKE_POINTS_MAX);
	CHECK(size <= UK_STROKES_BYTES_MAX);
	CHECK(uk_is_ok(uk_strokes_svg(v, &b)));
	return 0;
}
