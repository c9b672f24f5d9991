/* PKCS#15: selecting and reading files, ISO/IEC 7816-4:2020, 11.2 and 11.3. */
#include "p15_driver.h"

#include "card_parts.h"
#include "sw.h"
#include "tlv.h"

enum {
	MF = 0x3f00,
	FCI_MAX = 256,
	SIZE_UNKNOWN = P15_FILE_MAX,
	BY_FID = 0x00,
	EF_BELOW = 0x02,
	FROM_MF = 0x08,
	FROM_DF = 0x09,
	ALWAYS = 0x00,
	NEVER = 0xff
};

/* A way to name a file: P1, and which part of its path. */
struct way {
	uint8_t p1;
	uk_bytes name;
};

static bool is_absolute(uk_bytes path)
{
	return path.n >= 4 && path.n % 2 == 0 &&
	       (path.p[0] << 8 | path.p[1]) == MF;
}

/* From the exactest way to the roughest: some cards know one of them only. */
static size_t ways_to(const struct p15 *p, uk_bytes path, struct way out[3])
{
	uk_bytes fid = uk_bytes_last(path, 2);
	size_t n = 0;

	if (!p->quirks->by_fid && is_absolute(path))
		out[n++] = (struct way){ FROM_MF, uk_bytes_from(path, 2) };
	else if (!p->quirks->by_fid && path.n > 2)
		out[n++] = (struct way){ FROM_DF, path };
	if (!p->quirks->by_fid)
		out[n++] = (struct way){ EF_BELOW, fid };
	out[n++] = (struct way){ BY_FID, fid };
	return n;
}

/* File control information, 7.4: 80 = length of the data, 81 = with structure.
 */
static size_t size_of(uk_bytes fci)
{
	static const uint32_t templates[] = { 0x6f, 0x62 };
	static const uint32_t sizes[] = { 0x80, 0x81 };
	uk_bytes v, content;

	for (size_t i = 0; i < 2; i++) {
		if (!uk_is_ok(uk_tlv_only(fci, templates[i], &content)))
			continue;
		for (size_t j = 0; j < 2; j++) {
			if (uk_tlv_find(content, sizes[j], &v) && v.n == 2)
				return (size_t)v.p[0] << 8 | v.p[1];
		}
	}
	return SIZE_UNKNOWN;
}

/* Who may read and write it; nobody knows: not everybody, and somebody. */
static void take_access(struct p15 *p, uk_bytes fci)
{
	uk_bytes content, v;

	p->open = p->fixed = false;
	if (!p->quirks->tells_access ||
	    !uk_is_ok(uk_tlv_only(fci, 0x6f, &content)) ||
	    !uk_tlv_find(content, 0x86, &v) || v.n != 8)
		return;
	p->open = v.p[7] == ALWAYS;
	p->fixed = v.p[6] == NEVER;
}

static bool tries_another_way(uk_err err)
{
	return err.sw == UK_SW_NO_FILE || err.sw == UK_SW_P1P2 ||
	       err.sw == UK_SW_FUNCTION || err.sw == UK_SW_DATA ||
	       err.sw == UK_SW_LC_P1P2 || err.sw == UK_SW_NO_REF;
}

static uk_err select_file(uk_card *c, uk_bytes path, size_t *size)
{
	struct way ways[3];
	size_t n = ways_to(p15_of(c), path, ways);
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	for (size_t i = 0; i < n; i++) {
		uint8_t answer[FCI_MAX];
		uk_buf fci = UK_BUF(answer);
		uk_cmd cmd = { .ins = 0xa4,
			.p1 = ways[i].p1,
			.data = ways[i].name,
			.le = UK_LE_SHORT_MAX };

		err = p15_send(c, &cmd, &fci);
		if (uk_is_ok(err)) {
			*size = size_of(uk_buf_view(&fci));
			take_access(p15_of(c), uk_buf_view(&fci));
			p15_of(c)->in_folder = true;
		}
		if (!tries_another_way(err))
			return err;
	}
	return uk_fail(UK_ERR_NOT_FOUND);
}

