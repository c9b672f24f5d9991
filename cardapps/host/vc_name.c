/* /CN=Name/O=Bank, "\/" for a slash within. */
#include "vc_name.h"

#include "vc_public.h"

enum { NAME_MAX_BYTES = 128 };

/* One part up to the next '/' or, when key, '='. */
static uk_err get_part(uk_reader *r, char *out, bool key)
{
	uk_buf b = uk_buf_over(out, NAME_MAX_BYTES);
	int c;

	while ((c = uk_peek_u8(r)) >= 0 && c != '/' && !(key && c == '=')) {
		uint8_t byte = uk_get_u8(r);

		uk_put_u8(
		    &b, byte == '\\' && r->left > 0 ? uk_get_u8(r) : byte);
	}
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

uk_err vc_name_parse(X509_NAME *name, const char *text)
{
	uk_reader r = uk_read(uk_view_str(text));
	char key[NAME_MAX_BYTES], value[NAME_MAX_BYTES];

	while (r.left > 0) {
		if (uk_get_u8(&r) != '/')
			return uk_fail(UK_ERR_ARGUMENT);
		UK_TRY(get_part(&r, key, true));
		if (uk_get_u8(&r) != '=')
			return uk_fail(UK_ERR_ARGUMENT);
		UK_TRY(get_part(&r, value, false));
		if (!uk_is_ok(vc_host_openssl(
			X509_NAME_add_entry_by_txt(name, key, MBSTRING_UTF8,
			    (const unsigned char *)value, -1, -1, 0))))
			return uk_fail(UK_ERR_ARGUMENT);
	}
	return X509_NAME_entry_count(name) > 0 ? uk_ok()
					       : uk_fail(UK_ERR_ARGUMENT);
}
