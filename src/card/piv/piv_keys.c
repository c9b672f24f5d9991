/*
 * PIV's key references: SP 800-73-4 part 1, tables 3 and 4b, and SP 800-78-4,
 * table 6-2. CKA_IDs and labels are those that OpenSC has always used, so that
 * scripts find the same objects.
 */
#include "piv_driver.h"

#include <stdio.h>

enum {
	RETIRED_REF = 0x82,     /* of the first retired key */
	RETIRED_TAG = 0x5fc10d, /* of its certificate */
	ID_FIRST = 0x01
};

enum {
	ANY = UK_USE_SIGN | UK_USE_SIGN_RECOVER | UK_USE_DECRYPT |
	      UK_USE_DERIVE,
	SIGNATURE = UK_USE_SIGN | UK_USE_SIGN_RECOVER | UK_USE_NON_REPUDIATION
};

static const struct row {
	uint8_t ref;
	uint32_t tag;
	uint32_t usage;
	bool always; /* PIN before every use: part 1, table 4b */
	bool open;   /* no PIN */
	const char *key, *cert;
} rows[PIV_RETIRED] = {
	{ 0x9a, 0x5fc105, ANY, false, false, "PIV AUTH key",
	    "Certificate for PIV Authentication" },
	{ 0x9c, 0x5fc10a, SIGNATURE, true, false, "SIGN key",
	    "Certificate for Digital Signature" },
	{ 0x9d, 0x5fc10b, ANY, false, false, "KEY MAN key",
	    "Certificate for Key Management" },
	{ 0x9e, 0x5fc101, ANY, false, true, "CARD AUTH key",
	    "Certificate for Card Authentication" },
};

static const struct alg_row {
	uint8_t alg;
	enum uk_key_type type;
	unsigned bits;
} algs[] = {
	{ PIV_ALG_RSA1024, UK_KEY_RSA, 1024 },
	{ PIV_ALG_RSA2048, UK_KEY_RSA, 2048 },
	{ PIV_ALG_RSA3072, UK_KEY_RSA, 3072 },
	{ PIV_ALG_RSA4096, UK_KEY_RSA, 4096 },
	{ PIV_ALG_P256, UK_KEY_P256, 256 },
	{ PIV_ALG_P384, UK_KEY_P384, 384 },
};

enum { ALGS = sizeof(algs) / sizeof(algs[0]) };

uint8_t piv_alg_of(enum uk_key_type type, unsigned bits)
{
	for (size_t i = 0; i < ALGS; i++) {
		if (algs[i].type == type && algs[i].bits == bits)
			return algs[i].alg;
	}
	return 0;
}

bool piv_alg_key(uint8_t alg, enum uk_key_type *type, unsigned *bits)
{
	for (size_t i = 0; i < ALGS; i++) {
		if (algs[i].alg == alg) {
			*type = algs[i].type;
			*bits = algs[i].bits;
			return true;
		}
	}
	return false;
}

uint8_t piv_key_ref(size_t place)
{
	return place < PIV_RETIRED
		   ? rows[place].ref
		   : (uint8_t)(RETIRED_REF + place - PIV_RETIRED);
}

uint32_t piv_cert_tag(size_t place)
{
	return place < PIV_RETIRED
		   ? rows[place].tag
		   : RETIRED_TAG + (uint32_t)(place - PIV_RETIRED);
}

bool piv_is_cert_tag(uint32_t tag)
{
	size_t place = 0;

	while (place < PIV_KEYS && piv_cert_tag(place) != tag)
		place++;
	return place < PIV_KEYS;
}

uint32_t piv_usage(size_t place, enum uk_key_type type)
{
	uint32_t usage = place < PIV_RETIRED ? rows[place].usage : ANY;

	return type == UK_KEY_RSA
		   ? usage & ~(uint32_t)UK_USE_DERIVE
		   : usage & ~(uint32_t)(UK_USE_DECRYPT | UK_USE_SIGN_RECOVER);
}

static void name(size_t place, const char *standard, const char *retired,
    enum uk_object_kind kind, uk_object *out)
{
	*out = (uk_object){
		.kind = kind, .ref = (uint32_t)place, .id_len = 1, .vague = true
	};
	out->id[0] = (uint8_t)(ID_FIRST + place);
	if (place < PIV_RETIRED)
		snprintf(out->label, sizeof(out->label), "%s", standard);
	else
		snprintf(out->label, sizeof(out->label), "%s %zu", retired,
		    place - PIV_RETIRED + 1);
}

void piv_name_key(size_t place, uk_object *out)
{
	const struct row *row = &rows[place < PIV_RETIRED ? place : 0];

	name(place, row->key, "Retired KEY MAN", UK_OBJ_PRIVATE_KEY, out);
	out->is_private = true;
	out->on_card = true;
	if (place < PIV_RETIRED) {
		out->always_auth = row->always;
		out->open_use = row->open;
	}
}

/* What the SO may replace, he may also destroy. */
void piv_name_cert(size_t place, uk_object *out)
{
	const struct row *row = &rows[place < PIV_RETIRED ? place : 0];

	name(place, row->cert, "Retired Certificate for Key Management",
	    UK_OBJ_CERTIFICATE, out);
	out->modifiable = true;
}

bool piv_place_of_id(uk_bytes id, size_t *place)
{
	if (id.n != 1 || id.p[0] < ID_FIRST || id.p[0] >= ID_FIRST + PIV_KEYS)
		return false;
	*place = (size_t)id.p[0] - ID_FIRST;
	return true;
}
