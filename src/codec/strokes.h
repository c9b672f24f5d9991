/*
 * A handwritten signature as a terminal's screen takes it: lines from point to
 * point. Bounded, so that it can be kept with every payment.
 *
 *     01 | width u16 | height u16 | strokes u8 | { points u16 | { x u16 | y u16
 * } }
 *
 * big-endian, points inside width and height, every stroke with at least one.
 */
#ifndef UK_STROKES_H
#define UK_STROKES_H

#include "bytes.h"

enum {
	UK_STROKES_MAX = 64,
	UK_STROKE_POINTS_MAX = 4096, /* in all */
	UK_STROKES_BYTES_MAX = 16384
};

struct uk_strokes {
	uint16_t width, height;
	size_t strokes, points;
};

/* UK_ERR_FORMAT for anything that is not exactly so. */
UK_RESULT uk_strokes_check(uk_bytes image, struct uk_strokes *out);
/* As SVG 1.1: one path, numbers only. UK_ERR_FORMAT likewise. */
UK_RESULT uk_strokes_svg(uk_bytes image, uk_buf *out);

#endif
