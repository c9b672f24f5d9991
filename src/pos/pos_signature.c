/* Handwritten signatures: from a drawing program's JSON, and back as SVG. */
#include "pos_client.h"

#include "strokes.h"

#include <stdio.h>

enum { SVG_MAX = 128 * 1024 };

static bool number(const json_t *v, uk_buf *out)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || n > UINT16_MAX)
		return false;
	uk_put_u16(out, (uint16_t)n);
	return true;
}

static bool put_stroke(const json_t *stroke, uk_buf *out)
{
	size_t n = json_array_size(stroke), i;
	json_t *point;

	if (n > UK_STROKE_POINTS_MAX)
		return false;
	uk_put_u16(out, (uint16_t)n);
	json_array_foreach(stroke, i, point)
	{
		if (json_array_size(point) != 2 ||
		    !number(json_array_get(point, 0), out) ||
		    !number(json_array_get(point, 1), out))
			return false;
	}
	return true;
}

static bool put_image(const json_t *root, uk_buf *out)
{
	const json_t *strokes = json_object_get(root, "strokes");
	size_t n = json_array_size(strokes), i;
	json_t *stroke;

	uk_put_u8(out, 1);
	if (!number(json_object_get(root, "width"), out) ||
	    !number(json_object_get(root, "height"), out) || n > UK_STROKES_MAX)
		return false;
	uk_put_u8(out, (uint8_t)n);
	json_array_foreach(strokes, i, stroke)
	{
		if (!put_stroke(stroke, out))
			return false;
	}
	return !out->bad;
}

uk_err pos_read_signature(const char *path, uk_blob *out)
{
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	uint8_t *room = uk_new_array(UK_STROKES_BYTES_MAX, 1);
	uk_buf b = uk_buf_over(room, room == NULL ? 0 : UK_STROKES_BYTES_MAX);
	struct uk_strokes s;
	uk_err err = uk_fail(UK_ERR_FORMAT);

	if (room != NULL && put_image(root, &b))
		err = uk_strokes_check(uk_buf_view(&b), &s);
	if (uk_is_ok(err))
		err = uk_blob_set(out, uk_buf_view(&b));
	uk_free(room);
	json_decref(root);
	return err;
}

static enum pos_exit write_svg(uk_bytes image, const char *path)
{
	uint8_t *room = uk_new_array(SVG_MAX, 1);
	uk_buf svg = uk_buf_over(room, room == NULL ? 0 : SVG_MAX);
	enum pos_exit code = POS_FAILED;
	FILE *f = NULL;

	if (!uk_is_ok(uk_strokes_svg(image, &svg)))
		code = pos_say(POS_FAILED, "the bank's answer is malformed");
	else if ((f = path == NULL ? stdout : fopen(path, "we")) == NULL)
		code = pos_say(POS_DATA, "%s: cannot be written", path);
	else if (fwrite(svg.p, 1, svg.len, f) == svg.len)
		code = POS_OK;
	if (f != NULL && f != stdout && fclose(f) != 0)
		code = pos_say(POS_DATA, "%s: cannot be written", path);
	uk_free(room);
	return code;
}

enum pos_exit pos_get_signature(struct pos *p)
{
	char path[POS_URL_MAX];
	uk_blob image = { NULL, 0 };
	json_t *answer;
	enum pos_exit code;

	if (p->opt.order == NULL ||
	    !bank_order_number_ok(uk_view_str(p->opt.order)))
		return pos_say(POS_USAGE, "which order?");
	(void)snprintf(
	    path, sizeof(path), "/v1/pos/orders/%s/signature", p->opt.order);
	code = pos_call(p, path, NULL, false, &answer);
	if (code == POS_OK &&
	    !uk_is_ok(uk_base64_decode(
		uk_view_str(pos_text(answer, "signature")), &image)))
		code = pos_say(POS_FAILED, "the bank's answer is malformed");
	if (code == POS_OK)
		code = write_svg(uk_blob_view(&image), p->opt.out);
	uk_blob_free(&image);
	json_decref(answer);
	return code;
}
