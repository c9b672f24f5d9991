/* Load files as objects in non-volatile memory. */
#include "vc_load_file.h"

#include "tlv.h"

enum {
	SYSTEM = 0, /* application number */
	REF_FIRST = 0x0200,
	TAG_AID = 0x4f,
	TAG_VERSION = 0xce,
	TAG_SIZE = 0x80,
	TAG_HASH = 0x81,
	TAG_MODULE = 0x84,
	OBJECT_MAX = 96 + VC_LOAD_FILE_MODULES_MAX * (2 + VC_AID_MAX)
};

static struct vc_nv_id id_of(size_t slot)
{
	return (struct vc_nv_id){ SYSTEM, VC_NV_DATA,
		(uint16_t)(REF_FIRST + slot) };
}

static uint32_t number(uk_bytes v)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n = n << 8 | v.p[i];
	return n;
}

/* The modules are the last objects. */
static uk_bytes modules_of(uk_bytes object)
{
	uk_reader r = uk_read(object);
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		if (t.tag == TAG_MODULE)
			return uk_bytes_last(object, t.whole.n + r.left);
	}
	return UK_NONE;
}

bool vc_load_file_at(struct vc_nv *nv, size_t slot, struct vc_load_file *out)
{
	uk_bytes v, version, size;

	*out = (struct vc_load_file){ 0 };
	if (slot >= VC_LOAD_FILES_MAX || !vc_nv_get(nv, id_of(slot), &v) ||
	    !uk_tlv_find(v, TAG_AID, &out->aid) ||
	    !uk_tlv_find(v, TAG_VERSION, &version) ||
	    !uk_tlv_find(v, TAG_SIZE, &size))
		return false;
	out->version = (uint16_t)number(uk_bytes_first(version, 2));
	out->size = number(uk_bytes_first(size, 4));
	(void)uk_tlv_find(v, TAG_HASH, &out->hash);
	out->modules = modules_of(v);
	return true;
}

static size_t find_slot(
    struct vc_nv *nv, uk_bytes aid, struct vc_load_file *out)
{
	for (size_t slot = 0; slot < VC_LOAD_FILES_MAX; slot++) {
		if (vc_load_file_at(nv, slot, out) &&
		    uk_bytes_eq(out->aid, aid))
			return slot;
	}
	*out = (struct vc_load_file){ 0 };
	return VC_LOAD_FILES_MAX;
}

bool vc_load_file_find(struct vc_nv *nv, uk_bytes aid, struct vc_load_file *out)
{
	return find_slot(nv, aid, out) < VC_LOAD_FILES_MAX;
}

bool vc_load_file_has(const struct vc_load_file *file, uk_bytes module)
{
	uk_reader r = uk_read(file->modules);
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		if (t.tag == TAG_MODULE && uk_bytes_eq(t.value, module))
			return true;
	}
	return false;
}

static size_t free_slot(struct vc_nv *nv)
{
	size_t slot = 0;
	uk_bytes v;

	while (slot < VC_LOAD_FILES_MAX && vc_nv_get(nv, id_of(slot), &v))
		slot++;
	return slot;
}

uk_err vc_load_file_put(struct vc_nv *nv, const struct vc_load_file *file)
{
	uint8_t storage[OBJECT_MAX];
	uk_buf b = UK_BUF(storage);
	size_t slot = free_slot(nv);
	struct vc_load_file other;

	if (vc_load_file_find(nv, file->aid, &other))
		return uk_fail(UK_ERR_EXISTS);
	uk_put_tlv(&b, TAG_AID, file->aid);
	uk_put_tlv_u16(&b, TAG_VERSION, file->version);
	uk_put_tlv_u32(&b, TAG_SIZE, file->size);
	if (file->hash.n > 0)
		uk_put_tlv(&b, TAG_HASH, file->hash);
	uk_put(&b, file->modules);
	UK_TRY(uk_buf_result(&b));
	if (slot == VC_LOAD_FILES_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	return vc_nv_put(nv, id_of(slot), uk_buf_view(&b));
}

void vc_load_file_drop(struct vc_nv *nv, uk_bytes aid)
{
	struct vc_load_file file;
	size_t slot = find_slot(nv, aid, &file);

	if (slot < VC_LOAD_FILES_MAX)
		vc_nv_drop(nv, id_of(slot));
}
