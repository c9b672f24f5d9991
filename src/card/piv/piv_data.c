/* PIV: GET DATA and PUT DATA (SP 800-73-4 part 2, 3.1.2 and 3.3.2), and the
 * data objects of part 1, chapter 3. */
#include "piv_driver.h"

#include "card_parts.h"
#include "certpeek.h"
#include "tlv.h"

enum {
	TAG_LIST = 0x5c,
	CONTENT = 0x53,
	CERT = 0x70,
	CERT_INFO = 0x71,
	CHECK = 0xfe, /* error detection code, empty */
	FASC_N = 0x30,
	GUID = 0x34,
	GUID_LEN = 16,
	/* CertInfo: bit 1 (and, on old cards, bit 8) says gzip */
	PACKED = 0x81
};

/* Discovery (7E) and the biometric group template (7F61) stand for themselves;
 * all others are wrapped in 53. */
static uint32_t wrapper(uint32_t tag)
{
	return tag == PIV_TAG_DISCOVERY ? tag : CONTENT;
}

static void put_tag_list(uk_buf *out, uint32_t tag)
{
	size_t at = uk_tlv_begin(out, TAG_LIST);

	uk_put_tag(out, tag);
	uk_tlv_end(out, at);
}

static uk_err ask(uk_card *c, uint32_t tag, uk_channel_enough *enough,
    void *arg, uk_buf *out, uint16_t *sw)
{
	uint8_t list[8];
	uk_buf data = UK_BUF(list);
	uk_cmd get_data = {
		.ins = 0xcb, .p1 = 0x3f, .p2 = 0xff, .le = UK_LE_MAX
	};
	uk_err err;

	put_tag_list(&data, tag);
	get_data.data = uk_buf_view(&data);
	err = piv_transmit(c, &get_data, out, sw, enough, arg);
	return piv_expected(uk_card_plain(err));
}

