/* The directory files of docs/card-profile.md, section 2. */
#include "vc_perso.h"

#include "p15.h"
#include "vc_public.h"

#include <openssl/x509.h>

enum {
	FID_OD = 0x5031,
	FID_INFO = 0x5032,
	FID_AODF = 0x4401,
	FID_PRKDF = 0x4402,
	FID_PUKDF = 0x4403,
	FID_CDF = 0x4404,
	FID_DODF = 0x4405,
	FID_CERT = 0x4330, /* + key reference */
	/* KeyUsageFlags, 7816-15:2016, 8.4.1 */
	USE_ENCRYPT = 1 << 0,
	USE_DECRYPT = 1 << 1,
	USE_SIGN = 1 << 2,
	USE_VERIFY = 1 << 6,
	USE_DERIVE = 1 << 8,
	USE_NON_REPUDIATION = 1 << 9,
	PIN_UTF8 = 2, /* PasswordType, 8.9.2 */
	PUBLIC_DER_MAX = 1024
};

static const char *const key_labels[] = { "Login", "Transactions" };

uk_err vc_directory_id(EVP_PKEY *public, uint8_t id[VC_ID_SIZE])
{
	X509_PUBKEY *info = NULL;
	const unsigned char *bits;
	int n;
	unsigned int len = 0;
	int good = X509_PUBKEY_set(&info, public) == 1 &&
		   X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, info) == 1 &&
		   EVP_Digest(bits, (size_t)n, id, &len, EVP_sha1(), NULL) == 1;

	X509_PUBKEY_free(info);
	return vc_host_openssl(good && len == VC_ID_SIZE);
}

/* --- keys --------------------------------------------------------------------
 */

/* The usage byte of docs/card-profile.md, section 4, as KeyUsageFlags of the
 * private and of the public half. Key 2 has one of its own. */
static const struct {
	uint8_t bit;
	uint32_t private, public;
} usages[] = {
	{ 0x01, USE_SIGN, USE_VERIFY },
	{ 0x02, USE_DECRYPT, USE_ENCRYPT },
	{ 0x04, USE_DERIVE, 0 },
	{ 0x08, USE_SIGN | USE_DECRYPT, USE_VERIFY | USE_ENCRYPT },
};

static uint32_t usage_of(const struct vc_directory_key *k, bool private)
{
	uint32_t flags = 0;

	if (k->ref == VC_REF_SIGN)
		return USE_NON_REPUDIATION;
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if ((k->usage & usages[i].bit) != 0)
			flags |= private ? usages[i].private : usages[i].public;
	}
	return flags;
}

static uk_err start_key(
    uk_p15_object *o, enum uk_p15_kind kind, const struct vc_directory_key *k)
{
	bool rsa = EVP_PKEY_is_a(k->public, "RSA") == 1;

	*o = (uk_p15_object){ .kind = kind,
		.key_type = rsa ? UK_KEY_RSA : UK_KEY_P256,
		.bits = rsa ? (uint32_t)EVP_PKEY_get_bits(k->public) : 0,
		.key_ref = k->ref,
		.native = true,
		.id_len = VC_ID_SIZE,
		.usage = usage_of(k, kind == UK_P15_PRKEY) };
	if (!uk_is_ok(
		uk_copy_str(o->label, sizeof(o->label), uk_view_str(k->label))))
		return uk_fail(UK_ERR_TOO_SMALL);
	return vc_directory_id(k->public, o->id);
}

static uk_err put_private(uk_buf *out, const struct vc_directory_key *k)
{
	uk_p15_object o;

	UK_TRY(start_key(&o, UK_P15_PRKEY, k));
	o.flags = UK_P15_PRIVATE;
	o.auth_id[0] = 0x01;
	o.auth_id_len = 1;
	o.user_consent = k->ref == VC_REF_SIGN ? 1 : 0;
	o.access = UK_P15_SENSITIVE | UK_P15_ALWAYS_SENSITIVE |
		   UK_P15_NEVER_EXTRACTABLE | UK_P15_LOCAL;
	return uk_put_p15(out, &o);
}

