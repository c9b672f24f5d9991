/* Talking to the card. */
#include "vc_perso.h"

#include "der.h"
#include "keyalg.h"
#include "p15.h"
#include "sw.h"
#include "tlv.h"
#include "vc_public.h"

#include <string.h>

enum { USAGE_SIGN = 0x01 };

uk_err vc_say(struct vc_card *card, const uk_cmd *cmd, uk_bytes *answer)
{
	uint8_t apdu[VC_ANSWER_MAX + 16];
	uk_buf out = UK_BUF(apdu);
	uk_resp resp;
	uk_err err = uk_cmd_encode(cmd, &out);

	if (uk_is_ok(err))
		err = uk_resp_decode(
		    vc_card_transmit(card, uk_buf_view(&out)), &resp);
	uk_wipe(apdu, out.len); /* it may have held a PIN */
	if (!uk_is_ok(err))
		return err;
	if (answer != NULL)
		*answer = resp.data;
	return uk_sw_err(resp.sw);
}

/* --- status ------------------------------------------------------------------
 */

static void get_references(uk_bytes v, struct vc_status *out)
{
	uk_reader r = uk_read(v);

	while (r.left >= 3) {
		uint8_t ref = uk_get_u8(&r), max = uk_get_u8(&r),
			left = uk_get_u8(&r);

		if (ref == VC_REF_PIN) {
			out->pin_max = max;
			out->pin_left = left;
		} else if (ref == VC_REF_PUK) {
			out->puk_max = max;
			out->puk_left = left;
		}
	}
}

static uk_err get_status(uk_bytes template, struct vc_status *out)
{
	uk_bytes v;
	uk_reader r;

	if (!uk_tlv_find(template, 0x81, &v))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_copy_exact(out->serial, sizeof(out->serial), v));
	if (uk_tlv_find(template, 0x82, &v)) {
		r = uk_read(v);
		out->content_version = uk_get_u32(&r);
	}
	if (uk_tlv_find(template, 0x83, &v))
		get_references(v, out);
	if (uk_tlv_find(template, 0x85, &v) && v.n == 1)
		out->flags = v.p[0];
	(void)uk_tlv_find(template, 0x50, &v);
	return uk_copy_str(out->label, sizeof(out->label), v);
}

uk_err vc_perso_select(struct vc_card *card, struct vc_status *out)
{
	static const uint8_t aid[] = { 0xf0, 'u', 'k', 'e', 'y', '.', '0',
		'1' };

	return vc_perso_select_aid(card, UK_ARRAY(aid), out);
}

uk_err vc_perso_select_aid(
    struct vc_card *card, uk_bytes aid, struct vc_status *out)
{
	uk_cmd select = {
		.ins = 0xa4, .p1 = 0x04, .data = aid, .le = UK_LE_SHORT_MAX
	};
	uk_bytes answer, fci, v;
	uk_err err;

	*out = (struct vc_status){ 0 };
	err = vc_say(card, &select, &answer);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return uk_fail_sw(UK_ERR_CARD_UNKNOWN, err.sw);
	UK_TRY(err);
	UK_TRY(uk_tlv_only(answer, 0x6f, &fci));
	out->operational = uk_tlv_find(fci, 0x8a, &v) && v.n == 1 &&
			   v.p[0] == 0x05;
	if (!uk_tlv_find(fci, 0xa5, &v))
		return uk_fail(UK_ERR_FORMAT);
	return get_status(v, out);
}

/* --- PINs and settings -------------------------------------------------------
 */

/* The card says 6A80 to a value that it does not take. */
static uk_err as_pin_error(uk_err err)
{
	return err.sw == UK_SW_DATA ? uk_fail_sw(UK_ERR_PIN_LENGTH, err.sw)
				    : err;
}

uk_err vc_perso_verify(struct vc_card *card, uint8_t ref, const uk_pin *pin)
{
	uk_cmd verify = {
		.ins = 0x20, .p2 = ref, .data = uk_pin_view(pin), .secret = true
	};

	if (pin->n == 0) /* would be a question, not an answer */
		return uk_fail(UK_ERR_PIN_LENGTH);
	return as_pin_error(vc_say(card, &verify, NULL));
}

uk_err vc_perso_set_pin(struct vc_card *card, uint8_t ref, const uk_pin *pin)
{
	uint8_t padded[16];
	uk_buf b = UK_BUF(padded);
	uk_cmd set = { .ins = 0x24, .p1 = 0x01, .p2 = ref, .secret = true };
	uk_err err;

	if (pin->n > sizeof(padded))
		return uk_fail(UK_ERR_PIN_LENGTH);
	uk_put(&b, uk_pin_view(pin));
	uk_put_fill(&b, 0xff, uk_buf_left(&b));
	set.data = uk_buf_view(&b);
	err = vc_say(card, &set, NULL);
	uk_wipe(padded, sizeof(padded));
	return as_pin_error(err);
}

