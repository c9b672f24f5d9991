/*
 * ISO/IEC 7816-15 objects. The bytes were put together by hand from the ASN.1
 * of PKCS #15 v1.1, section 6, which 7816-15:2016 keeps (common and class
 * attributes in SEQUENCEs, subclass in [0], type in [1], all explicit), and
 * looked at with `openssl asn1parse -inform DER`. OpenSC 0.23.0 writes exactly
 * the same for the same objects: EC_KEY to PIN and INFO were compared with what
 * its libopensc makes by sc_pkcs15_encode_prkdf_entry and its siblings.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "p15.h"

#include <string.h>

/* A transaction key on an elliptic curve, as in docs/card-profile.md. */
static const char EC_KEY[] =
    "A0 3A"
    "  30 14 0C 08 7472616E73666572 03 02 07 80" /* "transfer", private */
    "        04 01 01 02 01 01"                  /* authId 01, userConsent 1 */
    "  30 12 04 04 A1A2A3A4"
    "        03 03 06 00 40" /* nonRepudiation = bit 9 */
    "        03 02 03 B8"    /* sensitive, always, never extractable, local */
    "        02 01 02"
    "  A1 0E 30 0C 30 06 04 04 3F004402 02 02 01 00";

/* A login key: RSA, signs and decrypts, path with index and length. */
static const char RSA_KEY[] =
    "30 33"
    "  30 0C 0C 05 6C6F67696E 04 03 010203"
    "  30 0E 04 01 45 03 02 05 60 01 01 00 03 02 03 08"
    "  A1 13 30 11 30 0B 04 02 4B01 02 01 10 80 02 0100 02 02 08 00";

static uk_p15_object ec_key(void)
{
	return (uk_p15_object){
		.kind = UK_P15_PRKEY,
		.label = "transfer",
		.flags = UK_P15_PRIVATE,
		.auth_id = { 1 },
		.auth_id_len = 1,
		.user_consent = 1,
		.id = { 0xa1, 0xa2, 0xa3, 0xa4 },
		.id_len = 4,
		.usage = 1u << 9,
		.access = UK_P15_SENSITIVE | UK_P15_ALWAYS_SENSITIVE |
			  UK_P15_NEVER_EXTRACTABLE | UK_P15_LOCAL,
		.key_ref = 2,
		.native = true,
		.key_type = UK_KEY_P256,
		.bits = 256,
		.path = { .p = { 0x3f, 0x00, 0x44, 0x02 }, .n = 4 },
	};
}

static uk_p15_object rsa_key(void)
{
	return (uk_p15_object){
		.kind = UK_P15_PRKEY,
		.label = "login",
		.auth_id = { 1, 2, 3 },
		.auth_id_len = 3,
		.id = { 0x45 },
		.id_len = 1,
		.usage = 1u << 1 | 1u << 2,
		.access = UK_P15_LOCAL,
		.native = false,
		.key_type = UK_KEY_RSA,
		.bits = 2048,
		.path = { .p = { 0x4b, 0x01 },
		    .n = 2,
		    .has_range = true,
		    .index = 16,
		    .length = 256 },
	};
}

/* A certificate in a file; authority certificate inside the directory. */
static const char CERT[] = "30 19"
			   "  30 07 0C 05 6C6F67696E"
			   "  30 04 04 02 A1A2"
			   "  A1 08 30 06 30 04 04 02 4331";
static const char CA_CERT[] = "30 18"
			      "  30 04 0C 02 4341"
			      "  30 06 04 01 07 01 01 FF"
			      "  A1 08 30 06 A0 04 30 02 0500";

static uk_p15_object cert(void)
{
	return (uk_p15_object){
		.kind = UK_P15_CERT,
		.label = "login",
		.id = { 0xa1, 0xa2 },
		.id_len = 2,
		.path = { .p = { 0x43, 0x31 }, .n = 2 },
	};
}