static uk_err unwrap(uk_bytes answer, uint32_t tag, uk_bytes *content)
{
	if (answer.n == 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(uk_tlv_only(answer, wrapper(tag), content));
	return content->n == 0 ? uk_fail(UK_ERR_NOT_FOUND) : uk_ok();
}

/* --- certificates, and what is remembered of them ------------------------- */

struct look {
	enum uk_key_type type;
	unsigned bits;
	uk_bytes known; /* the answer when it was read last, or none */
};

static uk_err peek_into(uk_bytes answer, struct look *out)
{
	uk_bytes object, cert;
	size_t length;

	UK_TRY(uk_certpeek_tlv(answer, CONTENT, &length, &object));
	UK_TRY(uk_certpeek_tlv(object, CERT, &length, &cert));
	return uk_certpeek(cert, &out->type, &out->bits);
}

/* A packed one must come whole, and so it is no use to stop early. */
static bool tells_key(void *arg, uk_bytes answer)
{
	return uk_is_ok(peek_into(answer, arg));
}

static bool is_as_before(const struct look *l, uk_bytes answer)
{
	return answer.n < l->known.n &&
	       uk_bytes_eq(answer, uk_bytes_first(l->known, answer.n));
}

/* With the serial number, issuer, validity and subject it is the same one. */
static bool is_the_same(void *arg, uk_bytes answer)
{
	return is_as_before(arg, answer) && tells_key(arg, answer);
}

/* Of the objects that are read for their own sake the history is the only one
 * that may be believed. */
static bool is_remembered(uint32_t tag)
{
	return tag == PIV_TAG_HISTORY || piv_is_cert_tag(tag);
}

static bool is_partial(uint16_t sw)
{
	return sw >> 8 == 0x61;
}

/* *whole: p->object holds all of it. */
static uk_err read_object(uk_card *c, uint32_t tag, uk_channel_enough *enough,
    struct look *l, bool *whole, uk_bytes *content)
{
	uk_buf answer = UK_BUF(piv_of(c)->object);
	uint16_t sw;
	uk_err err;

	*content = UK_NONE;
	*whole = true;
	if (is_remembered(tag) && piv_recall_believed(c, tag, &l->known)) {
		uk_put(&answer, l->known);
		return unwrap(uk_buf_view(&answer), tag, content);
	}
	l->known = piv_is_cert_tag(tag) ? piv_recall_object(c, tag) : UK_NONE;
	err = ask(c, tag, enough, l, &answer, &sw);
	*whole = !uk_is_ok(err) || !is_partial(sw);
	if (!*whole && is_as_before(l, uk_buf_view(&answer))) {
		answer.len = 0;
		uk_put(&answer, l->known);
		*whole = true;
	}
	if (uk_is_ok(err) && *whole)
		err = unwrap(uk_buf_view(&answer), tag, content);
	if (is_remembered(tag) && *whole &&
	    (uk_is_ok(err) || uk_is(err, UK_ERR_NOT_FOUND)))
		piv_note_answer(
		    c, tag, uk_is_ok(err) ? uk_buf_view(&answer) : UK_NONE);
	return err;
}

uk_err piv_get_data(uk_card *c, uint32_t tag, uk_bytes *content)
{
	struct look l = { UK_KEY_NONE, 0, UK_NONE };
	bool whole;

	return read_object(c, tag, is_the_same, &l, &whole, content);
}

uk_err piv_get_beginning(uk_card *c, uint32_t tag, enum uk_key_type *type,
    unsigned *bits, bool *whole, uk_bytes *content)
{
	struct look l = { UK_KEY_NONE, 0, UK_NONE };
	uk_err err = read_object(c, tag, tells_key, &l, whole, content);

	*type = l.type;
	*bits = l.bits;
	return err;
}

uk_err piv_take_cert(uk_bytes content, uk_blob *der)
{
	uk_bytes cert, info = UK_NONE;

	if (!uk_tlv_find(content, CERT, &cert) || cert.n == 0)
		return uk_fail(UK_ERR_FORMAT);
	(void)uk_tlv_find(content, CERT_INFO, &info);
	if (info.n == 1 && (info.p[0] & PACKED) != 0)
		return piv_inflate(cert, der);
	return uk_blob_set(der, cert);
}

uk_err piv_put_cert(uk_buf *out, uk_bytes der)
{
	uk_put_tlv(out, CERT, der);
	uk_put_tlv_u8(out, CERT_INFO, 0);
	uk_put_tlv(out, CHECK, UK_NONE);
	return uk_buf_result(out);
}

uk_err piv_put_data(uk_card *c, uint32_t tag, uk_bytes content)
{
	struct piv *p = piv_of(c);
	uk_buf data = UK_BUF(p->object);
	uk_cmd put_data = { .ins = 0xdb, .p1 = 0x3f, .p2 = 0xff };

	put_tag_list(&data, tag);
	uk_put_tlv(&data, CONTENT, content);
	UK_TRY(uk_buf_result(&data));
	piv_note_change(c, tag);
	uk_cache_save(c->cache); /* before the card holds something else */
	put_data.data = uk_buf_view(&data);
	return piv_send(c, &put_data, NULL);
}

/* --- the card's name ------------------------------------------------------ */

static bool all_zero(uk_bytes v)
{
	return uk_bytes_trim_zeros(v).n == 0;
}

/* Card Holder Unique Identifier, part 1, 3.1.2: a GUID of zeros means that the
 * FASC-N names the card. None: it has not been given a name yet. */
uk_err piv_ask_name(uk_card *c, uk_bytes *name)
{
	uk_bytes chuid;
	uk_err err = piv_get_data(c, PIV_TAG_CHUID, &chuid);

	*name = UK_NONE;
	if (!uk_is_ok(err) && !uk_is(err, UK_ERR_NOT_FOUND) &&
	    !uk_card_spoke(err))
		return err;
	piv_recall_chuid(piv_of(c), uk_is_ok(err) ? chuid : UK_NONE);
	if (!uk_is_ok(err))
		return uk_ok();
	if ((!uk_tlv_find(chuid, GUID, name) || name->n != GUID_LEN ||
		all_zero(*name)) &&
	    !uk_tlv_find(chuid, FASC_N, name))
		*name = UK_NONE;
	if (name->n > UK_SERIAL_MAX)
		*name = UK_NONE;
	return uk_ok();
}

uk_err piv_read_chuid(uk_card *c)
{
	uk_buf serial = UK_BUF(c->info.serial);
	uk_bytes name;

	UK_TRY(piv_ask_name(c, &name));
	if (name.n == 0)
		return uk_fail(UK_ERR_CARD_UNKNOWN);
	uk_put(&serial, name);
	c->info.serial_len = serial.len;
	return uk_ok();
}

uk_err piv_read_name(uk_card *c)
{
	uk_err err = piv_read_chuid(c);

	return uk_is(err, UK_ERR_CARD_UNKNOWN) ? piv_ask_serial(c) : err;
}