static uk_err put_public(uk_buf *out, const struct vc_directory_key *k)
{
	uint8_t der[PUBLIC_DER_MAX];
	uk_buf spki = UK_BUF(der);
	uk_p15_object o;

	UK_TRY(start_key(&o, UK_P15_PUKEY, k));
	UK_TRY(vc_public_put_directory(k->public, &spki));
	o.access = UK_P15_EXTRACTABLE | UK_P15_LOCAL;
	o.direct = uk_buf_view(&spki);
	return uk_put_p15(out, &o);
}

typedef uk_err put_key_fn(uk_buf *out, const struct vc_directory_key *k);

static uk_err write_keys(struct vc_card *card, uint16_t fid, put_key_fn *put,
    const struct vc_directory_key keys[2])
{
	uint8_t storage[VC_DIR_MAX];
	uk_buf file = UK_BUF(storage);

	for (size_t i = 0; i < 2; i++)
		UK_TRY(put(&file, &keys[i]));
	return vc_perso_write(card, fid, uk_buf_view(&file));
}

static uk_err append_key(struct vc_card *card, uint16_t fid, put_key_fn *put,
    const struct vc_directory_key *k)
{
	uint8_t storage[VC_DIR_MAX];
	uk_buf file = UK_BUF(storage);

	UK_TRY(vc_perso_read(card, fid, &file));
	UK_TRY(put(&file, k));
	return vc_perso_write(card, fid, uk_buf_view(&file));
}

uk_err vc_directory_add_key(
    struct vc_card *card, const struct vc_directory_key *key)
{
	UK_TRY(append_key(card, FID_PRKDF, put_private, key));
	return append_key(card, FID_PUKDF, put_public, key);
}

/* --- PINs and the rest -------------------------------------------------------
 */

static const uk_p15_object pins[] = {
	{ .kind = UK_P15_PIN,
	    .label = "PIN",
	    .auth_id = { 0x02 }, /* the PUK opens it */
	    .auth_id_len = 1,
	    .id = { 0x01 },
	    .id_len = 1,
	    .pin_flags = UK_P15_PIN_INITIALIZED | UK_P15_PIN_PADDED,
	    .pin_type = PIN_UTF8,
	    .pin_min = 4,
	    .pin_stored = 16,
	    .pin_max = 16,
	    .pin_ref = VC_REF_PIN,
	    .pin_pad = 0xff },
	{ .kind = UK_P15_PIN,
	    .label = "PUK",
	    .id = { 0x02 },
	    .id_len = 1,
	    .pin_flags = UK_P15_PIN_INITIALIZED | UK_P15_PIN_PADDED |
			 UK_P15_PIN_UNBLOCKING | UK_P15_PIN_SO,
	    .pin_type = PIN_UTF8,
	    .pin_min = 8,
	    .pin_stored = 16,
	    .pin_max = 16,
	    .pin_ref = VC_REF_PUK,
	    .pin_pad = 0xff },
};

static uk_err write_pins(struct vc_card *card)
{
	uint8_t storage[256];
	uk_buf file = UK_BUF(storage);

	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++)
		UK_TRY(uk_put_p15(&file, &pins[i]));
	return vc_perso_write(card, FID_AODF, uk_buf_view(&file));
}

static uk_err write_info(struct vc_card *card, const struct vc_status *status)
{
	enum { LOGIN_REQUIRED = 2, PRN_GENERATION = 4 };
	uint8_t storage[256];
	uk_buf file = UK_BUF(storage);
	uk_p15_info info = { .serial_len = sizeof(status->serial),
		.manufacturer = "ukey",
		.flags = LOGIN_REQUIRED | PRN_GENERATION };

	UK_TRY(uk_copy_exact(
	    info.serial, sizeof(status->serial), UK_ARRAY(status->serial)));
	UK_TRY(uk_copy_str(
	    info.label, sizeof(info.label), uk_view_str(status->label)));
	UK_TRY(uk_put_p15_info(&file, &info));
	return vc_perso_write(card, FID_INFO, uk_buf_view(&file));
}

