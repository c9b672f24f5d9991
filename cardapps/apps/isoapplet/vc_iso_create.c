/* CREATE FILE and DELETE FILE (ISO/IEC 7816-9). */
#include "vc_iso.h"

#include "mem.h"
#include "tlv.h"

enum {
	TAG_FCI = 0x6f,
	TAG_FCP = 0x62,
	RIGHTS = 8,
	TYPE_MAX = 6, /* length of the file descriptor with its record sizes */
	SIZE_IF_NONE = 128,
	SIZE_MAX_EF = 0x7fff,
	NODE_SIZE = 4
};

/* --- what a template says --------------------------------------------------
 */

struct new_file {
	struct vc_iso_file file;
	size_t size; /* of a transparent EF */
};

static bool get_fid(uk_bytes inside, uint16_t *fid)
{
	uk_bytes v;
	uk_reader r;

	if (!uk_tlv_find(inside, 0x83, &v))
		return false;
	r = uk_read(v);
	*fid = uk_get_u16(&r);
	return uk_is_ok(uk_read_end(&r));
}

/* Tag 81, and not 80 as elsewhere. */
static bool get_size(uk_bytes inside, size_t *size)
{
	uk_bytes v;

	*size = SIZE_IF_NONE;
	if (!uk_tlv_find(inside, 0x81, &v))
		return true;
	if (v.n == 0 || v.n > 2)
		return false;
	*size = v.n == 1 ? v.p[0] : (size_t)v.p[0] << 8 | v.p[1];
	return *size <= SIZE_MAX_EF;
}

static bool is_sound(uk_bytes inside)
{
	uk_reader r = uk_read(inside);
	uk_tlv t;

	UK_TLV_EACH (r, t)
		;
	return uk_is_ok(uk_read_end(&r));
}

/* A DF, or an EF of a structure that has a name; rights, if any, for each of
 * seven operations. */
static bool get_type(uk_bytes inside, uint8_t *type)
{
	uk_bytes v;

	if (uk_tlv_find(inside, 0x86, &v) && v.n != RIGHTS)
		return false;
	if (!uk_tlv_find(inside, 0x82, &v) || v.n == 0 || v.n > TYPE_MAX)
		return false;
	*type = v.p[0];
	return (*type & 0x3f) == 0x38 ||
	       ((*type & 0x30) == 0 && (*type & 0x07) != 0);
}

static bool get_new(uk_bytes data, struct new_file *out)
{
	struct vc_iso_file *f = &out->file;

	*out = (struct new_file){ .file.fci = data };
	return (uk_is_ok(uk_tlv_only(data, TAG_FCI, &f->inside)) ||
		   uk_is_ok(uk_tlv_only(data, TAG_FCP, &f->inside))) &&
	       is_sound(f->inside) && get_fid(f->inside, &f->fid) &&
	       get_type(f->inside, &f->type) && get_size(f->inside, &out->size);
}

/* --- the tree --------------------------------------------------------------
 */

static size_t children_of(const struct vc_iso *a, uint16_t df)
{
	uk_bytes tree = vc_iso_tree(a);
	struct vc_iso_node node;
	size_t n = 0;

	for (size_t i = 0; vc_iso_node(tree, i, &node); i++)
		n += node.parent == df ? 1 : 0;
	return n;
}

/* Pending: the tree with one more, and without what is dropped (0: nothing) and
 * what is below it. */
static uk_err put_tree(
    struct vc_iso *a, const struct vc_iso_node *more, uint16_t dropped)
{
	const struct vc_home *h = &a->app.home;
	uint8_t storage[VC_ISO_FILES_MAX * NODE_SIZE];
	uk_buf b = UK_BUF(storage);
	uk_bytes tree = vc_iso_tree(a);
	struct vc_iso_node node;

	for (size_t i = 0; vc_iso_node(tree, i, &node); i++) {
		if (dropped != 0 && (node.fid == dropped ||
					vc_iso_below(tree, node.fid, dropped)))
			continue;
		uk_put_u16(&b, node.fid);
		uk_put_u16(&b, node.parent);
	}
	if (more != NULL) {
		uk_put_u16(&b, more->fid);
		uk_put_u16(&b, more->parent);
	}
	UK_TRY(uk_buf_result(&b));
	return vc_nv_put(
	    h->nv, vc_home_id(h, VC_NV_DATA, VC_ISO_SET_TREE), uk_buf_view(&b));
}

/* --- CREATE ----------------------------------------------------------------
 */

static uk_err put_new(struct vc_iso *a, struct new_file *new)
{
	struct vc_iso_node node = { new->file.fid, a->df };
	size_t n = vc_iso_is_transparent(&new->file) ? new->size : 0;
	uint8_t *zeros = NULL;
	uk_err err;

	if (n > 0 && (zeros = uk_new(n)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	new->file.content = uk_view(zeros, n);
	err = vc_iso_put_file(a, &new->file);
	uk_free(zeros);
	if (uk_is_ok(err))
		err = put_tree(a, &node, 0);
	if (uk_is_ok(err))
		err = vc_nv_commit(a->app.home.nv);
	return err;
}

uint16_t vc_iso_create(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	struct new_file new;
	struct vc_iso_file other, df;
	uint16_t sw;

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	/* An identifier is taken when any file on the card has it. */
	if (!get_new(cmd->data, &new) || vc_iso_find(a, new.file.fid, &other) ||
	    !vc_iso_find(a, a->df, &df))
		return VC_ISO_SW_INVALID;
	sw = vc_iso_may(a, &df,
	    vc_iso_is_df(&new.file) ? VC_ISO_CREATE_DF : VC_ISO_CREATE_EF);
	if (sw != UK_SW_OK)
		return sw;
	if (children_of(a, df.fid) >= VC_ISO_CHILDREN_MAX)
		return UK_SW_SPACE;
	if ((sw = vc_sw(put_new(a, &new))) != UK_SW_OK)
		return sw;
	new.file.parent = df.fid;
	vc_iso_make_current(a, &new.file);
	return UK_SW_OK;
}

/* --- DELETE ----------------------------------------------------------------
 */

/* With everything below it, and nobody asks whether that may be deleted. */
static uk_err drop(struct vc_iso *a, uint16_t fid)
{
	const struct vc_home *h = &a->app.home;
	uk_bytes tree = vc_iso_tree(a);
	struct vc_iso_node node;

	for (size_t i = 0; vc_iso_node(tree, i, &node); i++) {
		if (node.fid == fid || vc_iso_below(tree, node.fid, fid))
			vc_nv_drop(h->nv, vc_home_id(h, VC_NV_FILE, node.fid));
	}
	UK_TRY(put_tree(a, NULL, fid));
	return vc_nv_commit(h->nv);
}

uint16_t vc_iso_delete(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	struct vc_iso_file file;
	uk_reader r = uk_read(cmd->data);
	uint16_t fid = uk_get_u16(&r), sw;

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (!uk_is_ok(uk_read_end(&r)))
		return UK_SW_LENGTH;
	if (!vc_iso_find(a, fid, &file))
		return UK_SW_NO_FILE;
	if (fid == VC_ISO_MF)
		return VC_ISO_SW_NOT_ALLOWED;
	if ((sw = vc_iso_may(a, &file, VC_ISO_DELETE)) != UK_SW_OK)
		return sw;
	if ((sw = vc_sw(drop(a, fid))) != UK_SW_OK)
		return sw;
	a->df = file.parent;
	a->ef = 0;
	return UK_SW_OK;
}