static uk_p15_object ca_cert(void)
{
	static const uint8_t value[] = { 0x30, 0x02, 0x05, 0x00 };

	return (uk_p15_object){
		.kind = UK_P15_CERT,
		.label = "CA",
		.id = { 7 },
		.id_len = 1,
		.authority = true,
		.direct = UK_ARRAY(value),
	};
}

static const char PUBLIC_KEY[] =
    "30 23"
    "  30 07 0C 01 6B 03 02 06 40"          /* modifiable = bit 1 */
    "  30 0A 04 01 45 03 02 01 02 02 01 01" /* verify = bit 6 */
    "  A1 0C 30 0A 30 04 04 02 4501 02 02 0800";

static uk_p15_object public_key(void)
{
	return (uk_p15_object){
		.kind = UK_P15_PUKEY,
		.label = "k",
		.flags = UK_P15_MODIFIABLE,
		.id = { 0x45 },
		.id_len = 1,
		.usage = 1u << 6,
		.key_ref = 1,
		.native = true,
		.key_type = UK_KEY_RSA,
		.bits = 2048,
		.path = { .p = { 0x45, 0x01 }, .n = 2 },
	};
}

/* A data object: its path stands in [1] without a SEQUENCE around it. */
static const char DATA[] = "30 17"
			   "  30 05 0C 03 524350"
			   "  30 06 0C 04 756B6579"
			   "  A1 06 30 04 04 02 4501";

/* A PIN like that of docs/card-profile.md, section 2. */
static const char PIN[] =
    "30 2F"
    "  30 05 0C 03 50494E"
    "  30 03 04 01 01"
    "  A1 21 30 1F"
    "    03 02 02 0C" /* initialized = bit 4, needs-padding = bit 5 */
    "    0A 01 02 02 01 04 02 01 10 02 01 10 80 02 0081"
    "    04 01 FF 30 06 04 04 3F005015";

static uk_p15_object pin(void)
{
	return (uk_p15_object){
		.kind = UK_P15_PIN,
		.label = "PIN",
		.id = { 1 },
		.id_len = 1,
		.pin_flags = UK_P15_PIN_INITIALIZED | UK_P15_PIN_PADDED,
		.pin_type = 2,
		.pin_min = 4,
		.pin_stored = 16,
		.pin_max = 16,
		.pin_ref = 0x81,
		.pin_pad = 0xff,
		.path = { .p = { 0x3f, 0x00, 0x50, 0x15 }, .n = 4 },
	};
}

static uk_p15_object data(void)
{
	return (uk_p15_object){
		.kind = UK_P15_DATA,
		.label = "RCP",
		.application = "ukey",
		.path = { .p = { 0x45, 0x01 }, .n = 2 },
	};
}

static void expect_same(const uk_p15_object *a, const uk_p15_object *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_string_equal(a->label, b->label);
	assert_int_equal(a->flags, b->flags);
	expect_bytes(uk_view(a->auth_id, a->auth_id_len),
	    uk_view(b->auth_id, b->auth_id_len));
	assert_int_equal(a->user_consent, b->user_consent);
	expect_bytes(uk_view(a->id, a->id_len), uk_view(b->id, b->id_len));
	expect_bytes(
	    uk_view(a->path.p, a->path.n), uk_view(b->path.p, b->path.n));
	assert_int_equal(a->path.has_range, b->path.has_range);
	assert_int_equal(a->path.index, b->path.index);
	assert_int_equal(a->path.length, b->path.length);
	assert_int_equal(a->key_type, b->key_type);
	assert_int_equal(a->bits, b->bits);
	assert_int_equal(a->usage, b->usage);
	assert_int_equal(a->access, b->access);
	assert_int_equal(a->key_ref, b->key_ref);
	assert_int_equal(a->native, b->native);
	assert_int_equal(a->authority, b->authority);
	expect_bytes(a->direct, b->direct);
	assert_string_equal(a->application, b->application);
	assert_int_equal(a->pin_flags, b->pin_flags);
	assert_int_equal(a->pin_type, b->pin_type);
	assert_int_equal(a->pin_min, b->pin_min);
	assert_int_equal(a->pin_stored, b->pin_stored);
	assert_int_equal(a->pin_max, b->pin_max);
	assert_int_equal(a->pin_ref, b->pin_ref);
	assert_int_equal(a->pin_pad, b->pin_pad);
}

