/* Finding, selecting, making and deleting files. */
#include "vc_files_priv.h"

#include "tlv.h"

enum { FORM_FCI = 0x00, FORM_FCP = 0x04, FORM_NONE = 0x0c };

static const struct vc_file_rule *rule_of(
    const struct vc_files *f, uint16_t fid)
{
	for (size_t i = 0; i < f->rule_count; i++) {
		if (fid >= f->rules[i].first && fid <= f->rules[i].last)
			return &f->rules[i];
	}
	return NULL;
}

static uint8_t sfi_of(const struct vc_file_rule *rule, uint16_t fid)
{
	return rule->sfi == 0 ? 0 : (uint8_t)(rule->sfi + (fid - rule->first));
}

uint16_t vc_files_by_sfi(const struct vc_files *f, uint8_t sfi)
{
	for (size_t i = 0; i < f->rule_count; i++) {
		const struct vc_file_rule *r = &f->rules[i];
		unsigned span = (unsigned)(r->last - r->first);

		if (r->sfi != 0 && sfi >= r->sfi && sfi <= r->sfi + span)
			return (uint16_t)(r->first + (sfi - r->sfi));
	}
	return 0;
}

bool vc_files_find(const struct vc_files *f, uint16_t fid, struct vc_found *out)
{
	uk_bytes stored;
	uk_reader r;

	*out = (struct vc_found){ .rule = rule_of(f, fid) };
	if (out->rule == NULL ||
	    !vc_nv_get(
		f->home->nv, vc_home_id(f->home, VC_NV_FILE, fid), &stored))
		return false;
	r = uk_read(stored);
	out->file.fid = fid;
	out->file.sfi = sfi_of(out->rule, fid);
	out->file.capacity = uk_get_u16(&r);
	out->file.content = uk_get_rest(&r);
	return uk_is_ok(uk_read_ok(&r));
}

uk_err vc_files_put_new(
    const struct vc_files *f, uint16_t fid, uint16_t capacity)
{
	uint8_t storage[2];
	uk_buf b = UK_BUF(storage);

	uk_put_u16(&b, capacity);
	return vc_nv_put(
	    f->home->nv, vc_home_id(f->home, VC_NV_FILE, fid), uk_buf_view(&b));
}

uint16_t vc_files_may_read(
    const struct vc_files *f, const struct vc_found *found)
{
	return found->rule->read == 0 ? UK_SW_OK
				      : f->may_read(f->owner, found->rule);
}

uint16_t vc_files_commit(struct vc_files *f)
{
	uk_err err = f->changed(f->owner);

	if (uk_is_ok(err))
		err = vc_nv_commit(f->home->nv);
	return vc_sw(err);
}

/* File control parameters: 7816-4:2020, 7.4.3, table 11. */
static void put_parameters(const struct vc_file *file, uk_buf *out)
{
	uint8_t coded = (uint8_t)(file->sfi << 3);

	uk_put_tlv_u8(out, 0x82, 0x01); /* working EF, transparent */
	uk_put_tlv_u16(out, 0x83, file->fid);
	uk_put_tlv_u16(out, 0x80, (uint16_t)file->content.n);
	uk_put_tlv_u16(out, 0x81, file->capacity);
	/* Empty: no short identifier. */
	uk_put_tlv(out, 0x88, uk_view(&coded, file->sfi == 0 ? 0 : 1));
	uk_put_tlv_u8(out, 0x8a, 0x05); /* operational, activated */
}

uint16_t vc_file_describe(const struct vc_file *file, uint8_t form, uk_buf *out)
{
	size_t at;

	if (form == FORM_NONE)
		return UK_SW_OK;
	if (form != FORM_FCI && form != FORM_FCP)
		return UK_SW_P1P2;
	at = uk_tlv_begin(out, form == FORM_FCI ? 0x6f : 0x62);
	put_parameters(file, out);
	uk_tlv_end(out, at);
	return UK_SW_OK;
}

