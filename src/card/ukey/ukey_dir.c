/*
 * U-key: changing a directory file.
 *
 * Entries are cut out and put in; those that nobody asked about, also those we
 * do not understand, stay as they are, byte for byte. The new content goes to
 * the card in one command. If it is shorter, zeros cover what was behind it
 * (7816-15 readers stop there) until the file is cut: at every moment it holds
 * either all the old entries or all the new ones.
 */
#include "ukey_driver.h"

#include "der.h"
#include "tlv.h"

static const uint8_t sfis[] = {
	[UK_P15_PRKEY] = 0x02,
	[UK_P15_PUKEY] = 0x03,
	[UK_P15_CERT] = 0x04,
	[UK_P15_DATA] = 0x05,
};

struct ukey_walk ukey_dir_walk(const struct ukey_dir *d)
{
	return (struct ukey_walk){ .kind = d->kind, .r = uk_read(d->content) };
}

bool ukey_dir_next(struct ukey_walk *w)
{
	int tag = uk_der_peek(&w->r);
	uk_reader one;

	if (w->r.bad || tag == -1 || tag == 0x00 || tag == 0xff)
		return false; /* nothing but padding follows */
	w->entry.at = w->count++;
	w->entry.whole = uk_der_get_any(&w->r);
	one = uk_read(w->entry.whole);
	w->entry.known = uk_p15_next(&one, w->kind, &w->entry.o);
	return !w->r.bad;
}

/* Is it a row of objects, to its end? */
static uk_err check(const struct ukey_dir *d)
{
	struct ukey_walk w = ukey_dir_walk(d);

	while (ukey_dir_next(&w)) {
		; /* to its end */
	}
	return uk_read_ok(&w.r);
}

/* One that is no row of objects is not touched, and no step taken before that
 * is known. */
uk_err ukey_dir_read(uk_card *c, enum uk_p15_kind kind, struct ukey_dir *out)
{
	*out = (struct ukey_dir){ .kind = kind };
	UK_TRY(ukey_file_read(c, sfis[kind], &out->content));
	return check(out);
}

/* Directories are 4402 to 4405, with short identifiers 02 to 05. */
uk_err ukey_dir_look(uk_card *c, enum uk_p15_kind kind, struct ukey_dir *out)
{
	uint32_t item = 0x4400 + sfis[kind];

	*out = (struct ukey_dir){ .kind = kind };
	if (uk_cache_get(c->cache, item, &out->content) && uk_is_ok(check(out)))
		return uk_ok();
	UK_TRY(ukey_dir_read(c, kind, out));
	uk_cache_put(c->cache, item, out->content);
	return uk_ok();
}

bool ukey_dir_find(const struct ukey_dir *d, ukey_pick *pick, const void *arg,
    struct ukey_entry *out)
{
	struct ukey_walk w = ukey_dir_walk(d);

	while (ukey_dir_next(&w)) {
		if (w.entry.known && pick(&w.entry, arg)) {
			*out = w.entry;
			return true;
		}
	}
	return false;
}

static uk_err put_content(uk_card *c, const struct ukey_dir *d, uk_buf *next)
{
	size_t length = next->len, old = d->content.n;

	UK_TRY(uk_buf_result(next));
	if (uk_bytes_eq(uk_buf_view(next), d->content))
		return uk_ok();
	if (length < old)
		uk_put_fill(next, 0x00, old - length);
	UK_TRY(ukey_file_update(c, sfis[d->kind], uk_buf_view(next)));
	return length < old ? ukey_file_cut(c, length) : uk_ok();
}

uk_err ukey_dir_write(uk_card *c, const struct ukey_dir *d, ukey_pick *pick,
    const void *arg, uk_bytes entry)
{
	struct ukey_walk w = ukey_dir_walk(d);
	uk_buf next = UK_BUF(((struct ukey *)c)->next);
	bool placed = false;

	while (ukey_dir_next(&w)) {
		if (!w.entry.known || !pick(&w.entry, arg)) {
			uk_put(&next, w.entry.whole);
		} else if (!placed) {
			uk_put(&next, entry);
			placed = true;
		}
	}
	if (!placed)
		uk_put(&next, entry);
	return put_content(c, d, &next);
}

uk_err ukey_dir_drop(
    uk_card *c, enum uk_p15_kind kind, ukey_pick *pick, const void *arg)
{
	struct ukey_dir d;

	UK_TRY(ukey_dir_read(c, kind, &d));
	return ukey_dir_write(c, &d, pick, arg, UK_NONE);
}

/* --- renaming ------------------------------------------------------------ */

/* CommonObjectAttributes, 7816-15, 8.2.1: the label comes first. */
static void put_common(uk_buf *out, uk_bytes common, uk_bytes label)
{
	uk_reader r = uk_read(common);
	size_t at = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_bytes old;

	(void)uk_der_opt(&r, UK_DER_UTF8, &old);
	uk_put_der(out, UK_DER_UTF8, label.n > 0 ? label : old);
	uk_put(out, uk_get_rest(&r));
	uk_tlv_end(out, at);
}

/* Class attributes: the iD is the first OCTET STRING; for data, application
 * name and OBJECT IDENTIFIER may stand before it. */
static void put_class(uk_buf *out, uk_bytes class, uk_bytes id)
{
	uk_reader r = uk_read(class);
	size_t at = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_bytes old;

	while (uk_der_peek(&r) == UK_DER_UTF8 || uk_der_peek(&r) == UK_DER_OID)
		uk_put(out, uk_der_get_any(&r));
	if (uk_der_opt(&r, UK_DER_OCTETS, &old) || id.n > 0)
		uk_put_der(out, UK_DER_OCTETS, id.n > 0 ? id : old);
	uk_put(out, uk_get_rest(&r));
	uk_tlv_end(out, at);
}

uk_err ukey_entry_rename(
    uk_buf *out, uk_bytes entry, uk_bytes label, uk_bytes id)
{
	uk_reader r = uk_read(entry);
	uint8_t choice = (uint8_t)uk_der_peek(&r);
	uk_reader object = uk_der_enter(&r, choice);
	uk_bytes common = uk_der_get(&object, UK_DER_SEQUENCE);
	uk_bytes class = uk_der_get(&object, UK_DER_SEQUENCE);
	size_t at;

	UK_TRY(uk_read_ok(&object));
	at = uk_tlv_begin(out, choice);
	put_common(out, common, label);
	put_class(out, class, id);
	uk_put(out, uk_get_rest(&object));
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}
