/*
 * The tree of files: VC_ISO_SET_TREE says who is below whom, and each file is
 * an object of its own: length of the FCI(2), FCI, content.
 */
#include "vc_iso.h"

#include "mem.h"
#include "tlv.h"

enum {
	NODE_SIZE = 4,
	RIGHTS = 8,
	RIGHT_FREE = 0x00,
	RIGHT_PIN = 0x90,
	RIGHT_PIN_REF = 0x10, /* with any other bits of 60 */
	FORM_FCI = 0x00,
	FORM_FCP = 0x04,
	FORM_NONE = 0x0c
};

/* What the MF is like; it has no rights, so all is free. */
static const uint8_t root_fci[] = { 0x6f, 0x07, 0x82, 0x01, 0x38, 0x83, 0x02,
	VC_ISO_MF >> 8, VC_ISO_MF & 0xff };

/* --- finding ---------------------------------------------------------------
 */

uk_bytes vc_iso_tree(const struct vc_iso *a)
{
	const struct vc_home *h = &a->app.home;
	uk_bytes tree;

	if (!vc_nv_get(
		h->nv, vc_home_id(h, VC_NV_DATA, VC_ISO_SET_TREE), &tree))
		return UK_NONE;
	return tree;
}

bool vc_iso_node(uk_bytes tree, size_t i, struct vc_iso_node *out)
{
	uk_reader r = uk_read(uk_bytes_from(tree, i * NODE_SIZE));

	out->fid = uk_get_u16(&r);
	out->parent = uk_get_u16(&r);
	return uk_is_ok(uk_read_ok(&r));
}

static bool find_node(uk_bytes tree, uint16_t fid, struct vc_iso_node *out)
{
	for (size_t i = 0; vc_iso_node(tree, i, out); i++) {
		if (out->fid == fid)
			return true;
	}
	return false;
}

bool vc_iso_below(uk_bytes tree, uint16_t fid, uint16_t df)
{
	struct vc_iso_node node = { fid, fid };

	for (size_t i = 0; i < VC_ISO_FILES_MAX; i++) {
		if (!find_node(tree, node.parent, &node))
			return false;
		if (node.parent == df)
			return true;
	}
	return false;
}

/* The FCI's template and its file descriptor byte. */
static bool look_inside(struct vc_iso_file *file)
{
	uk_reader r = uk_read(file->fci);
	uk_bytes type;
	uk_tlv t;

	if (!uk_tlv_next(&r, &t) || !uk_tlv_find(t.value, 0x82, &type) ||
	    type.n == 0)
		return false;
	file->inside = t.value;
	file->type = type.p[0];
	return true;
}

bool vc_iso_find(const struct vc_iso *a, uint16_t fid, struct vc_iso_file *out)
{
	const struct vc_home *h = &a->app.home;
	struct vc_iso_node node;
	uk_bytes stored;
	uk_reader r;

	*out = (struct vc_iso_file){ .fid = fid, .fci = UK_ARRAY(root_fci) };
	if (fid == VC_ISO_MF)
		return look_inside(out);
	if (!find_node(vc_iso_tree(a), fid, &node) ||
	    !vc_nv_get(h->nv, vc_home_id(h, VC_NV_FILE, fid), &stored))
		return false;
	r = uk_read(stored);
	out->parent = node.parent;
	out->fci = uk_get(&r, uk_get_u16(&r));
	out->content = uk_get_rest(&r);
	return look_inside(out);
}

