/*
 * PIV: what the holder of the management key may do: SP 800-73-4 part 2, 3.3
 * and annex A.1.2 (mutual authentication), Yubico's SET MANAGEMENT KEY (FF).
 */
#include "piv_driver.h"

#include "crypto.h"
#include "hex.h"
#include "sw.h"
#include "tlv.h"

enum {
	KEY_MAX = 32,
	BLOCK_MAX = 16,
	TEMPLATE = 0x7c,
	WITNESS = 0x80,
	CHALLENGE = 0x81,
	RESPONSE = 0x82,
	PUBLIC_MAX = 1024
};

/* The algorithms that a key of this length may be for, the usual one first. */
static const struct admin_row {
	uint8_t alg;
	enum uk_cipher cipher;
	size_t key, block;
} ciphers[] = {
	{ PIV_ALG_3DES, UK_CIPHER_3DES, 24, 8 },
	{ PIV_ALG_AES192, UK_CIPHER_AES, 24, 16 },
	{ PIV_ALG_AES128, UK_CIPHER_AES, 16, 16 },
	{ PIV_ALG_AES256, UK_CIPHER_AES, 32, 16 },
};

enum { CIPHERS = sizeof(ciphers) / sizeof(ciphers[0]) };

struct proof {
	uk_card *c;
	uk_crypto *crypto;
	const struct admin_row *row;
	uint8_t key[KEY_MAX];
};

static uk_err exchange(
    const struct proof *p, uk_buf *data, uint8_t tag, uint8_t *out)
{
	uint8_t got[64];
	uk_buf answer = UK_BUF(got);
	uk_cmd cmd = { .ins = 0x87,
		.p1 = p->row->alg,
		.p2 = PIV_KEY_ADMIN,
		.data = uk_buf_view(data),
		.le = UK_LE_SHORT_MAX };
	uk_bytes template, value;

	UK_TRY(uk_buf_result(data));
	UK_TRY(piv_send(p->c, &cmd, &answer));
	UK_TRY(uk_tlv_only(uk_buf_view(&answer), TEMPLATE, &template));
	if (!uk_tlv_find(template, tag, &value))
		return uk_fail(UK_ERR_FORMAT);
	return uk_copy_exact(out, p->row->block, value);
}

static uk_err encipher(
    const struct proof *p, bool encrypt, const uint8_t *in, uint8_t *out)
{
	uk_buf made = uk_buf_over(out, p->row->block);

	return uk_cipher_block(p->crypto, p->row->cipher, encrypt,
	    uk_view(p->key, p->row->key), uk_view(in, p->row->block), &made);
}

/* The card's witness, deciphered, shows it our knowledge of the key. */
static uk_err take_witness(const struct proof *p, uint8_t *plain)
{
	uint8_t sent[8], witness[BLOCK_MAX];
	uk_buf data = UK_BUF(sent);
	size_t at = uk_tlv_begin(&data, TEMPLATE);

	uk_put_tlv(&data, WITNESS, UK_NONE);
	uk_tlv_end(&data, at);
	UK_TRY(exchange(p, &data, WITNESS, witness));
	return encipher(p, false, witness, plain);
}

/* ... and its answer to our challenge shows its own. */
static uk_err prove(const struct proof *p)
{
	uint8_t sent[64], plain[BLOCK_MAX], challenge[BLOCK_MAX];
	uint8_t expected[BLOCK_MAX], got[BLOCK_MAX];
	uk_buf data = UK_BUF(sent);
	size_t n = p->row->block, at;

	UK_TRY(take_witness(p, plain));
	UK_TRY(uk_random(p->crypto, challenge, n));
	UK_TRY(encipher(p, true, challenge, expected));
	at = uk_tlv_begin(&data, TEMPLATE);
	uk_put_tlv(&data, WITNESS, uk_view(plain, n));
	uk_put_tlv(&data, CHALLENGE, uk_view(challenge, n));
	uk_put_tlv(&data, RESPONSE, UK_NONE);
	uk_tlv_end(&data, at);
	UK_TRY(exchange(p, &data, RESPONSE, got));
	return uk_equal(uk_view(got, n), uk_view(expected, n))
		   ? uk_ok()
		   : uk_fail(UK_ERR_PIN_WRONG);
}

