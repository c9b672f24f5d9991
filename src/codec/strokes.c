/* Handwritten signatures. */
#include "strokes.h"

#include <stdio.h>

enum { VERSION = 1, NUMBER_TEXT = 24 };

/* What is done with each point; may be NULL. */
typedef void point_fn(uk_buf *out, bool first, unsigned x, unsigned y);

static void walk_stroke(
    uk_reader *r, struct uk_strokes *s, uk_buf *out, point_fn *each)
{
	size_t n = uk_get_u16(r);

	s->points += n;
	if (n == 0 || s->points > UK_STROKE_POINTS_MAX)
		r->bad = true;
	for (size_t i = 0; i < n && !r->bad; i++) {
		unsigned x = uk_get_u16(r), y = uk_get_u16(r);

		if (x > s->width || y > s->height)
			r->bad = true;
		if (!r->bad && each != NULL)
			each(out, i == 0, x, y);
	}
}

static uk_err walk(
    uk_bytes image, struct uk_strokes *s, uk_buf *out, point_fn *each)
{
	uk_reader r = uk_read(image);

	*s = (struct uk_strokes){ 0 };
	if (image.n > UK_STROKES_BYTES_MAX || uk_get_u8(&r) != VERSION)
		return uk_fail(UK_ERR_FORMAT);
	s->width = uk_get_u16(&r);
	s->height = uk_get_u16(&r);
	s->strokes = uk_get_u8(&r);
	if (s->width == 0 || s->height == 0 || s->strokes == 0 ||
	    s->strokes > UK_STROKES_MAX)
		return uk_fail(UK_ERR_FORMAT);
	for (size_t i = 0; i < s->strokes && !r.bad; i++)
		walk_stroke(&r, s, out, each);
	return uk_read_end(&r);
}

uk_err uk_strokes_check(uk_bytes image, struct uk_strokes *out)
{
	return walk(image, out, NULL, NULL);
}

static void put_point(uk_buf *out, bool first, unsigned x, unsigned y)
{
	char text[NUMBER_TEXT];

	(void)snprintf(text, sizeof(text), "%c%u %u", first ? 'M' : 'L', x, y);
	uk_put_str(out, text);
}

uk_err uk_strokes_svg(uk_bytes image, uk_buf *out)
{
	struct uk_strokes s;
	char head[160];

	UK_TRY(walk(image, &s, NULL, NULL));
	(void)snprintf(head, sizeof(head),
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\">"
	    "<path fill=\"none\" stroke=\"black\" stroke-width=\"2\" d=\"",
	    (unsigned)s.width, (unsigned)s.height);
	uk_put_str(out, head);
	UK_TRY(walk(image, &s, out, put_point));
	uk_put_str(out, "\"/></svg>\n");
	return uk_buf_result(out);
}