static void objects_and_bytes_agree(void **state)
{
	static const struct {
		uk_p15_object (*object)(void);
		const char *bytes;
	} rows[] = {
		{ ec_key, EC_KEY },
		{ rsa_key, RSA_KEY },
		{ cert, CERT },
		{ ca_cert, CA_CERT },
		{ public_key, PUBLIC_KEY },
		{ data, DATA },
		{ pin, PIN },
	};
	uint8_t room[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_p15_object want = rows[i].object(), got;
		uk_reader r = uk_read(hex(rows[i].bytes));
		uk_buf b = UK_BUF(room);

		assert_true(uk_p15_next(&r, want.kind, &got));
		expect_same(&got, &want);
		assert_false(uk_p15_next(&r, want.kind, &got));
		expect_ok(uk_read_end(&r));
		expect_ok(uk_put_p15(&b, &want));
		expect_bytes(uk_buf_view(&b), hex(rows[i].bytes));
		b = uk_buf_over(room, b.len - 1);
		expect_code(uk_put_p15(&b, &want), UK_ERR_TOO_SMALL);
	}
}

static void skips_what_it_does_not_know(void **state)
{
	uk_p15_object o, want = cert();
	uk_reader r;

	(void)state;
	/* other certificate types, then one with every optional element:
	 * 6.6.1 identifier, certHash, trustedUsage; subject, issuer, serial */
	r = uk_read(
	    hex("A0 02 3000  A1 00"
		"30 2D"
		"  30 09 0C 05 6C6F67696E 30 00" /* access control rules */
		"  30 0A 04 02 A1A2 30 00 A0 00 A1 00"
		"  A1 12 30 10 30 04 04 02 4331 30 00 A0 00 02 01 05 85 01 00"
		"  A5 00" /* unknown, behind */));
	assert_true(uk_p15_next(&r, UK_P15_CERT, &o));
	expect_same(&o, &want);
	assert_false(uk_p15_next(&r, UK_P15_CERT, &o));
	expect_ok(uk_read_end(&r));
	/* the subclass attributes of a private key (subjectName) */
	r = uk_read(hex("30 1B 30 00 30 07 04 01 01 03 02 05 20 A0 04 30 02"
			"30 00 A1 08 30 06 30 04 04 02 4B01"));
	assert_true(uk_p15_next(&r, UK_P15_PRKEY, &o));
	assert_int_equal(o.usage, 1u << 2);
	assert_int_equal(o.bits, 0);
	assert_true(o.native); /* by default */
	/* a value by URL ([3] in 7816-15, 8.2.6) cannot be used: no path */
	r = uk_read(hex("30 14 30 00 30 07 04 01 01 03 02 05 20 A1 07 30 05"
			"A3 03 160161"));
	assert_true(uk_p15_next(&r, UK_P15_PRKEY, &o));
	assert_int_equal(o.path.n, 0);
	assert_int_equal(o.direct.n, 0);
}

static void ends_at_padding(void **state)
{
	static const char *const tails[] = { "", "00", "000000", "FFFF",
		"00 30 01" };
	uint8_t room[256];
	uk_p15_object o;

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		uk_buf b = UK_BUF(room);
		uk_reader r;

		uk_put(&b, hex(CERT));
		uk_put(&b, hex(CA_CERT));
		uk_put(&b, hex(tails[i]));
		r = uk_read(uk_buf_view(&b));
		assert_true(uk_p15_next(&r, UK_P15_CERT, &o));
		assert_string_equal(o.label, "login");
		assert_true(uk_p15_next(&r, UK_P15_CERT, &o));
		assert_string_equal(o.label, "CA");
		assert_int_equal(o.path.n, 0); /* nothing left of the first */
		assert_false(uk_p15_next(&r, UK_P15_CERT, &o));
		expect_ok(uk_read_ok(&r));
	}
}

