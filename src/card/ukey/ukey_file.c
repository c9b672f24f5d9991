/*
 * U-key: transparent files, profile section 2.
 *
 * Whatever its length, a file's content goes to the card in one command (or one
 * chain, which is one command to the card): it is there as a whole or not at
 * all.
 */
#include "ukey_driver.h"

#include "sw.h"
#include "tlv.h"

enum {
	BY_SFI = 0x80, /* in P1 */
	FCP_MAX = 256,
	CREATE_MAX = 16,
	CAPACITY_STEP = 512 /* so that the next certificate fits as well */
};

/* --- reading ------------------------------------------------------------- */

/* One READ BINARY, appended to file; true in *more if it filled what was asked
 * for. 6282: a shorter Le reached the end; 6B00: the end was there already. */
static uk_err read_piece(
    uk_card *c, uint8_t sfi, bool secret, uk_buf *file, bool *more)
{
	size_t max = uk_channel_limits(c->ch).max_response, before = file->len;
	bool first = file->len == 0;
	uk_cmd read = {
		.ins = 0xb0,
		.p1 = (uint8_t)(first && sfi > 0 ? BY_SFI | sfi
						 : file->len >> 8),
		.p2 = (uint8_t)(first ? 0 : file->len),
		.le = UK_LE_MAX,
		.secret = secret,
	};
	uk_err err = ukey_send(c, &read, file);

	*more = uk_is_ok(err) && file->len - before >= max;
	if (err.sw == UK_SW_EOF || (!first && err.sw == UK_SW_OFFSET))
		return uk_ok();
	return err;
}

static uk_err read_all(uk_card *c, uint8_t sfi, bool secret, uk_bytes *content)
{
	struct ukey *k = (struct ukey *)c;
	uk_buf file = UK_BUF(k->file);
	bool more = true;

	*content = UK_NONE;
	while (more) {
		if (uk_buf_left(&file) == 0)
			return uk_fail(UK_ERR_FORMAT);
		UK_TRY(read_piece(c, sfi, secret, &file, &more));
	}
	*content = uk_buf_view(&file);
	return uk_ok();
}

uk_err ukey_file_read(uk_card *c, uint8_t sfi, uk_bytes *content)
{
	return read_all(c, sfi, false, content);
}

uk_err ukey_file_read_private(uk_card *c, uk_bytes *content)
{
	uk_err err = read_all(c, 0, true, content);

	if (!uk_is_ok(err)) /* whatever had come already */
		uk_wipe(((struct ukey *)c)->file, UKEY_FILE_MAX);
	return err;
}

void ukey_file_wipe(uk_card *c, uk_bytes content)
{
	uk_wipe(((struct ukey *)c)->file, content.n);
}

/* --- selecting ----------------------------------------------------------- */

static bool get_size(uk_bytes fcp, uint32_t tag, size_t *size)
{
	uk_bytes v;
	uk_reader r;

	if (!uk_tlv_find(fcp, tag, &v))
		return false;
	r = uk_read(v);
	*size = uk_get_u16(&r);
	return uk_is_ok(uk_read_end(&r));
}

uk_err ukey_file_select(uk_card *c, uint16_t fid, struct ukey_file *out)
{
	uint8_t name[2], answer[FCP_MAX];
	uk_buf data = UK_BUF(name), got = UK_BUF(answer);
	uk_cmd select = { .ins = 0xa4,
		.p1 = 0x02,
		.p2 = 0x04,
		.data = UK_ARRAY(name),
		.le = UK_LE_SHORT_MAX };
	uk_bytes fcp;

	uk_put_u16(&data, fid);
	*out = (struct ukey_file){ 0, 0 };
	UK_TRY(ukey_send(c, &select, &got));
	UK_TRY(uk_tlv_only(uk_buf_view(&got), 0x62, &fcp));
	return get_size(fcp, 0x80, &out->length) &&
		       get_size(fcp, 0x81, &out->capacity)
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

/* --- writing ------------------------------------------------------------- */

static uk_err update(uk_card *c, uint8_t sfi, bool secret, uk_bytes content)
{
	uk_cmd update = { .ins = 0xd6,
		.p1 = (uint8_t)(sfi > 0 ? BY_SFI | sfi : 0),
		.data = content,
		.secret = secret };

	return content.n == 0 ? uk_ok() : ukey_send(c, &update, NULL);
}

uk_err ukey_file_update(uk_card *c, uint8_t sfi, uk_bytes content)
{
	return update(c, sfi, false, content);
}

uk_err ukey_file_cut(uk_card *c, size_t length)
{
	uk_cmd erase = {
		.ins = 0x0e, .p1 = (uint8_t)(length >> 8), .p2 = (uint8_t)length
	};

	return length < UKEY_FILE_MAX ? ukey_send(c, &erase, NULL)
				      : uk_fail(UK_ERR_ARGUMENT);
}

uk_err ukey_file_create(uk_card *c, uint16_t fid, size_t length)
{
	uint8_t sfi = ukey_cert_sfi(fid), storage[CREATE_MAX];
	size_t steps = length / CAPACITY_STEP + 1;
	uk_buf fcp = UK_BUF(storage);
	uk_cmd create = { .ins = 0xe0 };
	size_t at = uk_tlv_begin(&fcp, 0x62);

	uk_put_tlv_u16(&fcp, 0x83, fid);
	uk_put_tlv_u16(&fcp, 0x81, (uint16_t)(steps * CAPACITY_STEP));
	if (sfi > 0)
		uk_put_tlv_u8(&fcp, 0x88, (uint8_t)(sfi << 3));
	uk_tlv_end(&fcp, at);
	create.data = uk_buf_view(&fcp);
	UK_TRY(uk_buf_result(&fcp));
	return ukey_send(c, &create, NULL);
}

uk_err ukey_file_delete(uk_card *c, uint16_t fid)
{
	uint8_t name[2];
	uk_buf data = UK_BUF(name);
	uk_cmd delete = { .ins = 0xe4, .p1 = 0x02, .data = UK_ARRAY(name) };
	uk_err err;

	uk_put_u16(&data, fid);
	err = ukey_send(c, &delete, NULL);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_ok() : err;
}

uk_err ukey_file_put_new(uk_card *c, uint16_t fid, uk_bytes content)
{
	struct ukey_file file;
	uk_err err = ukey_file_create(c, fid, content.n);

	/* left over from an earlier attempt, and listed nowhere */
	if (uk_is(err, UK_ERR_EXISTS)) {
		UK_TRY(ukey_file_delete(c, fid));
		err = ukey_file_create(c, fid, content.n);
	}
	if (uk_is_ok(err))
		err = ukey_file_select(c, fid, &file);
	if (uk_is_ok(err))
		err = update(c, 0, ukey_is_private(fid), content);
	return err;
}

/* A certificate that is longer than the new one is cut afterwards: what lies
 * behind a certificate's end hurts nobody in between. */
uk_err ukey_file_put_over(
    uk_card *c, const struct ukey_file *old, uk_bytes content)
{
	UK_TRY(ukey_file_update(c, 0, content));
	return content.n < old->length ? ukey_file_cut(c, content.n) : uk_ok();
}
