/* Headers of a front, and addresses. */
#include "front.h"

#include "crypto.h"

#include <arpa/inet.h>

enum { HEADER_MAX = 16384 };

/* --- certificates --------------------------------------------------------- */

static int hex_digit(int c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

static uk_err percent_decode(uk_bytes text, uk_buf *out)
{
	uk_reader r = uk_read(text);

	while (r.left > 0 && !r.bad) {
		int c = uk_get_u8(&r), high, low;

		if (c == '%') {
			high = hex_digit(uk_get_u8(&r));
			low = hex_digit(uk_get_u8(&r));
			if (r.bad || high < 0 || low < 0)
				return uk_fail(UK_ERR_FORMAT);
			c = high << 4 | low;
		}
		uk_put_u8(out, (uint8_t)c);
	}
	return uk_buf_result(out);
}

/* What stands between the lines of RFC 7468, without the line ends. */
static uk_err pem_to_base64(uk_bytes pem, uk_buf *out)
{
	uk_bytes begin = uk_view_str("-----BEGIN CERTIFICATE-----");
	uk_bytes end = uk_view_str("-----END CERTIFICATE-----");
	uk_reader r = uk_read(pem);

	if (!uk_bytes_eq(uk_get(&r, begin.n), begin))
		return uk_fail(UK_ERR_FORMAT);
	while (r.left > 0 && uk_peek_u8(&r) != '-') {
		uint8_t c = uk_get_u8(&r);

		if (c != '\n' && c != '\r')
			uk_put_u8(out, c);
	}
	if (!uk_bytes_eq(uk_get(&r, end.n), end))
		return uk_fail(UK_ERR_FORMAT);
	return uk_buf_result(out);
}

static uk_err from_pem(uk_bytes header, uk_blob *der)
{
	uint8_t *storage = uk_new_array(2, HEADER_MAX);
	uk_buf pem, base64;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (storage == NULL)
		return err;
	pem = uk_buf_over(storage, HEADER_MAX);
	base64 = uk_buf_over(storage + HEADER_MAX, HEADER_MAX);
	err = percent_decode(header, &pem);
	if (uk_is_ok(err))
		err = pem_to_base64(uk_buf_view(&pem), &base64);
	if (uk_is_ok(err))
		err = uk_base64_decode(uk_buf_view(&base64), der);
	uk_free(storage);
	return err;
}

uk_err bank_front_certificate(uk_bytes header, uk_blob *der)
{
	uk_reader r = uk_read(header);
	uk_bytes inside;

	if (header.n > HEADER_MAX)
		return uk_fail(UK_ERR_FORMAT);
	if (uk_peek_u8(&r) != ':')
		return from_pem(header, der);
	/* RFC 9440, 2.1; RFC 8941, 3.3.5 */
	(void)uk_get_u8(&r);
	if (r.left < 2)
		return uk_fail(UK_ERR_FORMAT);
	inside = uk_get(&r, r.left - 1);
	if (uk_get_u8(&r) != ':')
		return uk_fail(UK_ERR_FORMAT);
	return uk_base64_decode(inside, der);
}

/* --- addresses ------------------------------------------------------------ */

static bool parse(uk_bytes text, int family, uint8_t *out)
{
	char copy[64];

	return uk_is_ok(uk_copy_str(copy, sizeof(copy), text)) &&
	       inet_pton(family, copy, out) == 1;
}

uk_bytes bank_front_address(uk_bytes header)
{
	uint8_t raw[16];
	uk_bytes last = header;

	for (size_t i = 0; i < header.n; i++) {
		if (header.p[i] == ',' || header.p[i] == ' ')
			last = uk_bytes_from(header, i + 1);
	}
	return parse(last, AF_INET, raw) || parse(last, AF_INET6, raw)
		   ? last
		   : UK_NONE;
}

void bank_front_network(uk_bytes address, uk_buf *out)
{
	/* ::ffff:0:0/96, RFC 4291, 2.5.5.2: IPv4 in IPv6's clothes */
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
	uint8_t raw[16];

	if (parse(address, AF_INET, raw))
		uk_put(out, uk_view(raw, 4));
	else if (!parse(address, AF_INET6, raw))
		uk_put(out, uk_bytes_first(address, 16));
	else if (uk_bytes_eq(uk_view(raw, 12), UK_ARRAY(mapped)))
		uk_put(out, uk_view(raw + 12, 4));
	else
		uk_put(out, uk_view(raw, 8));
}
