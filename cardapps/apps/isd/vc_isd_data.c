/* GET DATA and STORE DATA: 2.3.1, 11.3 and 11.11. */
#include "vc_isd.h"

#include "tlv.h"

enum {
	TAG_IIN = 0x42,
	TAG_CIN = 0x45,
	TAG_RECOGNITION = 0x66,
	TAG_SEQUENCE = 0xc1,
	TAG_DIVERSIFICATION = 0xcf,
	TAG_LEVEL = 0xd3,
	TAG_KEYS = 0xe0,
	TAG_CPLC = 0x9f7f,
	CPLC_SIZE = 42,
	DIVERSIFICATION_SIZE = 10,
	OBJECT_MAX = 64,
	P1_LAST = 0x80,
	P1_CIPHER = 0x60,
	P1_FORMAT = 0x18,
	FORMAT_DGI = 0x08,
	FORMAT_TLV = 0x10,
	DGI_TAGS = 0x0070 /* EMV CPS: data objects of the domain */
};

/* Objects that STORE DATA may set, and how long they are. */
static const struct object {
	uint16_t tag;
	uint8_t min, max;
} objects[] = {
	{ TAG_IIN, 1, 16 },
	{ TAG_CIN, 1, OBJECT_MAX },
	{ TAG_DIVERSIFICATION, DIVERSIFICATION_SIZE, DIVERSIFICATION_SIZE },
	{ TAG_CPLC, CPLC_SIZE, CPLC_SIZE },
};

static uint16_t ref_of(uint32_t tag)
{
	return (uint16_t)(VC_ISD_TAG + (tag & 0x3fff));
}

static const struct object *find(uint32_t tag)
{
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (objects[i].tag == tag)
			return &objects[i];
	}
	return NULL;
}

/* --- what the card is ------------------------------------------------------
 */

/* H.2: GlobalPlatform, its version 2.3.1, how its content is managed, and the
 * secure channel: 1.2.840.114283.1 to .4 with their arguments. */
static void put_oid(uk_buf *out, uint8_t tag, uint8_t arc, uk_bytes arguments)
{
	static const uint8_t globalplatform[] = { 0x2a, 0x86, 0x48, 0x86, 0xfc,
		0x6b };
	size_t at = uk_tlv_begin(out, tag);
	size_t oid = uk_tlv_begin(out, 0x06);

	uk_put(out, UK_ARRAY(globalplatform));
	uk_put_u8(out, arc);
	uk_put(out, arguments);
	uk_tlv_end(out, oid);
	uk_tlv_end(out, at);
}

void vc_isd_put_recognition(const struct vc_isd *d, uk_buf *out)
{
	static const uint8_t version[] = { 2, 3, 1 };
	size_t at = uk_tlv_begin(out, 0x73);
	size_t oid = uk_tlv_begin(out, 0x06);
	struct vc_isd_set set;

	uk_put(out, uk_view("\x2a\x86\x48\x86\xfc\x6b\x01", 7));
	uk_tlv_end(out, oid);
	put_oid(out, 0x60, 2, UK_ARRAY(version));
	put_oid(out, 0x63, 3, UK_NONE);
	if (vc_isd_set_find(d, 0, &set)) {
		const uint8_t scp[] = { set.protocol, set.options };

		put_oid(out, 0x64, 4, UK_ARRAY(scp));
	}
	uk_tlv_end(out, at);
}

/* --- GET DATA --------------------------------------------------------------
 */

static void put_recognition(const struct vc_isd *d, uk_buf *out)
{
	size_t at = uk_tlv_begin(out, TAG_RECOGNITION);

	vc_isd_put_recognition(d, out);
	uk_tlv_end(out, at);
}

static void put_sequence(const struct vc_isd *d, uk_buf *out)
{
	struct vc_isd_set set;

	if (!vc_isd_set_find(d, 0, &set))
		return;
	uk_put_tlv(out, TAG_SEQUENCE,
	    set.protocol == VC_SCP_02 ? uk_bytes_last(set.sequence, 2)
				      : set.sequence);
}

static void put_level(const struct vc_isd *d, uk_buf *out)
{
	/* 10.6: AUTHENTICATED, and what the session protects */
	uint8_t level = d->scp.open ? (uint8_t)(0x80 | d->scp.level) : 0;

	uk_put_tlv_u8(out, TAG_LEVEL, level);
}

static const struct answer {
	uint16_t tag;
	void (*put)(const struct vc_isd *d, uk_buf *out);
} answers[] = {
	{ TAG_RECOGNITION, put_recognition },
	{ TAG_SEQUENCE, put_sequence },
	{ TAG_LEVEL, put_level },
	{ TAG_KEYS, vc_isd_put_key_info },
};

