/* READ, UPDATE and ERASE BINARY, ISO/IEC 7816-4:2020, 11.3. */
#include "vc_files_priv.h"

#include "mem.h"
#include "tlv.h"

enum { TAG_OFFSET = 0x54, TAG_DATA = 0x53, P1_IS_SFI = 0x80 };

/* Where a command works: file and offset. */
struct place {
	uint16_t fid;
	size_t offset;
};

static uint16_t find_place(
    struct vc_files *f, const struct place *at, struct vc_found *found)
{
	if (at->fid == 0)
		return UK_SW_NO_EF;
	if (!vc_files_find(f, at->fid, found))
		return UK_SW_NO_FILE;
	f->current = at->fid;
	return UK_SW_OK;
}

/* Even INS: offset of 15 bits in the current file, or SFI and 8 bits. */
static uint16_t get_place(
    const struct vc_files *f, const uk_cmd *cmd, struct place *out)
{
	if ((cmd->p1 & P1_IS_SFI) == 0) {
		*out = (struct place){ f->current,
			(size_t)cmd->p1 << 8 | cmd->p2 };
		return UK_SW_OK;
	}
	if ((cmd->p1 & 0x60) != 0 || (cmd->p1 & 0x1f) == 0)
		return UK_SW_P1P2;
	*out = (struct place){ vc_files_by_sfi(f, cmd->p1 & 0x1f), cmd->p2 };
	return out->fid == 0 ? UK_SW_NO_FILE : UK_SW_OK;
}

/* Odd INS: file in P1-P2 (0000: the current one), 54 n offset [53 L data]. */
static uint16_t get_place_odd(const struct vc_files *f, const uk_cmd *cmd,
    struct place *out, uk_reader *rest)
{
	uint16_t fid = (uint16_t)(cmd->p1 << 8 | cmd->p2);
	uk_tlv t;

	*out = (struct place){ fid == 0 ? f->current : fid, 0 };
	*rest = uk_read(cmd->data);
	if (!uk_tlv_next(rest, &t) || t.tag != TAG_OFFSET || t.value.n == 0 ||
	    t.value.n > 4)
		return UK_SW_DATA;
	for (size_t i = 0; i < t.value.n; i++)
		out->offset = out->offset << 8 | t.value.p[i];
	return UK_SW_OK;
}

/* --- reading ---------------------------------------------------------------
 */

/* Le says "as much as there is": absent (GET RESPONSE will fetch it), or the
 * greatest value of either form. */
static bool takes_all(uint32_t le)
{
	return le == UK_LE_NONE || le == UK_LE_SHORT_MAX || le == UK_LE_MAX;
}

uint16_t vc_file_give(uk_bytes content, size_t offset, uint32_t le, uk_buf *out)
{
	uk_bytes rest = uk_bytes_from(content, offset);
	size_t want = le == UK_LE_NONE ? UK_LE_MAX : le;

	if (offset > content.n)
		return UK_SW_OFFSET;
	uk_put(out, uk_bytes_first(rest, want));
	return want > rest.n && !takes_all(le) ? UK_SW_EOF : UK_SW_OK;
}

uint16_t vc_files_read(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_found found;
	struct place at;
	uint16_t sw;

	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	if ((sw = get_place(f, cmd, &at)) != UK_SW_OK ||
	    (sw = find_place(f, &at, &found)) != UK_SW_OK ||
	    (sw = vc_files_may_read(f, &found)) != UK_SW_OK)
		return sw;
	return vc_file_give(found.file.content, at.offset, cmd->le, out);
}

/* How many bytes fit behind 53 and their length within le bytes. */
static size_t room_for_value(uint32_t le)
{
	size_t room = le == UK_LE_NONE ? UK_LE_MAX : le;

	if (room < 2)
		return 0;
	if (room - 2 < 0x80)
		return room - 2;
	if (room - 3 < 0x100)
		return room - 3;
	return room - 4;
}

uint16_t vc_files_read_odd(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_found found;
	struct place at;
	uk_reader rest;
	uk_bytes content;
	size_t room = room_for_value(cmd->le);
	uint16_t sw;

	if ((sw = get_place_odd(f, cmd, &at, &rest)) != UK_SW_OK)
		return sw;
	if (!uk_is_ok(uk_read_end(&rest)))
		return UK_SW_DATA;
	if ((sw = find_place(f, &at, &found)) != UK_SW_OK ||
	    (sw = vc_files_may_read(f, &found)) != UK_SW_OK)
		return sw;
	if (at.offset > found.file.content.n)
		return UK_SW_OFFSET;
	content = uk_bytes_from(found.file.content, at.offset);
	uk_put_tlv(out, TAG_DATA, uk_bytes_first(content, room));
	return room > content.n && !takes_all(cmd->le) ? UK_SW_EOF : UK_SW_OK;
}

/* --- writing ---------------------------------------------------------------
 */

/* Content with data laid over it at offset, or (cut) ending there. */
static uk_err put_content(struct vc_files *f, const struct vc_file *file,
    size_t offset, uk_bytes data, bool cut)
{
	size_t end = offset + data.n;
	size_t tail = cut || end > file->content.n ? 0 : file->content.n - end;
	size_t cap = 2 + end + tail;
	uint8_t *storage = uk_new(cap);
	uk_buf b = uk_buf_over(storage, cap);
	uk_err err;

	if (storage == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_put_u16(&b, file->capacity);
	uk_put(&b, uk_bytes_first(file->content, offset));
	uk_put(&b, data);
	uk_put(&b, uk_bytes_last(file->content, tail));
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = vc_nv_put(f->home->nv,
		    vc_home_id(f->home, VC_NV_FILE, file->fid),
		    uk_buf_view(&b));
	uk_free(storage);
	return err;
}

static uint16_t change(
    struct vc_files *f, const struct place *at, uk_bytes data, bool cut)
{
	struct vc_found found;
	uint16_t sw;
	uk_err err;

	if ((sw = find_place(f, at, &found)) != UK_SW_OK ||
	    (sw = f->may_write(f->owner, found.rule)) != UK_SW_OK)
		return sw;
	if (at->offset > found.file.content.n)
		return UK_SW_OFFSET;
	if (data.n > found.file.capacity - at->offset)
		return UK_SW_SPACE;
	err = put_content(f, &found.file, at->offset, data, cut);
	return uk_is_ok(err) ? vc_files_commit(f) : vc_sw(err);
}

uint16_t vc_files_update(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	struct place at;
	uint16_t sw = get_place(f, cmd, &at);

	(void)out;
	if (sw != UK_SW_OK)
		return sw;
	if (cmd->data.n == 0)
		return UK_SW_LENGTH;
	return change(f, &at, cmd->data, false);
}

uint16_t vc_files_update_odd(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	struct place at;
	uk_reader rest;
	uk_tlv t;
	uint16_t sw = get_place_odd(f, cmd, &at, &rest);

	(void)out;
	if (sw != UK_SW_OK)
		return sw;
	if (!uk_tlv_next(&rest, &t) || t.tag != TAG_DATA ||
	    !uk_is_ok(uk_read_end(&rest)))
		return UK_SW_DATA;
	return change(f, &at, t.value, false);
}

uint16_t vc_files_erase(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	struct place at;
	uint16_t sw = get_place(f, cmd, &at);

	(void)out;
	if (sw != UK_SW_OK)
		return sw;
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	return change(f, &at, UK_NONE, true);
}
