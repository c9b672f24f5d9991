/* Signed data: every field is a view inside the input, and what was read is
 * written again so that it reads the same. */
#include "cms.h"
#include "fuzz_check.h"

static uint8_t room[1 << 17], twice[1 << 17];

static void check_items(const uk_cms_items *items, uk_bytes all)
{
	CHECK(items->count <= UK_CMS_ITEMS_MAX);
	for (size_t i = 0; i < items->count; i++)
		CHECK(items->item[i].n > 0 && lies_inside(items->item[i], all));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes all = uk_view(data, size), own;
	uk_buf out = UK_BUF(room), again = UK_BUF(twice);
	uk_cms c;

	if (!uk_is_ok(uk_cms_parse(all, &c))) {
		CHECK(c.signature.n == 0 && c.certificates.count == 0);
		return 0;
	}
	CHECK(lies_inside(c.content, all) && lies_inside(c.signature, all));
	CHECK(lies_inside(c.issuer, all) && lies_inside(c.serial, all));
	check_items(&c.certificates, all);
	check_items(&c.crls, all);
	check_items(&c.ocsp, all);
	if (uk_is_ok(uk_cms_signer(&c, &own)))
		CHECK(lies_inside(own, all));
	if (!uk_is_ok(uk_put_cms(&out, &c))) {
		CHECK(out.bad); /* too long for this room */
		return 0;
	}
	CHECK(uk_is_ok(uk_cms_parse(uk_buf_view(&out), &c)));
	CHECK(uk_is_ok(uk_put_cms(&again, &c)));
	CHECK(uk_bytes_eq(uk_buf_view(&out), uk_buf_view(&again)));
	return 0;
}