uk_err vc_perso_put_data(struct vc_card *card, uk_bytes objects)
{
	uk_cmd put = { .ins = 0xdb, .p1 = 0x3f, .p2 = 0xff, .data = objects };

	return vc_say(card, &put, NULL);
}

uk_err vc_perso_put_bank(uk_buf *out, const char *path)
{
	uint8_t point[65];
	EVP_PKEY *key;
	size_t at;
	uk_err err = vc_public_from_pem(path, &key);

	if (uk_is_ok(err))
		err = vc_public_point(key, point);
	EVP_PKEY_free(key);
	if (!uk_is_ok(err))
		return uk_fail(UK_ERR_CERT_PURPOSE);
	at = uk_tlv_begin(out, 0x7f49);
	uk_put_tlv_u8(out, 0x83, VC_REF_BANK);
	uk_put_tlv(out, 0x86, UK_ARRAY(point));
	uk_tlv_end(out, at);
	uk_put_tlv_u8(out, 0x85, VC_FLAG_PROOF);
	return uk_buf_result(out);
}

/* --- files -------------------------------------------------------------------
 */

static uk_err select_file(struct vc_card *card, uint16_t fid)
{
	uint8_t name[2];
	uk_buf b = UK_BUF(name);
	uk_cmd select = { .ins = 0xa4, .p1 = 0x02, .p2 = 0x0c };

	uk_put_u16(&b, fid);
	select.data = uk_buf_view(&b);
	return vc_say(card, &select, NULL);
}

static uk_err create_file(struct vc_card *card, uint16_t fid, size_t capacity)
{
	uint8_t storage[32];
	uk_buf b = UK_BUF(storage);
	size_t fcp = uk_tlv_begin(&b, 0x62);
	uk_cmd create = { .ins = 0xe0 };

	uk_put_tlv_u16(&b, 0x83, fid);
	uk_put_tlv_u16(&b, 0x81, (uint16_t)capacity);
	uk_tlv_end(&b, fcp);
	create.data = uk_buf_view(&b);
	return vc_say(card, &create, NULL);
}

uk_err vc_perso_read(struct vc_card *card, uint16_t fid, uk_buf *out)
{
	uk_cmd read = { .ins = 0xb0, .le = UK_LE_MAX };
	uk_err err = select_file(card, fid);
	uk_bytes content;

	if (err.sw == UK_SW_NO_FILE)
		return uk_ok();
	UK_TRY(err);
	UK_TRY(vc_say(card, &read, &content));
	uk_put(out, content);
	return uk_buf_result(out);
}

uk_err vc_perso_write(struct vc_card *card, uint16_t fid, uk_bytes content)
{
	uk_cmd erase = { .ins = 0x0e };
	uk_cmd update = { .ins = 0xd6, .data = content };
	uk_err err = select_file(card, fid);

	if (err.sw == UK_SW_NO_FILE)
		err = create_file(
		    card, fid, content.n > VC_DIR_MAX ? content.n : VC_DIR_MAX);
	UK_TRY(err);
	UK_TRY(vc_say(card, &erase, NULL));
	return content.n == 0 ? uk_ok() : vc_say(card, &update, NULL);
}

/* --- keys --------------------------------------------------------------------
 */

static const struct type_row {
	const char *name;
	uint8_t byte; /* profile, section 4 */
	enum uk_key_type type;
} types[] = {
	{ "rsa2048", 0x01, UK_KEY_RSA },
	{ "rsa3072", 0x02, UK_KEY_RSA },
	{ "rsa4096", 0x03, UK_KEY_RSA },
	{ "p256", 0x11, UK_KEY_P256 },
	{ "p384", 0x12, UK_KEY_P384 },
	{ "p521", 0x13, UK_KEY_P521 },
	{ "sm2", 0x21, UK_KEY_SM2 },
};

static const struct type_row *find_type(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	}
	return NULL;
}

bool vc_perso_knows_type(const char *name)
{
	return find_type(name) != NULL;
}

uk_err vc_perso_generate(
    struct vc_card *card, uint8_t ref, const char *name, EVP_PKEY **out)
{
	return vc_perso_generate_for(card, ref, name, USAGE_SIGN, out);
}

