/* Packed certificates: zlib does it, within bounds that we set. */
#include "piv_driver.h"

#define ZLIB_CONST
#include <zlib.h>

enum {
	WINDOW = 15,
	GZIP_OR_ZLIB = 32 /* zlib.h: finds out by the header */
};

/* One call with room for the longest certificate that we take: a stream that
 * does not end there is refused, however well it packs. */
static uk_err inflate_into(uk_bytes packed, uint8_t *room, size_t *n)
{
	z_stream z = { 0 };
	int rc = inflateInit2(&z, GZIP_OR_ZLIB + WINDOW);

	if (rc != Z_OK)
		return uk_fail(
		    rc == Z_MEM_ERROR ? UK_ERR_MEMORY : UK_ERR_INTERNAL);
	z.next_in = packed.p;
	z.avail_in = (uInt)packed.n;
	z.next_out = room;
	z.avail_out = PIV_CERT_MAX;
	rc = inflate(&z, Z_FINISH);
	*n = PIV_CERT_MAX - z.avail_out;
	(void)inflateEnd(&z);
	if (rc == Z_MEM_ERROR)
		return uk_fail(UK_ERR_MEMORY);
	return rc == Z_STREAM_END && *n > 0 ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

uk_err piv_inflate(uk_bytes packed, uk_blob *out)
{
	uint8_t *room = uk_new(PIV_CERT_MAX);
	size_t n = 0;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (room == NULL)
		goto out;
	err = uk_fail(UK_ERR_FORMAT);
	if (packed.n > PIV_OBJECT_MAX)
		goto out;
	err = inflate_into(packed, room, &n);
	if (uk_is_ok(err))
		err = uk_blob_set(out, uk_view(room, n));
out:
	uk_free(room);
	return err;
}