static void refuses_every_cut(void **state)
{
	static const struct {
		enum uk_p15_kind kind;
		const char *bytes;
	} rows[] = { { UK_P15_PRKEY, EC_KEY }, { UK_P15_PRKEY, RSA_KEY },
		{ UK_P15_PUKEY, PUBLIC_KEY }, { UK_P15_CERT, CERT },
		{ UK_P15_CERT, CA_CERT }, { UK_P15_DATA, DATA },
		{ UK_P15_PIN, PIN } };
	uk_p15_object o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_bytes whole = hex(rows[i].bytes);

		for (size_t n = 1; n < whole.n; n++) {
			uk_reader r = uk_read(uk_bytes_first(whole, n));

			assert_false(uk_p15_next(&r, rows[i].kind, &o));
			expect_code(uk_read_ok(&r), UK_ERR_FORMAT);
		}
	}
}

/* Each in the place of a good private key's element. */
static void refuses_bad_elements(void **state)
{
	static const char *const rows[] = {
		"02 01 05", /* not an object at all... */
		"30 03 020105",
		/* iD missing, longer than 32 bytes */
		"30 14 30 00 30 04 03 02 05 20 A1 0A 30 08 30 06 04 04 "
		"3F004B01",
		"30 39 30 00 30 27 04 21 " /* 33 bytes */
		"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E"
		"1F"
		"20 03 02 05 20 A1 0C 30 0A 30 08 04 06 3F0050154B01",
		/* path longer than 16 bytes */
		"30 24 30 00 30 07 04 01 01 03 02 05 20 A1 17 30 15 30 13 04 11"
		"3F003F003F003F003F003F003F003F003F",
		/* path with an index but no length */
		"30 18 30 00 30 07 04 01 01 03 02 05 20 A1 0B 30 09 30 07 04 02"
		"4B01 02 01 00",
		/* key of 16385 bits, native with two bytes, a NUL in the label
		 */
		"30 19 30 00 30 07 04 01 01 03 02 05 20 A1 0C 30 0A 30 04 04 02"
		"4B01 02 02 4001",
		"30 19 30 00 30 0B 04 01 01 03 02 05 20 01 02 FFFF A1 08 30 06 "
		"30"
		"04 04 02 4B01",
		"30 1A 30 05 0C 03 610062 30 07 04 01 01 03 02 05 20 A1 08 30 "
		"06"
		"30 04 04 02 4B01",
		/* type attributes without their SEQUENCE, or missing */
		"30 15 30 00 30 07 04 01 01 03 02 05 20 A1 08 04 02 4B01 02 02"
		"0800",
		"30 0B 30 00 30 07 04 01 01 03 02 05 20",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i]));
		uk_p15_object o;

		if (i == 0) { /* ... is skipped like any unknown choice */
			assert_false(uk_p15_next(&r, UK_P15_PRKEY, &o));
			expect_ok(uk_read_end(&r));
			continue;
		}
		if (uk_p15_next(&r, UK_P15_PRKEY, &o))
			fail_msg("accepted: %s", rows[i]);
		expect_code(uk_read_ok(&r), UK_ERR_FORMAT);
	}
}

static void bounds_labels(void **state)
{
	uint8_t room[256];
	uk_buf b = UK_BUF(room);
	uk_p15_object o = cert(), got;
	uk_reader r;

	(void)state;
	memset(o.label, 'x', UK_P15_LABEL_MAX);
	o.label[UK_P15_LABEL_MAX] = 0;
	expect_ok(uk_put_p15(&b, &o));
	r = uk_read(uk_buf_view(&b));
	assert_true(uk_p15_next(&r, UK_P15_CERT, &got));
	assert_string_equal(got.label, o.label);
	/* 65 characters: one more in label, common and object */
	uk_buf_insert(&b, 6, 1);
	room[6] = 'x';
	room[1]++;
	room[3]++;
	room[5]++;
	r = uk_read(uk_buf_view(&b));
	assert_int_equal(room[5], UK_P15_LABEL_MAX + 1);
	assert_false(uk_p15_next(&r, UK_P15_CERT, &got));
	assert_true(r.bad);
}

