/* The MF and EF.DIR, ISO/IEC 7816-4:2020, 12.2.2. */
#include "vc_root.h"

#include "tlv.h"
#include "vc_files.h"

enum { FID_DIR = 0x2f00, SFI_DIR = 0x1e };

/* Those that can be selected now and have a label. */
static uk_bytes directory(const struct vc_root *root, uk_buf *b)
{
	for (size_t i = 0; i < vc_registry_count(root->registry); i++) {
		struct vc_app *app = vc_registry_at(root->registry, i);
		size_t at;

		if (app->ops->label == NULL || !vc_app_selectable(app))
			continue;
		at = uk_tlv_begin(b, 0x61);
		uk_put_tlv(b, 0x4f, vc_app_aid(app));
		uk_put_tlv(b, 0x50, app->ops->label(app));
		uk_tlv_end(b, at);
	}
	return uk_buf_view(b);
}

uint16_t vc_root_describe(uint8_t form, uk_buf *out)
{
	size_t at;

	if (form == 0x0c)
		return UK_SW_OK;
	if (form != 0x00 && form != 0x04)
		return UK_SW_P1P2;
	at = uk_tlv_begin(out, form == 0x00 ? 0x6f : 0x62);
	uk_put_tlv_u8(out, 0x82, 0x38); /* DF */
	uk_put_tlv_u16(out, 0x83, VC_MF);
	uk_put_tlv_u8(out, 0x8a, 0x05);
	uk_tlv_end(out, at);
	return UK_SW_OK;
}

/* Is that the path of the one file below the MF? */
static bool is_directory(uk_bytes path)
{
	static const uint8_t dir[] = { FID_DIR >> 8, FID_DIR & 0xff };

	return uk_bytes_eq(path, UK_ARRAY(dir));
}

uint16_t vc_root_select(struct vc_root *root, const uk_cmd *cmd, uk_buf *out)
{
	uint8_t storage[VC_ROOT_FILE_MAX];
	uk_buf b = UK_BUF(storage);
	struct vc_file dir = { FID_DIR, VC_ROOT_FILE_MAX, SFI_DIR,
		directory(root, &b) };
	uint16_t sw;

	/* By identifier, as an EF below the MF, by path from it. */
	if (cmd->p1 != 0x00 && cmd->p1 != 0x02 && cmd->p1 != 0x08)
		return UK_SW_P1P2;
	if (cmd->p1 == 0x08 ? cmd->data.n == 0 || cmd->data.n % 2 != 0
			    : cmd->data.n != 2)
		return UK_SW_LENGTH;
	if (!is_directory(cmd->data))
		return UK_SW_NO_FILE;
	sw = vc_file_describe(&dir, cmd->p2, out);
	root->dir_selected = root->dir_selected || sw == UK_SW_OK;
	return sw;
}

uint16_t vc_root_read(struct vc_root *root, const uk_cmd *cmd, uk_buf *out)
{
	uint8_t storage[VC_ROOT_FILE_MAX];
	uk_buf b = UK_BUF(storage);
	size_t offset = (size_t)cmd->p1 << 8 | cmd->p2;

	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	if ((cmd->p1 & 0x80) != 0) {
		if ((cmd->p1 & 0x60) != 0)
			return UK_SW_P1P2;
		if ((cmd->p1 & 0x1f) != SFI_DIR)
			return UK_SW_NO_FILE;
		root->dir_selected = true;
		offset = cmd->p2;
	}
	if (!root->dir_selected)
		return UK_SW_NO_EF;
	return vc_file_give(directory(root, &b), offset, cmd->le, out);
}
