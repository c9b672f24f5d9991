/* EF.OD and EF.CIAInfo of ISO/IEC 7816-15, and what they share with objects. */
#include "p15.h"

#include "der.h"
#include "p15_parts.h"
#include "tlv.h"

enum {
	PATH_LENGTH = 0x80, /* [0], primitive */
	INFO_LABEL = 0x80,
	LAST_UPDATE = 0xa5 /* [5], around a choice */
};

void uk_p15_leave(uk_reader *outer, uk_reader *inner)
{
	while (!inner->bad && inner->left > 0)
		(void)uk_der_get_any(inner);
	outer->bad = outer->bad || inner->bad;
}

void uk_p15_copy_text(
    uk_reader *r, char field[UK_P15_LABEL_MAX + 1], uk_bytes v)
{
	if (!uk_is_ok(uk_copy_str(field, UK_P15_LABEL_MAX + 1, v)))
		r->bad = true;
}

size_t uk_p15_copy_id(uk_reader *r, uint8_t field[UK_P15_ID_MAX], uk_bytes v)
{
	if (v.n > UK_P15_ID_MAX || !uk_is_ok(uk_copy_exact(field, v.n, v))) {
		r->bad = true;
		return 0;
	}
	return v.n;
}

bool uk_p15_at_end(const uk_reader *r)
{
	int next = uk_peek_u8(r);

	return next == -1 || next == 0x00 || next == 0xff;
}

uk_p15_path uk_p15_get_path(uk_reader *r)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	uk_bytes v = uk_der_get(&seq, UK_DER_OCTETS);
	uk_p15_path path = { 0 };

	if (v.n > sizeof(path.p) || !uk_is_ok(uk_copy_exact(path.p, v.n, v)))
		seq.bad = true;
	else
		path.n = v.n;
	if (uk_der_peek(&seq) == UK_DER_INTEGER) {
		path.has_range = true;
		path.index = uk_der_get_u32(&seq, UK_DER_INTEGER);
		path.length = uk_der_get_u32(&seq, PATH_LENGTH);
	}
	uk_p15_leave(r, &seq);
	return path;
}

void uk_put_p15_path(uk_buf *out, const uk_p15_path *path)
{
	size_t at = uk_tlv_begin(out, UK_DER_SEQUENCE);

	uk_put_der(out, UK_DER_OCTETS, uk_view(path->p, path->n));
	if (path->has_range) {
		uk_put_der_u32(out, UK_DER_INTEGER, path->index);
		uk_put_der_u32(out, PATH_LENGTH, path->length);
	}
	uk_tlv_end(out, at);
}

/* --- EF.OD --------------------------------------------------------------- */

static bool is_odf_choice(int tag)
{
	return tag >= 0xa0 && tag <= 0xaf;
}

bool uk_p15_odf_next(uk_reader *r, uk_p15_odf_entry *out)
{
	while (!r->bad && !uk_p15_at_end(r)) {
		int tag = uk_der_peek(r);
		uk_reader entry;

		*out = (uk_p15_odf_entry){ 0 };
		out->choice = (uint8_t)tag;
		entry = uk_der_enter(r, out->choice);
		r->bad = r->bad || !is_odf_choice(tag);
		/* 7816-15, 8.3: a path, or the objects themselves in [0] */
		if (uk_der_peek(&entry) != UK_DER_SEQUENCE) {
			uk_p15_leave(r, &entry);
			continue;
		}
		out->path = uk_p15_get_path(&entry);
		uk_p15_leave(r, &entry);
		if (out->path.n == 0)
			r->bad = true; /* names no file */
		return !r->bad;
	}
	return false;
}

void uk_put_p15_odf(uk_buf *out, uint8_t choice, uint16_t fid)
{
	uk_p15_path path = { 0 };
	size_t at = uk_tlv_begin(out, choice);

	path.p[0] = (uint8_t)(fid >> 8);
	path.p[1] = (uint8_t)fid;
	path.n = 2;
	uk_put_p15_path(out, &path);
	uk_tlv_end(out, at);
}

/* --- EF.CIAInfo ---------------------------------------------------------- */

static bool is_time(uk_bytes v)
{
	if (v.n != UK_P15_TIME_LEN || v.p[UK_P15_TIME_LEN - 1] != 'Z')
		return false;
	for (size_t i = 0; i < UK_P15_TIME_LEN - 1; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	}
	return true;
}

/* LastUpdate ::= CHOICE { generalizedTime, referencedTime [0] } (8.11). behind:
 * how many bytes of the file follow the end of seq. */
static void take_last_update(
    uk_reader *seq, uk_bytes file, size_t behind, uk_p15_info *out)
{
	uk_reader choice = uk_der_enter(seq, LAST_UPDATE);
	uk_bytes v;

	if (!uk_der_opt(&choice, UK_DER_TIME, &v) || choice.left > 0 ||
	    !is_time(v))
		return;
	UK_IGNORE(uk_copy_str(out->last_update, sizeof(out->last_update), v));
	out->last_update_at = file.n - behind - seq->left - v.n;
}

uk_err uk_p15_info_parse(uk_bytes file, uk_p15_info *out)
{
	uk_reader r = uk_read(file);
	uk_reader seq = uk_der_enter(&r, UK_DER_SEQUENCE);
	uk_bytes v;

	*out = (uk_p15_info){ 0 };
	(void)uk_der_get_u32(&seq, UK_DER_INTEGER); /* version: v1 or v2 */
	if (uk_der_opt(&seq, UK_DER_OCTETS, &v))
		out->serial_len = uk_p15_copy_id(&seq, out->serial, v);
	if (uk_der_opt(&seq, UK_DER_UTF8, &v))
		uk_p15_copy_text(&seq, out->manufacturer, v);
	if (uk_der_opt(&seq, INFO_LABEL, &v))
		uk_p15_copy_text(&seq, out->label, v);
	out->flags = uk_der_get_flags(&seq, UK_DER_BITS);
	while (!seq.bad && seq.left > 0 && uk_der_peek(&seq) != LAST_UPDATE)
		(void)uk_der_get_any(&seq);
	if (!seq.bad && seq.left > 0)
		take_last_update(&seq, file, r.left, out);
	uk_p15_leave(&r, &seq);
	return uk_read_ok(&r);
}

uk_err uk_put_p15_info(uk_buf *out, const uk_p15_info *info)
{
	size_t at;

	if (info->serial_len > sizeof(info->serial))
		return uk_fail(UK_ERR_ARGUMENT);
	at = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der_u32(out, UK_DER_INTEGER, 0); /* v1 */
	uk_put_der(out, UK_DER_OCTETS, uk_view(info->serial, info->serial_len));
	if (info->manufacturer[0] != 0)
		uk_put_der(out, UK_DER_UTF8, uk_view_str(info->manufacturer));
	if (info->label[0] != 0)
		uk_put_der(out, INFO_LABEL, uk_view_str(info->label));
	uk_put_der_flags(out, UK_DER_BITS, info->flags);
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}