static void a_small_integer_on_a_curve_is_no_length(void **state)
{
	/* 7816-15, 8.4.3: keyInfo may be a reference, an INTEGER too */
	uk_reader r = uk_read(hex("A0 18 30 00 30 07 04 01 01 03 02 05 20"
				  "A1 0B 30 09 30 04 04 02 4B01 02 01 03"));
	uk_p15_object o;

	(void)state;
	assert_true(uk_p15_next(&r, UK_P15_PRKEY, &o));
	assert_int_equal(o.bits, 0);
}

static void refuses_to_write_nonsense(void **state)
{
	uint8_t room[256];
	uk_buf b = UK_BUF(room);
	uk_p15_object o = ec_key();

	(void)state;
	o.key_type = UK_KEY_NONE;
	expect_code(uk_put_p15(&b, &o), UK_ERR_ARGUMENT);
	o = ec_key();
	o.id_len = UK_P15_ID_MAX + 1;
	expect_code(uk_put_p15(&b, &o), UK_ERR_ARGUMENT);
	o = ec_key();
	o.auth_id_len = UK_P15_ID_MAX + 1;
	expect_code(uk_put_p15(&b, &o), UK_ERR_ARGUMENT);
	o = ec_key();
	o.path.n = UK_P15_PATH_MAX + 1;
	expect_code(uk_put_p15(&b, &o), UK_ERR_ARGUMENT);
	o = ec_key();
	o.kind = (enum uk_p15_kind)99;
	expect_code(uk_put_p15(&b, &o), UK_ERR_ARGUMENT);
	assert_int_equal(b.len, 0);
}

/* --- files --------------------------------------------------------------- */

/* The EF.OD of the profile: PrKDF, PuKDF, CDF, DODF, AODF. */
static const char ODF[] = "A0 06 30 04 04 02 4402  A1 06 30 04 04 02 4403"
			  "A4 06 30 04 04 02 4404  A7 06 30 04 04 02 4405"
			  "A8 06 30 04 04 02 4401";

static void od_and_bytes_agree(void **state)
{
	static const uint8_t choices[] = { 0xa0, 0xa1, 0xa4, 0xa7, 0xa8 };
	static const uint16_t fids[] = { 0x4402, 0x4403, 0x4404, 0x4405,
		0x4401 };
	uint8_t room[64];
	uk_buf b = UK_BUF(room);
	uk_reader r = uk_read(hex(ODF));
	uk_p15_odf_entry e;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(uk_p15_odf_next(&r, &e));
		assert_int_equal(e.choice, choices[i]);
		assert_int_equal(e.path.n, 2);
		assert_int_equal(e.path.p[0] << 8 | e.path.p[1], fids[i]);
		uk_put_p15_odf(&b, choices[i], fids[i]);
	}
	assert_false(uk_p15_odf_next(&r, &e));
	expect_ok(uk_read_end(&r));
	expect_bytes(uk_buf_view(&b), hex(ODF));
}

static void od_skips_and_refuses(void **state)
{
	static const char *const bad[] = { "30 04 04 02 4402", "02 01 05",
		"A0 06 30 04 04 02 44", "A0 04 30 02 04 00", "80 00",
		"B0 06 30 04 04 02 4402", "A0 06 30 03 04 02 4402" };
	uk_reader r;
	uk_p15_odf_entry e;

	(void)state;
	/* objects instead of a path ([0]) are passed over; padding ends */
	r = uk_read(hex("A0 02 A0 00  A4 06 30 04 04 02 4404 0000"));
	assert_true(uk_p15_odf_next(&r, &e));
	assert_int_equal(e.choice, 0xa4);
	assert_false(uk_p15_odf_next(&r, &e));
	expect_ok(uk_read_ok(&r));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = uk_read(hex(bad[i]));
		assert_false(uk_p15_odf_next(&r, &e));
		expect_code(uk_read_ok(&r), UK_ERR_FORMAT);
	}
}

