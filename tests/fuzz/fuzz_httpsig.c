/* Structured fields and Signature-Input: what is accepted, written again, reads
 * the same; a signature base never has other lines than it should. The input is
 * the field, then a NUL, then the Signature field and a field's value. */
#include "fuzz_check.h"
#include "httpsig.h"

#include <string.h>

static uk_bytes value;

static bool find_field(void *arg, uk_bytes name, size_t i, uk_bytes *out)
{
	(void)arg, (void)name;
	*out = value;
	return i == 0;
}

static size_t lines_of(uk_bytes v)
{
	size_t n = 1;

	for (size_t i = 0; i < v.n; i++)
		n += v.p[i] == '\n';
	return n;
}

static void check_again(const struct uk_httpsig *s)
{
	static uint8_t room[2 * UK_SF_MAX];
	uk_buf b = UK_BUF(room);
	struct uk_httpsig again;

	uk_put(&b, s->input.key);
	uk_put_u8(&b, '=');
	uk_sf_put_list(&b, &s->input);
	if (b.len > UK_SF_MAX)
		return;
	CHECK(!b.bad);
	CHECK(uk_is_ok(uk_httpsig_read_input(uk_buf_view(&b), &again)));
	CHECK(again.input.n == s->input.n);
	CHECK(again.created == s->created && again.expires == s->expires);
	CHECK(uk_bytes_eq(again.keyid, s->keyid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[UK_HTTPSIG_BASE_MAX];
	const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
	size_t n = end == NULL ? size : (size_t)(end - data);
	uk_bytes input = uk_view(data, n);
	struct uk_http_message m = { .method = uk_view_str("POST"),
		.scheme = uk_view_str("https"),
		.authority = uk_view_str("bank.example"),
		.path = uk_view_str("/v1"),
		.query = uk_view_str("a=b&c=d"),
		.has_query = true,
		.field = find_field };
	struct uk_http_message answer = {
		.status = 200, .field = find_field, .request = &m
	};
	uk_buf base = UK_BUF(room);
	struct uk_httpsig s;
	uk_sf_member member;

	value = uk_bytes_from(uk_view(data, size), n + 1);
	if (uk_is_ok(uk_sf_at(input, 0, &member))) {
		CHECK(lies_inside(member.key, input) && member.key.n > 0);
		CHECK(member.n <= UK_SF_ITEMS);
	}
	UK_IGNORE(uk_httpsig_find(input, value, NULL, "ukey-merchant-1", &s));
	if (!uk_is_ok(uk_httpsig_read_input(input, &s)))
		return 0;
	check_again(&s);
	if (uk_is_ok(uk_httpsig_base(&s, n % 2 ? &answer : &m, &base)))
		CHECK(lines_of(uk_buf_view(&base)) == s.input.n + 1);
	return 0;
}