/* One READ BINARY; past the end is nothing, however the card says so. */
static uk_err read_piece(
    uk_card *c, uint8_t sfi, size_t off, size_t n, uk_buf *out)
{
	uk_cmd read = { .ins = 0xb0,
		.p1 = (uint8_t)(off >> 8),
		.p2 = (uint8_t)off,
		.le = (uint32_t)n };
	uint16_t sw;
	uk_err err;

	if (sfi != 0 && off == 0)
		read.p1 = 0x80 | sfi;
	err = uk_channel_transmit(c->ch, &read, out, &sw);
	if (sw == UK_SW_EOF || sw == UK_SW_OFFSET)
		return uk_ok();
	return uk_card_plain(err);
}

/* Every piece but the last is as long as it was asked for, and so there is an
 * end to their number. */
static uk_err read_all(
    uk_card *c, uint8_t sfi, size_t off, size_t end, uk_buf *out)
{
	size_t most = uk_channel_limits(c->ch).max_response;

	while (off < end) {
		size_t n = end - off < most ? end - off : most;
		size_t before = out->len;

		UK_TRY(read_piece(c, sfi, off, n, out));
		if (out->len - before > n)
			return uk_fail(UK_ERR_CARD_MUTE);
		off += out->len - before;
		if (out->len - before < n)
			break;
	}
	return uk_ok();
}

uk_err p15_read_card(uk_card *c, const uk_p15_path *path, uk_bytes *content)
{
	struct p15 *p = p15_of(c);
	uk_bytes name = uk_view(path->p, path->n);
	size_t size = SIZE_UNKNOWN, off = 0;
	uint8_t sfi = 0;
	uk_buf out = UK_BUF(p->file);
	uk_err err;

	p->open = false;
	if (path->n == 1)
		sfi = (uint8_t)(path->p[0] >> 3); /* 7816-4, 7.3.2 */
	else if (path->n < 2)
		return uk_fail(UK_ERR_FORMAT);
	else
		UK_TRY(select_file(c, name, &size));
	if (size > P15_FILE_MAX) /* beyond it, P1 would be no offset */
		size = P15_FILE_MAX;
	if (path->has_range) {
		off = path->index;
		if (off > P15_FILE_MAX || path->length > P15_FILE_MAX - off)
			return uk_fail(UK_ERR_FORMAT);
		size = off + path->length;
	}
	err = read_all(c, sfi, off, size, &out);
	if (uk_is_ok(err))
		*content = uk_buf_view(&out);
	return err.sw == UK_SW_NO_FILE ? uk_fail(UK_ERR_NOT_FOUND) : err;
}

uk_err p15_read_short(uk_card *c, uint8_t sfi, size_t n, uk_bytes *content)
{
	uk_buf out = UK_BUF(p15_of(c)->file);
	uk_err err;

	err = read_all(c, sfi, 0, n, &out);
	*content = uk_buf_view(&out);
	return err;
}

uk_err p15_read(uk_card *c, const uk_p15_path *path, uk_bytes *content)
{
	struct p15 *p = p15_of(c);
	bool known;
	uk_err err;

	*content = UK_NONE;
	UK_TRY(p15_recall(c, path, content, &known));
	if (known)
		return content->n > 0 ? uk_ok() : uk_fail(UK_ERR_NOT_FOUND);
	if (p->recall_only)
		return uk_fail(UK_ERR_UNSUPPORTED);
	err = p15_read_card(c, path, content);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		p15_remember(c, path, UK_NONE);
	else if (uk_is_ok(err) && p->open && content->n > 0)
		p15_remember(c, path, *content);
	return err;
}

uk_err p15_read_fid(uk_card *c, uint16_t fid, uk_bytes *content)
{
	const uk_p15_path path = { .p = { (uint8_t)(fid >> 8), (uint8_t)fid },
		.n = 2 };

	return p15_read(c, &path, content);
}
