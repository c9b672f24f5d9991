/* The fake card's objects: four that are always there, and those of its owner.
 */
#include "p11_fake_parts.h"

#include "cert_samples.h"
#include "fixtures.h"
#include "x509.h"

#include <stdio.h>
#include <string.h>

enum { ALWAYS = 4, FIRST_REF = 0x100 };

unsigned fake_reads;
bool fake_vague;
struct fake_cipher fake_cipher;

/* The base point of P-256 (FIPS 186-5, SP 800-186 3.2.1.3). */
#define P256_G                                                                 \
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"   \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

/* GB/T 32918.5-2017, A.2: the example's public key. */
#define SM2_POINT                                                              \
	"0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"   \
	"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"

static uk_object key(unsigned ref, enum uk_key_type type, const char *label)
{
	uk_object o = { .kind = UK_OBJ_PRIVATE_KEY,
		.id = { (uint8_t)ref },
		.id_len = 1,
		.key_type = type,
		.key_bits = type == UK_KEY_RSA ? 2048 : 256,
		.usage = ref == 1 ? UK_USE_SIGN : UK_USE_NON_REPUDIATION,
		.always_auth = ref == 2,
		.on_card = true,
		.ref = ref };

	snprintf(o.label, sizeof(o.label), "%s", label);
	return o;
}

static uk_object certificate(unsigned ref)
{
	uk_object o = { .kind = UK_OBJ_CERTIFICATE,
		.label = "Certificate",
		.id = { (uint8_t)ref },
		.id_len = 1,
		.ref = 0x4330 + ref };

	return o;
}

static struct fake_item *items_of(uk_card *c)
{
	return ((struct fake_card *)c)->items;
}

static uk_object hint(uk_object o)
{
	o.vague = true;
	o.key_type = UK_KEY_NONE;
	o.key_bits = 0;
	o.usage = 0;
	return o;
}

/* One command. */
uk_err fake_describe(uk_card *c, uk_object *o)
{
	UK_TRY(fake_tick(c));
	if (o->id[0] == 2)
		return uk_fail(UK_ERR_NOT_FOUND);
	*o = o->kind == UK_OBJ_PRIVATE_KEY ? key(1, UK_KEY_RSA, "Login")
					   : certificate(1);
	return uk_ok();
}

uk_err fake_load_objects(uk_card *c)
{
	uk_object *list;
	size_t n = ALWAYS;

	UK_TRY(fake_tick(c));
	list = uk_new_array(ALWAYS + FAKE_ROOM, sizeof(*list));
	if (list == NULL)
		return uk_fail(UK_ERR_MEMORY);
	list[0] = key(1, UK_KEY_RSA, "Login");
	list[1] = key(2, UK_KEY_P256, "Transactions");
	list[2] = certificate(1);
	list[3] = certificate(2);
	for (size_t i = 0; fake_vague && i < ALWAYS; i++)
		list[i] = hint(list[i]);
	for (size_t i = 0; i < FAKE_ROOM; i++) {
		if (items_of(c)[i].o.ref != 0)
			list[n++] = items_of(c)[i].o;
	}
	uk_free(c->objects);
	c->objects = list;
	c->object_count = n;
	c->loaded = true;
	return uk_ok();
}

static struct fake_item *item(uk_card *c, const uk_object *o)
{
	for (size_t i = 0; i < FAKE_ROOM; i++) {
		if (o->ref >= FIRST_REF && items_of(c)[i].o.ref == o->ref &&
		    items_of(c)[i].o.kind == o->kind)
			return &items_of(c)[i];
	}
	return NULL;
}

uk_err fake_read_object(uk_card *c, const uk_object *o, uk_blob *out)
{
	const struct fake_item *it = item(c, o);
	uint8_t storage[4096];
	uk_buf der = UK_BUF(storage);

	UK_TRY(fake_tick(c));
	fake_reads++;
	if (it != NULL)
		return it->n == 0 ? uk_ok()
				  : uk_blob_set(out, uk_view(it->value, it->n));
	uk_put(&der, hex(o->ref == 0x4331 ? CERT_RSA : CERT_EC));
	return uk_blob_set(out, uk_buf_view(&der));
}