uint16_t vc_isd_get_data(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	uint16_t tag = (uint16_t)(cmd->p1 << 8 | cmd->p2);
	uk_bytes v;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].tag == tag) {
			answers[i].put(d, out);
			return out->len > 0 ? UK_SW_OK : UK_SW_NO_REF;
		}
	}
	if (find(tag) == NULL)
		return UK_SW_NO_REF;
	v = vc_isd_get(d, ref_of(tag));
	if (v.n == 0)
		return UK_SW_NO_REF;
	uk_put_tlv(out, tag, v);
	return UK_SW_OK;
}

/* --- first data ------------------------------------------------------------
 */

/* Card production life cycle data: this chip has no maker, but a serial number,
 * which is the key diversification data's, too. */
uk_err vc_isd_data_install(struct vc_isd *d)
{
	enum { SERIAL_AT = 12, SERIAL = 4 };
	uint8_t cplc[CPLC_SIZE] = { 0 }, data[DIVERSIFICATION_SIZE] = { 0 };
	uint8_t serial[SERIAL];
	uk_buf c = UK_BUF(cplc), k = UK_BUF(data);

	UK_TRY(vc_random(d->app.home.crypto, serial, sizeof(serial)));
	uk_put_fill(&c, 0, SERIAL_AT);
	uk_put(&c, UK_ARRAY(serial));
	uk_put_fill(&k, 0, sizeof(data) - SERIAL);
	uk_put(&k, UK_ARRAY(serial));
	UK_TRY(vc_isd_put(d, ref_of(TAG_CPLC), UK_ARRAY(cplc)));
	return vc_isd_put(d, ref_of(TAG_DIVERSIFICATION), UK_ARRAY(data));
}

/* --- STORE DATA ------------------------------------------------------------
 */

/* Pending. */
static uint16_t store_objects(struct vc_isd *d, uk_bytes data)
{
	uk_reader r = uk_read(data);
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		const struct object *row = find(t.tag);
		uint16_t sw;

		if (row == NULL)
			return UK_SW_NO_REF;
		if (t.value.n < row->min || t.value.n > row->max)
			return UK_SW_DATA;
		sw = vc_sw(vc_isd_put(d, ref_of(t.tag), t.value));
		if (sw != UK_SW_OK)
			return sw;
	}
	return uk_is_ok(uk_read_end(&r)) ? UK_SW_OK : UK_SW_DATA;
}

/* DGI (2), length, content; again and again. */
static uint16_t store_groups(struct vc_isd *d, uk_bytes data)
{
	uk_reader r = uk_read(data);
	uint16_t sw = UK_SW_DATA;

	while (r.left > 0) {
		uint16_t group = uk_get_u16(&r);
		size_t n = uk_get_u8(&r);
		uk_bytes content;

		if (n == 0xff)
			n = uk_get_u16(&r);
		content = uk_get(&r, n);
		if (r.bad)
			return UK_SW_DATA;
		if (group != DGI_TAGS)
			return UK_SW_NO_REF;
		if ((sw = store_objects(d, content)) != UK_SW_OK)
			return sw;
	}
	return sw;
}

static uint16_t store_here(struct vc_isd *d, const uk_cmd *cmd)
{
	uint16_t sw;

	if ((cmd->p1 & P1_CIPHER) != 0) /* only the channel enciphers */
		return UK_SW_P1P2;
	if ((cmd->p1 & P1_FORMAT) == P1_FORMAT)
		return UK_SW_P1P2;
	sw = (cmd->p1 & P1_FORMAT) == FORMAT_DGI ? store_groups(d, cmd->data)
						 : store_objects(d, cmd->data);
	return sw == UK_SW_OK ? vc_sw(vc_nv_commit(d->app.home.nv)) : sw;
}

/* 11.11.1: to the application that is being personalised. */
static uint16_t store_there(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_app *app = vc_registry_find(
	    d->app.home.registry, vc_aid_view(&d->target));

	if (app == NULL || app->ops->store_data == NULL ||
	    (vc_app_life(app) & VC_LIFE_LOCKED) != 0)
		return UK_SW_CONDITIONS;
	return app->ops->store_data(app, cmd, out);
}

uint16_t vc_isd_store_data(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	uint16_t sw;

	if (cmd->p2 != d->store_next) {
		d->store_next = 0;
		return UK_SW_P1P2;
	}
	sw = d->target.n > 0 ? store_there(d, cmd, out) : store_here(d, cmd);
	d->store_next = sw == UK_SW_OK ? (uint8_t)(cmd->p2 + 1) : 0;
	if (sw == UK_SW_OK && (cmd->p1 & P1_LAST) != 0) {
		d->store_next = 0;
		d->target.n = 0;
	}
	return sw;
}
