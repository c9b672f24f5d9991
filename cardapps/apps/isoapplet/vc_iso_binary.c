/* READ BINARY and UPDATE BINARY, with even INS only. */
#include "vc_iso.h"

#include "mem.h"

enum { P1_IS_SFI = 0x80, SFI_MAX = 0x1f, JAVA_NEGATIVE = 0x80 };

struct place {
	uint16_t fid; /* 0: none */
	size_t offset;
};

/* The short identifier is always the low five bits of the long one, and only
 * what is directly below the current DF is looked at. */
static uint16_t by_sfi(const struct vc_iso *a, uint8_t sfi)
{
	uk_bytes tree = vc_iso_tree(a);
	struct vc_iso_node node;
	struct vc_iso_file file;

	for (size_t i = 0; vc_iso_node(tree, i, &node); i++) {
		if (node.parent == a->df && (node.fid & SFI_MAX) == sfi &&
		    vc_iso_find(a, node.fid, &file) && !vc_iso_is_df(&file))
			return node.fid;
	}
	return 0;
}

static uint16_t get_place(
    const struct vc_iso *a, const uk_cmd *cmd, struct place *out)
{
	if ((cmd->p1 & P1_IS_SFI) == 0) {
		*out = (struct place){ a->ef, (size_t)cmd->p1 << 8 | cmd->p2 };
		return UK_SW_OK;
	}
	if ((cmd->p1 & 0x60) != 0)
		return UK_SW_P1P2;
	*out = (struct place){ by_sfi(a, cmd->p1 & SFI_MAX), cmd->p2 };
	return out->fid == 0 ? UK_SW_NO_FILE : UK_SW_OK;
}

/* The file, if it may be read or written. No current EF is 6981, too. */
static uint16_t open_place(const struct vc_iso *a, const struct place *at,
    enum vc_iso_right right, struct vc_iso_file *out)
{
	uint16_t sw;

	if (at->fid == 0 || !vc_iso_find(a, at->fid, out))
		return UK_SW_STRUCTURE;
	if ((sw = vc_iso_may(a, out, right)) != UK_SW_OK)
		return sw;
	return vc_iso_is_transparent(out) ? UK_SW_OK : UK_SW_STRUCTURE;
}

/* An offset of eight bits that begins with a one is taken for a negative
 * number. */
static bool goes_wrong(const uk_cmd *cmd)
{
	return (cmd->p1 & P1_IS_SFI) != 0 && (cmd->p2 & JAVA_NEGATIVE) != 0;
}

/* As much as there is, and never 6282. */
uint16_t vc_iso_read(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	struct vc_iso_file file;
	struct place at;
	uint16_t sw;

	if ((sw = get_place(a, cmd, &at)) != UK_SW_OK ||
	    (sw = open_place(a, &at, VC_ISO_READ, &file)) != UK_SW_OK)
		return sw;
	if (at.offset >= file.content.n || goes_wrong(cmd))
		return UK_SW_OFFSET;
	uk_put(out, uk_bytes_first(uk_bytes_from(file.content, at.offset),
			cmd->le == UK_LE_NONE ? UK_LE_SHORT_MAX : cmd->le));
	return UK_SW_OK;
}

static uk_err overwrite(
    struct vc_iso *a, struct vc_iso_file *file, size_t offset, uk_bytes data)
{
	uint8_t *storage = uk_new(file->content.n);
	uk_buf b = uk_buf_over(storage, file->content.n);
	uk_err err;

	if (storage == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_put(&b, uk_bytes_first(file->content, offset));
	uk_put(&b, data);
	uk_put(&b, uk_bytes_from(file->content, offset + data.n));
	file->content = uk_buf_view(&b);
	err = vc_iso_put_file(a, file);
	if (uk_is_ok(err))
		err = vc_nv_commit(a->app.home.nv);
	uk_free(storage);
	return err;
}

uint16_t vc_iso_update(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	struct vc_iso_file file;
	struct place at;
	uint16_t sw;

	(void)out;
	if ((sw = get_place(a, cmd, &at)) != UK_SW_OK ||
	    (sw = open_place(a, &at, VC_ISO_UPDATE, &file)) != UK_SW_OK)
		return sw;
	if (goes_wrong(cmd))
		return UK_SW_UNKNOWN;
	if (at.offset + cmd->data.n > file.content.n)
		return UK_SW_OFFSET;
	if (cmd->data.n > 0)
		sw = vc_sw(overwrite(a, &file, at.offset, cmd->data));
	if (sw == UK_SW_OK)
		vc_iso_make_current(a, &file);
	return sw;
}