static uk_err write_od(struct vc_card *card)
{
	uint8_t storage[128];
	uk_buf file = UK_BUF(storage);

	uk_put_p15_odf(&file, 0xa0, FID_PRKDF);
	uk_put_p15_odf(&file, 0xa1, FID_PUKDF);
	uk_put_p15_odf(&file, 0xa4, FID_CDF);
	uk_put_p15_odf(&file, 0xa7, FID_DODF);
	uk_put_p15_odf(&file, 0xa8, FID_AODF);
	UK_TRY(uk_buf_result(&file));
	return vc_perso_write(card, FID_OD, uk_buf_view(&file));
}

uk_err vc_directory_write(struct vc_card *card, const struct vc_status *status,
    EVP_PKEY *const keys[2])
{
	const struct vc_directory_key both[] = {
		{ VC_REF_AUTH, key_labels[0], 0x01, keys[0] },
		{ VC_REF_SIGN, key_labels[1], 0x01, keys[1] },
	};

	UK_TRY(write_info(card, status));
	UK_TRY(write_pins(card));
	UK_TRY(write_keys(card, FID_PRKDF, put_private, both));
	UK_TRY(write_keys(card, FID_PUKDF, put_public, both));
	return write_od(card); /* last: now the card is complete */
}

uk_err vc_perso_make_keys(
    struct vc_card *card, const char *type_name, EVP_PKEY *keys[2])
{
	struct vc_status status;

	keys[0] = keys[1] = NULL;
	UK_TRY(vc_perso_generate(card, VC_REF_AUTH, type_name, &keys[0]));
	UK_TRY(vc_perso_generate(card, VC_REF_SIGN, type_name, &keys[1]));
	/* serial and label as they are now */
	UK_TRY(vc_perso_select(card, &status));
	return vc_directory_write(card, &status, keys);
}

/* --- certificates ------------------------------------------------------------
 */

static uk_err put_cert(uk_buf *out, uint8_t ref, const uint8_t id[VC_ID_SIZE])
{
	uk_p15_object o = { .kind = UK_P15_CERT, .id_len = VC_ID_SIZE };
	uk_buf path = UK_BUF(o.path.p);

	UK_TRY(uk_copy_exact(o.id, VC_ID_SIZE, uk_view(id, VC_ID_SIZE)));
	UK_TRY(uk_copy_str(o.label, sizeof(o.label),
	    uk_view_str(
		ref <= VC_REF_SIGN ? key_labels[ref - 1] : "Certificate")));
	uk_put_u16(&path, (uint16_t)(FID_CERT + ref));
	o.path.n = path.len;
	return uk_put_p15(out, &o);
}

/* The CDF as it is, without the certificate that is replaced. */
static uk_err copy_others(
    uk_bytes cdf, const uint8_t id[VC_ID_SIZE], uk_buf *out)
{
	uk_reader r = uk_read(cdf);
	uk_p15_object o;

	while (uk_p15_next(&r, UK_P15_CERT, &o)) {
		if (!uk_bytes_eq(
			uk_view(o.id, o.id_len), uk_view(id, VC_ID_SIZE)))
			UK_TRY(uk_put_p15(out, &o));
	}
	return uk_read_ok(&r);
}

uk_err vc_directory_put_cert(
    struct vc_card *card, uint8_t ref, EVP_PKEY *public, uk_bytes der)
{
	uint8_t before[VC_DIR_MAX], after[VC_DIR_MAX], id[VC_ID_SIZE];
	uk_buf old = UK_BUF(before), new = UK_BUF(after);

	UK_TRY(vc_directory_id(public, id));
	UK_TRY(vc_perso_read(card, FID_CDF, &old));
	UK_TRY(copy_others(uk_buf_view(&old), id, &new));
	UK_TRY(put_cert(&new, ref, id));
	UK_TRY(vc_perso_write(card, (uint16_t)(FID_CERT + ref), der));
	return vc_perso_write(card, FID_CDF, uk_buf_view(&new));
}