uk_err fake_read_public(uk_card *c, const uk_object *o, uk_public_key *out)
{
	const struct fake_item *it = item(c, o);

	UK_TRY(fake_tick(c));
	if (it == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	*out = it->pub;
	return uk_ok();
}

/* --- changes -------------------------------------------------------------- */

static void set_id(uk_object *o, uk_bytes id)
{
	uk_buf b = UK_BUF(o->id);

	uk_put(&b, id);
	o->id_len = b.len;
}

static uk_err new_item(
    uk_card *c, const struct uk_new_object *what, struct fake_item **out)
{
	static uint32_t next = FIRST_REF;

	UK_TRY(fake_tick(c));
	if (!fake_logged_in(c, false))
		return uk_fail_sw(UK_ERR_NOT_LOGGED_IN, 0x6982);
	for (size_t i = 0; i < FAKE_ROOM; i++) {
		struct fake_item *it = &items_of(c)[i];

		if (it->o.ref != 0)
			continue;
		memset(it, 0, sizeof(*it));
		it->o = (uk_object){ .kind = what->kind,
			.is_private = what->is_private,
			.modifiable = true,
			.key_type = what->key_type,
			.key_bits = what->key_bits,
			.usage = what->usage,
			.ref = next++ };
		snprintf(it->o.label, sizeof(it->o.label), "%s", what->label);
		if (what->application != NULL)
			snprintf(it->o.application, sizeof(it->o.application),
			    "%s", what->application);
		set_id(&it->o, what->id);
		it->pub.type = what->key_type;
		*out = it;
		return uk_ok();
	}
	return uk_fail_sw(UK_ERR_CARD_STATUS, 0x6a84);
}

static uk_err list_again(uk_card *c, const struct fake_item *it, size_t *out)
{
	c->loaded = false;
	UK_TRY(fake_load_objects(c));
	for (size_t i = 0; it != NULL && i < c->object_count; i++) {
		if (c->objects[i].ref == it->o.ref)
			*out = i;
	}
	return uk_ok();
}

static void set_public(struct fake_item *it, uk_bytes modulus)
{
	uk_buf n = UK_BUF(it->pub.modulus), e = UK_BUF(it->pub.exponent);
	uk_buf point = UK_BUF(it->pub.point);

	if (it->o.key_type == UK_KEY_RSA) {
		uk_put(&n, modulus);
		uk_put(&e, hex("010001"));
	} else {
		uk_put(&point,
		    hex(it->o.key_type == UK_KEY_SM2 ? SM2_POINT : P256_G));
	}
	it->pub.modulus_len = n.len;
	it->pub.exponent_len = e.len;
	it->pub.point_len = point.len;
}

static void set_spki(struct fake_item *it, uk_bytes spki)
{
	uk_buf n = UK_BUF(it->pub.modulus), e = UK_BUF(it->pub.exponent);
	uk_buf point = UK_BUF(it->pub.point);
	uk_x509 x = { 0 };

	expect_ok(uk_spki_parse(spki, &x));
	uk_put(&n, x.modulus);
	uk_put(&e, x.exponent);
	uk_put(&point, x.point);
	it->pub.modulus_len = n.len;
	it->pub.exponent_len = e.len;
	it->pub.point_len = point.len;
}

uk_err fake_generate(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uint8_t storage[UK_MODULUS_MAX];
	uk_buf modulus = UK_BUF(storage);
	struct fake_item *it;

	UK_TRY(new_item(c, what, &it));
	uk_put_fill(&modulus, 0xb5, what->key_bits / 8);
	set_public(it, uk_buf_view(&modulus));
	it->o.on_card = true;
	return list_again(c, it, out);
}

/* Under the label "other" it is another key that the card has got. */
uk_err fake_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *k, size_t *out)
{
	struct fake_item *it;

	UK_TRY(new_item(c, what, &it));
	it->pub = *k->public;
	if (strcmp(what->label, "other") == 0)
		it->pub.modulus[0] ^= 1;
	return list_again(c, it, out);
}

uk_err fake_store(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	struct fake_item *it;
	uk_buf value;

	UK_TRY(new_item(c, what, &it));
	value = uk_buf_over(it->value, sizeof(it->value));
	uk_put(&value, what->value);
	it->n = value.len;
	if (what->kind == UK_OBJ_PUBLIC_KEY)
		set_spki(it, what->value);
	return list_again(c, it, out);
}

static uk_err mine(uk_card *c, const uk_object *o, struct fake_item **out)
{
	*out = item(c, o);
	if (*out == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(fake_tick(c));
	return fake_logged_in(c, false)
		   ? uk_ok()
		   : uk_fail_sw(UK_ERR_NOT_LOGGED_IN, 0x6982);
}

uk_err fake_destroy(uk_card *c, const uk_object *o)
{
	struct fake_item *it;

	UK_TRY(mine(c, o, &it));
	it->o.ref = 0;
	return list_again(c, NULL, NULL);
}

uk_err fake_rename(
    uk_card *c, const uk_object *o, const char *label, uk_bytes id)
{
	struct fake_item *it;

	UK_TRY(mine(c, o, &it));
	snprintf(it->o.label, sizeof(it->o.label), "%s", label);
	if (id.n > 0)
		set_id(&it->o, id);
	return list_again(c, NULL, NULL);
}

void fake_lose_first(uk_card *c)
{
	size_t i = 0;

	while (i < FAKE_ROOM && items_of(c)[i].o.ref == 0)
		i++;
	if (i < FAKE_ROOM)
		items_of(c)[i].o.ref = 0;
	c->loaded = false;
}

uk_err fake_wipe_objects(uk_card *c)
{
	memset(items_of(c), 0, sizeof(struct fake_item[FAKE_ROOM]));
	return list_again(c, NULL, NULL);
}

/* --- private keys ----------------------------------------------------------
 */

bool fake_is_further(const uk_object *o)
{
	return o->ref >= FIRST_REF;
}

bool fake_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme)
{
	static const uint32_t usages[] = { [UK_DECIPHER_RSA] = UK_USE_DECRYPT,
		[UK_DECIPHER_ECDH] = UK_USE_DERIVE,
		[UK_DECIPHER_SM2] = UK_USE_DECRYPT };

	(void)c;
	return fake_is_further(key) && (key->usage & usages[scheme]) != 0;
}

/* Input that ends with FF is what the card does not like. */
uk_err fake_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out)
{
	uk_buf seen = UK_BUF(fake_cipher.input);

	(void)key;
	UK_TRY(fake_tick(c));
	if (!fake_logged_in(c, false))
		return uk_fail_sw(UK_ERR_NOT_LOGGED_IN, 0x6982);
	if (in.p[in.n - 1] == 0xff)
		return uk_fail_sw(UK_ERR_CARD_STATUS, 0x6a80);
	uk_put(&seen, in);
	fake_cipher.scheme = scheme;
	fake_cipher.input_len = seen.len;
	uk_put(out, uk_view(fake_cipher.output, fake_cipher.output_len));
	return uk_buf_result(out);
}
