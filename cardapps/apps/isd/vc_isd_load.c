/* LOAD: 2.3.1, 11.6; what a load file says about itself: Java Card 3.0.4 VM,
 * chapter 6. */
#include "vc_isd.h"

#include "secret.h"
#include "tlv.h"

enum {
	P1_LAST = 0x80,
	TAG_CODE = 0xc4,
	TAG_SIGNATURE = 0xe2,
	LV_MAX = 255,
	NO_CONFIRMATION = 0x00
};

void vc_isd_end_load(struct vc_isd *d)
{
	uk_blob_free(&d->load.data);
	d->load.open = false;
}

/* Table 11-41. */
uint16_t vc_isd_begin_load(struct vc_isd *d, uk_reader *r)
{
	struct vc_isd_load *load = &d->load;
	uk_bytes aid = vc_isd_get_lv(r, VC_AID_MAX);
	uk_bytes domain = vc_isd_get_lv(r, VC_AID_MAX);
	uk_bytes hash = vc_isd_get_lv(r, LV_MAX);
	struct vc_load_file other;

	vc_isd_end_load(d);
	(void)vc_isd_get_lv(r, LV_MAX); /* parameters: limits of memory */
	(void)vc_isd_get_lv(r, LV_MAX); /* token: who has the keys needs none */
	if (!uk_is_ok(uk_read_end(r)) || aid.n < VC_AID_MIN ||
	    (hash.n != 0 && hash.n != VC_SHA1_SIZE && hash.n != VC_SHA256_SIZE))
		return UK_SW_DATA;
	if (domain.n > 0 && !uk_bytes_eq(domain, vc_app_aid(&d->app)))
		return UK_SW_NO_REF;
	if (vc_load_file_find(d->app.home.nv, aid, &other) ||
	    vc_registry_find(d->app.home.registry, aid) != NULL)
		return UK_SW_CONDITIONS;
	load->aid.n = (uint8_t)aid.n;
	load->hash_len = hash.n;
	UK_IGNORE(uk_copy_exact(load->aid.p, aid.n, aid));  /* fits */
	UK_IGNORE(uk_copy_exact(load->hash, hash.n, hash)); /* fits */
	load->next = 0;
	load->open = true;
	return UK_SW_OK;
}

/* --- a CAP file's components -----------------------------------------------
 */

struct cap {
	uk_bytes package;
	uint16_t version;
	uk_buf modules; /* 84 n AID */
};

/* 6.3: magic, versions, flags, package: minor, major, AID */
static bool get_header(uk_bytes v, struct cap *out)
{
	uk_reader r = uk_read(v);
	uint8_t minor, major;

	if (uk_get_u32(&r) != 0xdecaffed)
		return false;
	(void)uk_get(&r, 3); /* of the format, and flags */
	minor = uk_get_u8(&r);
	major = uk_get_u8(&r);
	out->version = (uint16_t)(major << 8 | minor);
	out->package = vc_isd_get_lv(&r, VC_AID_MAX);
	return !r.bad; /* a package name may follow */
}

/* 6.5: count, then AID and where its code is */
static bool get_applets(uk_bytes v, struct cap *out)
{
	uk_reader r = uk_read(v);
	uint8_t count = uk_get_u8(&r);

	for (uint8_t i = 0; i < count; i++) {
		uk_put_tlv(&out->modules, 0x84, vc_isd_get_lv(&r, VC_AID_MAX));
		(void)uk_get_u16(&r);
		if (r.bad)
			return false;
	}
	return uk_is_ok(uk_read_end(&r)) &&
	       uk_is_ok(uk_buf_result(&out->modules));
}

/* Components: tag, size (2), content. A file without header is none. */
static bool get_cap(uk_bytes code, struct cap *out)
{
	enum { HEADER = 1, APPLET = 3 };
	uk_reader r = uk_read(code);
	bool header = false;

	while (r.left > 0) {
		uint8_t tag = uk_get_u8(&r);
		uk_bytes content = uk_get(&r, uk_get_u16(&r));

		if (r.bad || (tag == HEADER) == header)
			return false; /* it comes first, and once */
		header = true;
		if (tag == HEADER && !get_header(content, out))
			return false;
		if (tag == APPLET && !get_applets(content, out))
			return false;
	}
	return header;
}

/* --- the end of a load -----------------------------------------------------
 */

/* [E2 signatures]* C4 code. Signatures are for domains that want them. */
static bool get_code(uk_bytes file, uk_bytes *code)
{
	uk_reader r = uk_read(file);
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		if (t.tag == TAG_CODE) {
			*code = t.value;
			return uk_is_ok(uk_read_end(&r));
		}
		if (t.tag != TAG_SIGNATURE)
			return false;
	}
	return false;
}

/* Is it the code whose hash INSTALL [for load] named? */
static bool announced(struct vc_isd *d, uk_bytes code, uk_bytes sha256)
{
	uk_bytes said = uk_view(d->load.hash, d->load.hash_len);
	uint8_t sha1[VC_SHA1_SIZE];

	if (said.n != VC_SHA1_SIZE)
		return said.n == 0 || uk_bytes_eq(said, sha256);
	return uk_is_ok(vc_sha1(d->app.home.crypto, &code, 1, sha1)) &&
	       uk_bytes_eq(said, UK_ARRAY(sha1));
}

static uint16_t keep(struct vc_isd *d)
{
	const struct vc_isd_load *load = &d->load;
	uint8_t modules[VC_LOAD_FILE_MODULES_MAX * (2 + VC_AID_MAX)];
	uint8_t hash[VC_SHA256_SIZE];
	struct cap cap = { .modules = UK_BUF(modules) };
	struct vc_load_file file = { .aid = vc_aid_view(&load->aid),
		.hash = UK_ARRAY(hash) };
	uk_bytes code;
	uk_err err;

	if (!get_code(uk_blob_view(&load->data), &code) ||
	    !get_cap(code, &cap) || !uk_bytes_eq(cap.package, file.aid))
		return UK_SW_DATA;
	err = vc_sha256(d->app.home.crypto, &code, 1, hash);
	if (!uk_is_ok(err))
		return vc_sw(err);
	if (!announced(d, code, UK_ARRAY(hash)))
		return UK_SW_DATA;
	file.version = cap.version;
	file.size = (uint32_t)code.n;
	file.modules = uk_buf_view(&cap.modules);
	err = vc_load_file_put(d->app.home.nv, &file);
	if (uk_is_ok(err))
		err = vc_nv_commit(d->app.home.nv);
	return vc_sw(err);
}

static uint16_t take_block(struct vc_isd *d, const uk_cmd *cmd)
{
	struct vc_isd_load *load = &d->load;

	if (!load->open)
		return UK_SW_CONDITIONS;
	if ((cmd->p1 & ~P1_LAST) != 0 || cmd->p2 != load->next)
		return UK_SW_P1P2;
	if (cmd->data.n == 0)
		return UK_SW_DATA;
	if (cmd->data.n > VC_ISD_LOAD_MAX - load->data.n)
		return UK_SW_SPACE;
	load->next++;
	return vc_sw(uk_blob_add(&load->data, cmd->data));
}

uint16_t vc_isd_load(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	bool last = (cmd->p1 & P1_LAST) != 0;
	uint16_t sw = take_block(d, cmd);

	if (sw == UK_SW_OK && last)
		sw = keep(d);
	if (sw == UK_SW_OK)
		uk_put_u8(out, NO_CONFIRMATION);
	else
		d->combined = false;
	if (last || sw != UK_SW_OK)
		vc_isd_end_load(d);
	return sw;
}