/* Version v1, serial, "bank", "Card 1", loginRequired and prnGeneration. */
static const char INFO[] = "30 1B 02 01 00 04 04 01020304 0C 04 62616E6B"
			   "80 06 436172642031 03 02 05 60";

static void info_and_bytes_agree(void **state)
{
	uint8_t room[64];
	uk_buf b = UK_BUF(room);
	uk_p15_info info;

	(void)state;
	expect_ok(uk_p15_info_parse(hex(INFO), &info));
	expect_bytes(uk_view(info.serial, info.serial_len), hex("01020304"));
	assert_string_equal(info.manufacturer, "bank");
	assert_string_equal(info.label, "Card 1");
	assert_int_equal(info.flags, 6);
	expect_ok(uk_put_p15_info(&b, &info));
	expect_bytes(uk_buf_view(&b), hex(INFO));
	info.serial_len = UK_P15_ID_MAX + 1;
	expect_code(uk_put_p15_info(&b, &info), UK_ERR_ARGUMENT);
}

/* What pkcs15-init of OpenSC 0.23 wrote. */
static void info_last_update(void **state)
{
	static const char theirs[] =
	    "303B 020100 04020000 0C07756E6B6E6F776E"
	    "8012 4A6176614361726420 69736F4170706C6574"
	    "03020410 A511180F32303236313132313030323635345A 0000";
	/* with a fraction; [0] referencedTime */
	static const char *const others[] = {
		"301B 020100 040109 03020520"
		"A50F 180D 323032363131323130305A3030",
		"3010 020100 040109 03020520 A504 A0023000",
	};
	uk_p15_info info;

	(void)state;
	expect_ok(uk_p15_info_parse(hex(theirs), &info));
	assert_string_equal(info.last_update, "20261121002654Z");
	expect_bytes(
	    uk_bytes_first(uk_bytes_from(hex(theirs), info.last_update_at),
		UK_P15_TIME_LEN),
	    uk_view_str("20261121002654Z"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		expect_ok(uk_p15_info_parse(hex(others[i]), &info));
		assert_string_equal(info.last_update, "");
	}
}

static void info_skips_and_refuses(void **state)
{
	static const char *const bad[] = { "", "30 00", "31 03 02 01 00",
		"30 06 02 01 00 04 01 01",             /* no flags */
		"30 0A 02 01 FF 04 01 01 03 02 05 60", /* version -1 */
		("30 29 02 01 00 04 21 000102030405060708090A0B0C0D0E0F10111213"
		 "1415161718191A1B1C1D1E1F20 03 01 00") };
	uk_p15_info info;

	(void)state;
	/* no label; supported algorithms and what else may follow */
	expect_ok(uk_p15_info_parse(hex("30 0E 02 01 01 04 01 09 03 02 05 20"
					"A2 02 30 00 FFFF"),
	    &info));
	assert_int_equal(info.flags, 4);
	assert_string_equal(info.label, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(
		    uk_p15_info_parse(hex(bad[i]), &info), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_and_bytes_agree),
		cmocka_unit_test(skips_what_it_does_not_know),
		cmocka_unit_test(ends_at_padding),
		cmocka_unit_test(refuses_every_cut),
		cmocka_unit_test(refuses_bad_elements),
		cmocka_unit_test(bounds_labels),
		cmocka_unit_test(a_small_integer_on_a_curve_is_no_length),
		cmocka_unit_test(refuses_to_write_nonsense),
		cmocka_unit_test(od_and_bytes_agree),
		cmocka_unit_test(od_skips_and_refuses),
		cmocka_unit_test(info_and_bytes_agree),
		cmocka_unit_test(info_skips_and_refuses),
		cmocka_unit_test(info_last_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