uk_err vc_perso_generate_for(struct vc_card *card, uint8_t ref,
    const char *name, uint8_t usage, EVP_PKEY **out)
{
	const struct type_row *row = find_type(name);
	uint8_t storage[16];
	uk_buf b = UK_BUF(storage);
	size_t template = uk_tlv_begin(&b, 0xac);
	uk_cmd generate = { .ins = 0x46, .le = UK_LE_MAX };
	uk_bytes answer, public;

	*out = NULL;
	if (row == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_tlv_u8(&b, 0x80, row->byte);
	uk_put_tlv_u8(&b, 0x84, ref);
	if (usage != USAGE_SIGN)
		uk_put_tlv_u8(&b, 0x95, usage);
	uk_tlv_end(&b, template);
	generate.data = uk_buf_view(&b);
	UK_TRY(vc_say(card, &generate, &answer));
	UK_TRY(uk_tlv_only(answer, 0x7f49, &public));
	return vc_public_load(row->type, public, out);
}

uk_err vc_perso_import(struct vc_card *card, uint8_t ref, const char *name,
    uint8_t usage, const struct vc_key_parts *key)
{
	const struct type_row *row = find_type(name);
	uint8_t *storage = uk_secret_new(VC_KEY_MAX);
	uk_buf b = uk_buf_over(storage, storage == NULL ? 0 : VC_KEY_MAX);
	size_t at = uk_tlv_begin(&b, 0x7f48);
	uk_cmd put = { .ins = 0xdb, .p1 = 0x3f, .p2 = 0xff, .secret = true };
	uk_err err = uk_fail(row == NULL ? UK_ERR_ARGUMENT : UK_ERR_MEMORY);

	if (row == NULL || storage == NULL)
		goto out;
	uk_put_tlv_u8(&b, 0x84, ref);
	uk_put_tlv_u8(&b, 0x80, row->byte);
	uk_put_tlv_u8(&b, 0x95, usage);
	if (row->type == UK_KEY_RSA) {
		uk_put_tlv(&b, 0x92, key->p);
		uk_put_tlv(&b, 0x93, key->q);
	} else {
		uk_put_tlv(&b, 0x88, key->d);
	}
	uk_tlv_end(&b, at);
	err = uk_buf_result(&b);
	put.data = uk_buf_view(&b);
	if (uk_is_ok(err))
		err = vc_say(card, &put, NULL);
out:
	uk_secret_free(storage, VC_KEY_MAX);
	return err;
}

uk_err vc_perso_public(struct vc_card *card, uint8_t ref, EVP_PKEY **out)
{
	uint8_t storage[VC_DIR_MAX];
	uk_buf file = UK_BUF(storage);
	uk_p15_object o;
	uk_reader r;

	*out = NULL;
	UK_TRY(vc_perso_read(card, 0x4403, &file));
	r = uk_read(uk_buf_view(&file));
	while (uk_p15_next(&r, UK_P15_PUKEY, &o)) {
		if (o.key_ref == ref)
			return vc_public_from_directory(o.direct, out);
	}
	UK_TRY(uk_read_ok(&r));
	return uk_fail(UK_ERR_NOT_FOUND);
}

/* RSASSA-PKCS1-v1_5, ECDSA or SM2 with the hash of this length. */
static uint8_t algorithm_for(EVP_PKEY *public, size_t hash_size)
{
	if (EVP_PKEY_is_a(public, "SM2"))
		return 0x40;
	if (!EVP_PKEY_is_a(public, "RSA"))
		return 0x30;
	switch (hash_size) {
	case 32:
		return 0x13;
	case 48:
		return 0x14;
	default:
		return 0x15;
	}
}

static uk_err set_environment(struct vc_card *card, uint8_t alg, uint8_t ref)
{
	uint8_t storage[8];
	uk_buf b = UK_BUF(storage);
	uk_cmd mse = { .ins = 0x22, .p1 = 0x41, .p2 = 0xb6 };

	uk_put_tlv_u8(&b, 0x80, alg);
	uk_put_tlv_u8(&b, 0x84, ref);
	mse.data = uk_buf_view(&b);
	return vc_say(card, &mse, NULL);
}

uk_err vc_perso_sign(struct vc_card *card, uint8_t ref, EVP_PKEY *public,
    uk_bytes hash, uk_buf *sig)
{
	uint8_t alg = algorithm_for(public, hash.n);
	uk_cmd sign = {
		.ins = 0x88, .p1 = alg, .p2 = ref, .data = hash, .le = UK_LE_MAX
	};
	uk_bytes made;

	if (ref == VC_REF_SIGN) {
		UK_TRY(set_environment(card, alg, ref));
		sign.ins = 0x2a;
		sign.p1 = 0x9e;
		sign.p2 = 0x9a;
	}
	UK_TRY(vc_say(card, &sign, &made));
	uk_put(sig, made);
	return uk_buf_result(sig);
}