static bool get_fid(const uk_cmd *cmd, uint16_t *fid)
{
	uk_reader r = uk_read(cmd->data);

	*fid = uk_get_u16(&r);
	return uk_is_ok(uk_read_end(&r));
}

uint16_t vc_files_select(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_found found;
	uint16_t fid, sw;

	/* P1: 02 = EF below the current DF, 00 = by identifier, whatever it is;
	 * 09 = path from the current DF, which has no DF below it */
	if (cmd->p1 != 0x02 && cmd->p1 != 0x00 && cmd->p1 != 0x09)
		return UK_SW_P1P2;
	if (!get_fid(cmd, &fid))
		return UK_SW_LENGTH;
	if (!vc_files_find(f, fid, &found))
		return UK_SW_NO_FILE;
	if ((sw = vc_files_may_read(f, &found)) != UK_SW_OK)
		return sw;
	sw = vc_file_describe(&found.file, cmd->p2, out);
	if (sw == UK_SW_OK)
		f->current = fid;
	return sw;
}

struct new_file {
	uint16_t fid, capacity;
	bool has_sfi;
	uint8_t sfi;
};

/* 62 { 83 02 FID  81 02 capacity [88 01 SFI<<3] }; 82 01 is let pass. */
static bool get_new_file(uk_bytes data, struct new_file *out)
{
	uk_bytes fcp, v;
	uk_reader r;

	*out = (struct new_file){ 0 };
	if (!uk_is_ok(uk_tlv_only(data, 0x62, &fcp)) ||
	    !uk_tlv_find(fcp, 0x83, &v) || v.n != 2)
		return false;
	r = uk_read(v);
	out->fid = uk_get_u16(&r);
	if (!uk_tlv_find(fcp, 0x81, &v) || v.n != 2)
		return false;
	r = uk_read(v);
	out->capacity = uk_get_u16(&r);
	if (uk_tlv_find(fcp, 0x82, &v) && (v.n != 1 || v.p[0] != 0x01))
		return false;
	out->has_sfi = uk_tlv_find(fcp, 0x88, &v);
	if (out->has_sfi && v.n > 1)
		return false;
	out->sfi = v.n == 1 ? (uint8_t)(v.p[0] >> 3) : 0;
	return out->capacity > 0;
}

uint16_t vc_files_create(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	const struct vc_file_rule *rule;
	struct vc_found found;
	struct new_file new;
	uint16_t sw;
	uk_err err;

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (!get_new_file(cmd->data, &new) ||
	    (rule = rule_of(f, new.fid)) == NULL ||
	    (new.has_sfi &&new.sfi != sfi_of(rule, new.fid)))
		return UK_SW_DATA;
	if ((sw = f->may_write(f->owner, rule)) != UK_SW_OK)
		return sw;
	if (vc_files_find(f, new.fid, &found))
		return UK_SW_EXISTS;
	err = vc_files_put_new(f, new.fid, new.capacity);
	if (!uk_is_ok(err))
		return vc_sw(err);
	if ((sw = vc_files_commit(f)) == UK_SW_OK)
		f->current = new.fid;
	return sw;
}

uint16_t vc_files_delete(struct vc_files *f, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_found found;
	uint16_t fid, sw;

	(void)out;
	if (cmd->p1 != 0x02 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (!get_fid(cmd, &fid))
		return UK_SW_LENGTH;
	if (rule_of(f, fid) == NULL)
		return UK_SW_NO_FILE;
	if (!rule_of(f, fid)->dynamic)
		return UK_SW_SECURITY;
	if ((sw = f->may_write(f->owner, rule_of(f, fid))) != UK_SW_OK)
		return sw;
	if (!vc_files_find(f, fid, &found))
		return UK_SW_NO_FILE;
	vc_nv_drop(f->home->nv, vc_home_id(f->home, VC_NV_FILE, fid));
	sw = vc_files_commit(f);
	if (sw == UK_SW_OK && f->current == fid)
		f->current = 0;
	return sw;
}