/* The words of a card that has another algorithm, before anything is proved. */
static bool wrong_alg(uk_err err)
{
	return err.sw == UK_SW_P1P2 || err.sw == UK_SW_DATA ||
	       err.sw == UK_SW_NO_REF || err.sw == UK_SW_LENGTH ||
	       err.sw == UK_SW_FUNCTION || err.sw == UK_SW_NO_FILE;
}

/* The words of a card that does not believe us. */
static uk_err disbelieved(uk_err err)
{
	return uk_is(err, UK_ERR_NOT_LOGGED_IN) ||
		       uk_is(err, UK_ERR_CARD_STATUS) ||
		       uk_is(err, UK_ERR_CONDITIONS)
		   ? uk_fail_sw(UK_ERR_PIN_WRONG, err.sw)
		   : err;
}

static uk_err prove_any(struct proof *p, uint8_t alg, size_t key_len)
{
	uk_err err = uk_fail(UK_ERR_PIN_LENGTH);

	for (size_t i = 0; i < CIPHERS; i++) {
		p->row = &ciphers[i];
		if (p->row->key != key_len || (alg != 0 && p->row->alg != alg))
			continue;
		err = prove(p);
		if (!wrong_alg(err))
			return disbelieved(err);
	}
	return wrong_alg(err) ? uk_fail_sw(UK_ERR_PIN_WRONG, err.sw) : err;
}

static uk_err take_key(const uk_pin *text, uint8_t *out, size_t *n)
{
	uk_buf key = uk_buf_over(out, KEY_MAX);

	if (!uk_is_ok(uk_hex_decode(uk_pin_view(text), &key)) || key.len < 16)
		return uk_fail(UK_ERR_PIN_LENGTH);
	*n = key.len;
	return uk_ok();
}

uk_err piv_prove_admin(uk_card *c, const uk_pin *key)
{
	struct proof p = { .c = c };
	size_t n = 0;
	uint8_t alg = 0;
	uk_err err = take_key(key, p.key, &n);

	if (uk_is_ok(err))
		err = uk_crypto_open(&p.crypto);
	if (uk_is_ok(err) && n == 24)
		err = piv_ask_admin_alg(c, &alg);
	if (uk_is_ok(err))
		err = prove_any(&p, alg, n);
	piv_of(c)->admin = uk_is_ok(err);
	uk_crypto_close(&p.crypto);
	uk_wipe(&p, sizeof(p));
	return err;
}

/* FF FF FF { alg 9B length key }: the login is the old key's proof. */
uk_err piv_change_admin(uk_card *c, const uk_pin *key)
{
	uint8_t sent[3 + KEY_MAX], bytes[KEY_MAX];
	uk_buf data = UK_BUF(sent);
	uk_cmd set = { .ins = 0xff, .p1 = 0xff, .p2 = 0xff, .secret = true };
	uint8_t alg = 0;
	size_t n = 0;
	uk_err err = take_key(key, bytes, &n);

	if (uk_is_ok(err))
		err = piv_ask_admin_alg(c, &alg);
	if (uk_is_ok(err) && piv_of(c)->yubico != PIV_YES)
		err = uk_fail(UK_ERR_UNSUPPORTED);
	for (size_t i = 0; i < CIPHERS && alg == 0; i++) {
		if (ciphers[i].key == n)
			alg = ciphers[i].alg;
	}
	uk_put_u8(&data, alg);
	uk_put_tlv(&data, PIV_KEY_ADMIN, uk_view(bytes, n));
	set.data = uk_buf_view(&data);
	if (uk_is_ok(err))
		err = piv_send(c, &set, NULL);
	uk_wipe(sent, sizeof(sent));
	uk_wipe(bytes, sizeof(bytes));
	return err;
}

/* --- making --------------------------------------------------------------- */

static size_t place_of(const uk_card *c, enum uk_object_kind kind, size_t place)
{
	for (size_t i = 0; i < c->object_count; i++) {
		if (c->objects[i].kind == kind && c->objects[i].ref == place)
			return i;
	}
	return 0;
}

uk_err piv_relist(
    uk_card *c, enum uk_object_kind kind, size_t place, size_t *out)
{
	c->loaded = false;
	UK_TRY(piv_load_objects(c));
	if (out != NULL)
		*out = place_of(c, kind, place);
	return uk_ok();
}

