/*
 * PKCS#15: making, writing and deleting files, ISO/IEC 7816-9 and 7816-4, 11.3,
 * as IsoApplet has them; and entries of directory files. What a program of
 * OpenSC's writes and what is written here is of one form: both read both.
 */
#include "p15_driver.h"

#include "der.h"
#include "sw.h"
#include "tlv.h"

enum {
	DF = 0x5015,
	PIECE = 240,
	DIR_SIZE = 512, /* of a new directory file: OpenSC's profile */
	ACL = 8,
	FILES_MAX = 0x40 /* of one kind */
};

/* Conditions for deleting, terminating, activating, deactivating, writing,
 * updating, reading; 90 = PIN, FF = never, 00 = always. */
static const uint8_t dir_acl[ACL] = { 0xff, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
	0x00 };
static const uint8_t content_acl[ACL] = { 0xff, 0x90, 0xff, 0xff, 0xff, 0xff,
	0x90, 0x00 };

static uk_err select_fid(uk_card *c, uint16_t fid)
{
	const uint8_t name[] = { (uint8_t)(fid >> 8), (uint8_t)fid };
	uint8_t answer[256];
	uk_buf fci = UK_BUF(answer);
	uk_cmd select = {
		.ins = 0xa4, .data = UK_ARRAY(name), .le = UK_LE_SHORT_MAX
	};

	return p15_send(c, &select, &fci);
}

/* In the application's folder. */
static uk_err create(
    uk_card *c, uint16_t fid, size_t size, const uint8_t acl[ACL])
{
	uint8_t room[64];
	uk_buf fcp = UK_BUF(room);
	uk_cmd create = { .ins = 0xe0 };
	size_t at = uk_tlv_begin(&fcp, 0x6f);

	uk_put_tlv_u16(&fcp, 0x81, (uint16_t)size);
	uk_put_tlv_u8(&fcp, 0x82, 0x01); /* transparent */
	uk_put_tlv_u16(&fcp, 0x83, fid);
	uk_put_tlv(&fcp, 0x86, uk_view(acl, ACL));
	uk_tlv_end(&fcp, at);
	UK_TRY(uk_buf_result(&fcp));
	UK_TRY(select_fid(c, DF));
	create.data = uk_buf_view(&fcp);
	return p15_send(c, &create, NULL);
}

/* Into the selected file. */
static uk_err update(uk_card *c, size_t off, uk_bytes content)
{
	for (size_t done = 0; done < content.n; done += PIECE) {
		uk_cmd cmd = { .ins = 0xd6,
			.p1 = (uint8_t)((off + done) >> 8),
			.p2 = (uint8_t)(off + done),
			.data = uk_bytes_first(
			    uk_bytes_from(content, done), PIECE) };

		UK_TRY(p15_send(c, &cmd, NULL));
	}
	return uk_ok();
}

uk_err p15_overwrite(uk_card *c, uint16_t fid, size_t off, uk_bytes content)
{
	UK_TRY(select_fid(c, fid));
	return update(c, off, content);
}

uk_err p15_delete(uk_card *c, uint16_t fid)
{
	const uint8_t name[] = { (uint8_t)(fid >> 8), (uint8_t)fid };
	uk_cmd delete = { .ins = 0xe4, .data = UK_ARRAY(name) };

	UK_TRY(select_fid(c, DF));
	return p15_send(c, &delete, NULL);
}

/* IsoApplet's word is 6984, the standard's 6A89. */
static bool is_taken(uk_err err)
{
	return uk_is(err, UK_ERR_EXISTS) || err.sw == UK_SW_REF_UNUSABLE;
}

/* The first free identifier from `first` on. */
uk_err p15_put_new(uk_card *c, uint16_t first, uk_bytes content, uint16_t *fid)
{
	uk_err err = uk_fail(UK_ERR_EXISTS);

	if (content.n == 0 || content.n > P15_FILE_MAX - 1)
		return uk_fail(UK_ERR_TOO_SMALL);
	for (*fid = first; *fid < first + FILES_MAX; ++*fid) {
		err = create(c, *fid, content.n, content_acl);
		if (!is_taken(err))
			break;
	}
	UK_TRY(err);
	err = select_fid(c, *fid);
	if (uk_is_ok(err))
		err = update(c, 0, content);
	if (!uk_is_ok(err))
		UK_IGNORE(p15_delete(c, *fid)); /* err tells more */
	return err;
}

/* --- directory files -------------------------------------------------------
 */

/* Bytes in front of the padding. */
static uk_err used(uk_bytes file, size_t *n)
{
	uk_reader r = uk_read(file);
	int next;

	while ((next = uk_peek_u8(&r)) != -1 && next != 0x00 && next != 0xff)
		(void)uk_der_get_any(&r);
	*n = file.n - r.left;
	return uk_read_ok(&r);
}

static uk_err append(uk_card *c, uint16_t fid, uk_bytes entry)
{
	uk_bytes file;
	size_t n;

	UK_TRY(p15_read_fid(c, fid, &file));
	UK_TRY(used(file, &n));
	if (entry.n > file.n - n)
		return uk_fail(UK_ERR_TOO_SMALL);
	return update(c, n, entry);
}

/* An absolute path, as OpenSC writes it. */
static uk_err name_in_odf(uk_card *c, uint8_t choice, uint16_t fid)
{
	const uint8_t entry[] = { choice, 0x0a, 0x30, 0x08, 0x04, 0x06, 0x3f,
		0x00, 0x50, 0x15, (uint8_t)(fid >> 8), (uint8_t)fid };

	return append(c, P15_FID_ODF, UK_ARRAY(entry));
}

uk_err p15_append(uk_card *c, uint8_t choice, uint16_t fid, uk_bytes entry)
{
	uk_err err = append(c, fid, entry);

	if (!uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	UK_TRY(create(c, fid, DIR_SIZE, dir_acl));
	UK_TRY(name_in_odf(c, choice, fid));
	return append(c, fid, entry);
}

/* Moves what is behind the entry to its place. */
static uk_err cut_out(uk_card *c, uk_bytes file, size_t at, size_t n)
{
	uint8_t *rest;
	uk_buf b;
	uk_err err;

	if ((rest = uk_new(file.n - at)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	b = uk_buf_over(rest, file.n - at);
	uk_put(&b, uk_bytes_from(file, at + n));
	uk_put_fill(&b, 0x00, n);
	err = update(c, at, uk_buf_view(&b));
	uk_free(rest);
	return err;
}

uk_err p15_remove(
    uk_card *c, uint16_t fid, enum uk_p15_kind kind, const uk_p15_path *path)
{
	uk_p15_object o;
	uk_bytes file;
	uk_reader r;
	size_t at = 0;

	UK_TRY(p15_read_fid(c, fid, &file));
	r = uk_read(file);
	while (uk_p15_next(&r, kind, &o)) {
		size_t end = file.n - r.left;

		if (uk_bytes_eq(
			uk_view(o.path.p, o.path.n), uk_view(path->p, path->n)))
			return cut_out(c, file, at, end - at);
		at = end;
	}
	return uk_fail(UK_ERR_NOT_FOUND);
}
