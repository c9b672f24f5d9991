/*
 * ISO/IEC 7816-15 files. The first byte of the input says which: 0 to 4 are the
 * kinds of objects, 5 EF.OD, 6 EF.CIAInfo. What was read, written and read
 * again is the same.
 */
#include "fuzz_check.h"
#include "p15.h"

#include <string.h>

static uint8_t room[16384], again_room[16384];

static void check_strings(const uk_p15_object *o)
{
	CHECK(memchr(o->label, 0, sizeof(o->label)) != NULL);
	CHECK(memchr(o->application, 0, sizeof(o->application)) != NULL);
	CHECK(o->id_len <= sizeof(o->id));
	CHECK(o->auth_id_len <= sizeof(o->auth_id));
	CHECK(o->path.n <= sizeof(o->path.p));
}

static void check_object(const uk_p15_object *o, uk_bytes file)
{
	uk_buf b = UK_BUF(room), b2 = UK_BUF(again_room);
	uk_reader r;
	uk_p15_object again;

	check_strings(o);
	CHECK(lies_inside(o->direct, file));
	CHECK(uk_is_ok(uk_put_p15(&b, o)));
	r = uk_read(uk_buf_view(&b));
	CHECK(uk_p15_next(&r, o->kind, &again));
	CHECK(uk_is_ok(uk_read_end(&r)));
	CHECK(strcmp(again.label, o->label) == 0);
	CHECK(again.key_type == o->key_type && again.bits == o->bits);
	CHECK(again.usage == o->usage && again.access == o->access);
	CHECK(again.key_ref == o->key_ref && again.native == o->native);
	CHECK(again.pin_ref == o->pin_ref && again.pin_pad == o->pin_pad);
	CHECK(uk_bytes_eq(again.direct, o->direct));
	CHECK(uk_is_ok(uk_put_p15(&b2, &again)));
	CHECK(uk_bytes_eq(uk_buf_view(&b), uk_buf_view(&b2)));
}

static void check_objects(enum uk_p15_kind kind, uk_bytes file)
{
	uk_reader r = uk_read(file);
	uk_p15_object o;
	size_t left = r.left;

	while (uk_p15_next(&r, kind, &o)) {
		CHECK(r.left < left); /* gets on */
		left = r.left;
		CHECK(o.kind == kind);
		check_object(&o, file);
	}
}

static void check_od(uk_bytes file)
{
	uk_reader r = uk_read(file);
	uk_p15_odf_entry e;

	while (uk_p15_odf_next(&r, &e)) {
		CHECK(e.choice >= 0xa0 && e.choice <= 0xaf);
		CHECK(e.path.n > 0 && e.path.n <= sizeof(e.path.p));
	}
}

static void check_info(uk_bytes file)
{
	uk_p15_info info, again;
	uk_buf b = UK_BUF(room);

	if (!uk_is_ok(uk_p15_info_parse(file, &info)))
		return;
	CHECK(info.serial_len <= sizeof(info.serial));
	CHECK(uk_is_ok(uk_put_p15_info(&b, &info)));
	CHECK(uk_is_ok(uk_p15_info_parse(uk_buf_view(&b), &again)));
	CHECK(memcmp(&info, &again, sizeof(info)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes file = uk_bytes_from(uk_view(data, size), 1);
	unsigned what = size == 0 ? 0 : data[0] % 7;

	if (what <= UK_P15_PIN)
		check_objects((enum uk_p15_kind)what, file);
	else if (what == 5)
		check_od(file);
	else
		check_info(file);
	return 0;
}