static uk_err generate(
    uk_card *c, size_t place, uint8_t alg, uk_public_key *out)
{
	const uint8_t wanted[] = { 0xac, 0x03, 0x80, 0x01, alg };
	uint8_t got[PUBLIC_MAX];
	uk_buf answer = UK_BUF(got);
	uk_cmd cmd = { .ins = 0x47,
		.p2 = piv_key_ref(place),
		.data = UK_ARRAY(wanted),
		.le = UK_LE_MAX };
	enum uk_key_type type = UK_KEY_NONE;
	unsigned bits = 0;
	uk_bytes template;

	UK_TRY(piv_send(c, &cmd, &answer));
	UK_TRY(uk_tlv_only(uk_buf_view(&answer), 0x7f49, &template));
	(void)piv_alg_key(alg, &type, &bits);
	return piv_take_public(template, type, bits, out);
}

void piv_forget_kept_key(uk_card *c, size_t place)
{
	piv_note_change(c, PIV_ITEM_KEY + (uint32_t)place);
	piv_note_change(c, PIV_ITEM_METADATA + (uint32_t)place);
	uk_cache_save(c->cache);
}

void piv_take_key(
    uk_card *c, size_t place, uk_public_key **pub, unsigned bits, bool brought)
{
	struct piv_key *k = &piv_of(c)->keys[place];

	uk_free(k->pub);
	k->pub = *pub;
	*pub = NULL; /* handed over */
	k->key = PIV_YES;
	k->type = k->pub->type;
	k->bits = bits;
	k->own_policy = false;
	k->brought = brought;
}

/* A key is where its CKA_ID says. The certificate that is there stays and is
 * the old key's: what the card answers now is kept as the key's public half. */
uk_err piv_generate(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	unsigned bits = what->key_type == UK_KEY_RSA
			    ? what->key_bits
			    : uk_key_curve_bits(what->key_type);
	uint8_t alg = piv_alg_of(what->key_type, bits);
	uk_public_key *pub = NULL;
	size_t place;
	uk_err err;

	if (alg == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (!piv_place_of_id(what->id, &place))
		return uk_fail(UK_ERR_ARGUMENT);
	if ((pub = uk_new(sizeof(*pub))) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	piv_forget_kept_key(c, place);
	err = generate(c, place, alg, pub);
	if (uk_is_ok(err)) {
		piv_take_key(c, place, &pub, bits, false);
		err = piv_relist(c, UK_OBJ_PRIVATE_KEY, place, out);
	}
	uk_free(pub);
	return err;
}

static uk_err put_cert(uk_card *c, size_t place, uk_bytes content)
{
	struct piv_key *k = &piv_of(c)->keys[place];
	uk_err err;

	piv_note_change(c, PIV_ITEM_KEY + (uint32_t)place);
	err = piv_put_data(c, piv_cert_tag(place), content);
	k->cert = PIV_UNKNOWN;
	k->broken = false;
	uk_blob_free(&k->der);
	if (k->pub == NULL)
		k->key = PIV_UNKNOWN;
	if (uk_is_ok(err) && content.n == 0)
		k->cert = PIV_NO;
	return err;
}

uk_err piv_store(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uint8_t *room;
	uk_buf content;
	size_t place;
	uk_err err;

	if (what->kind != UK_OBJ_CERTIFICATE)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (!piv_place_of_id(what->id, &place))
		return uk_fail(UK_ERR_ARGUMENT);
	if ((room = uk_new(PIV_OBJECT_MAX)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	content = uk_buf_over(room, PIV_OBJECT_MAX);
	err = piv_put_cert(&content, what->value);
	if (uk_is_ok(err))
		err = put_cert(c, place, uk_buf_view(&content));
	uk_free(room);
	return uk_is_ok(err) ? piv_relist(c, UK_OBJ_CERTIFICATE, place, out)
			     : err;
}

uk_err piv_destroy(uk_card *c, const uk_object *o)
{
	if (o->kind != UK_OBJ_CERTIFICATE || o->ref >= PIV_KEYS)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(put_cert(c, piv_place(o), UK_NONE));
	return piv_relist(c, UK_OBJ_CERTIFICATE, piv_place(o), NULL);
}