uk_err vc_iso_put_file(struct vc_iso *a, const struct vc_iso_file *file)
{
	const struct vc_home *h = &a->app.home;
	size_t cap = 2 + file->fci.n + file->content.n;
	uint8_t *storage = uk_new(cap);
	uk_buf b = uk_buf_over(storage, cap);
	uk_err err;

	if (storage == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_put_u16(&b, (uint16_t)file->fci.n);
	uk_put(&b, file->fci);
	uk_put(&b, file->content);
	err = vc_nv_put(
	    h->nv, vc_home_id(h, VC_NV_FILE, file->fid), uk_buf_view(&b));
	uk_free(storage);
	return err;
}

/* --- rights ----------------------------------------------------------------
 */

/* Security conditions, 7816-4, compact format: nothing, never, or the PIN. */
uint16_t vc_iso_may(const struct vc_iso *a, const struct vc_iso_file *file,
    enum vc_iso_right right)
{
	uk_bytes rights;
	uint8_t wanted;

	if (!uk_tlv_find(file->inside, 0x86, &rights) || rights.n != RIGHTS)
		return UK_SW_OK;
	wanted = rights.p[right];
	if (wanted == RIGHT_FREE)
		return UK_SW_OK;
	if (wanted == RIGHT_PIN || (wanted & 0x9f) == RIGHT_PIN_REF)
		return a->files_open ? UK_SW_OK : UK_SW_SECURITY;
	return UK_SW_SECURITY;
}

/* --- SELECT ----------------------------------------------------------------
 */

/* An EF takes its DF with it. Selecting a DF leaves the current EF alone, which
 * is not what ISO/IEC 7816-4 says. */
void vc_iso_make_current(struct vc_iso *a, const struct vc_iso_file *file)
{
	if (vc_iso_is_df(file)) {
		a->df = file->fid;
		return;
	}
	a->ef = file->fid;
	a->df = file->parent;
}

typedef bool find_fn(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out);

static bool find_fid(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	uk_reader r = uk_read(data);
	uint16_t fid = uk_get_u16(&r);

	return uk_is_ok(uk_read_end(&r)) && vc_iso_find(a, fid, out);
}

/* Anywhere in the card; nothing is the MF. */
static bool by_fid(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	return data.n == 0 ? vc_iso_find(a, VC_ISO_MF, out)
			   : find_fid(a, data, out);
}

/* Not only directly below. */
static bool by_child_df(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	return find_fid(a, data, out) && vc_iso_is_df(out) &&
	       vc_iso_below(vc_iso_tree(a), out->fid, a->df);
}

static bool by_child_ef(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	return find_fid(a, data, out) && !vc_iso_is_df(out) &&
	       vc_iso_below(vc_iso_tree(a), out->fid, a->df);
}

static bool by_parent(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	return data.n == 0 && a->df != VC_ISO_MF &&
	       vc_iso_find(a, a->df, out) && vc_iso_find(a, out->parent, out);
}

static bool by_name(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	uk_bytes tree = vc_iso_tree(a), name;
	struct vc_iso_node node;

	for (size_t i = 0; vc_iso_node(tree, i, &node); i++) {
		if (vc_iso_find(a, node.fid, out) && vc_iso_is_df(out) &&
		    uk_tlv_find(out->inside, 0x84, &name) &&
		    uk_bytes_eq(name, data))
			return true;
	}
	return false;
}

static bool follow(const struct vc_iso *a, uint16_t from, uk_bytes path,
    struct vc_iso_file *out)
{
	uk_reader r = uk_read(path);
	uint16_t parent = from;

	if (r.left == 0)
		return false;
	while (r.left > 0) {
		if (!vc_iso_find(a, uk_get_u16(&r), out) || r.bad ||
		    out->fid == VC_ISO_MF || out->parent != parent)
			return false;
		parent = out->fid;
	}
	return true;
}

/* The path may begin with the MF, though it should not. */
static bool by_path(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	static const uint8_t root[] = { VC_ISO_MF >> 8, VC_ISO_MF & 0xff };

	if (uk_bytes_eq(uk_bytes_first(data, 2), UK_ARRAY(root)))
		data = uk_bytes_from(data, 2);
	return follow(a, VC_ISO_MF, data, out);
}

static bool by_path_here(
    const struct vc_iso *a, uk_bytes data, struct vc_iso_file *out)
{
	return follow(a, a->df, data, out);
}

static find_fn *const ways[] = {
	[0x00] = by_fid,
	[0x01] = by_child_df,
	[0x02] = by_child_ef,
	[0x03] = by_parent,
	[0x04] = by_name,
	[0x08] = by_path,
	[0x09] = by_path_here,
};

uint16_t vc_iso_select(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	struct vc_iso_file file;

	if ((cmd->p2 & 0xf3) != 0 ||
	    cmd->p1 >= sizeof(ways) / sizeof(ways[0]) || ways[cmd->p1] == NULL)
		return UK_SW_P1P2;
	if (!ways[cmd->p1](a, cmd->data, &file))
		return UK_SW_NO_FILE;
	vc_iso_make_current(a, &file);
	if (cmd->p2 == FORM_NONE)
		return UK_SW_OK;
	if (cmd->p2 != FORM_FCI && cmd->p2 != FORM_FCP)
		return UK_SW_P1P2; /* and the file is selected all the same */
	uk_put(out, file.fci);
	return UK_SW_OK;
}
