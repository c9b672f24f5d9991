/*
 * BER-TLV as cards speak it (ISO/IEC 7816-4:2020, 6.3): tags of up to three
 * bytes, definite lengths of up to four bytes, 00 and FF between objects are
 * not skipped. DER's stricter rules are in der.h.
 */
#ifndef UK_TLV_H
#define UK_TLV_H

#include "bytes.h"

typedef struct uk_tlv {
	uint32_t tag;   /* as written: 0x4F, 0x7F49, 0x5FC105 */
	uk_bytes value; /* view into what was read */
	uk_bytes whole; /* tag, length and value */
} uk_tlv;

/* The next object. At the end, or on malformed input, returns false; ask
 * uk_read_end(r) which of the two it was. */
bool uk_tlv_next(uk_reader *r, uk_tlv *out);

/* All objects of a template, in order; check uk_read_end(&reader) after it. */
#define UK_TLV_EACH(reader, object) while (uk_tlv_next(&(reader), &(object)))

/* First object with this tag directly inside v; false if absent. Objects behind
 * it are not looked at. */
bool uk_tlv_find(uk_bytes v, uint32_t tag, uk_bytes *value);

/* v is exactly one object with this tag; value is its content. */
UK_RESULT uk_tlv_only(uk_bytes v, uint32_t tag, uk_bytes *value);

void uk_put_tag(uk_buf *out, uint32_t tag);
void uk_put_length(uk_buf *out, size_t n); /* shortest form */
void uk_put_tlv(uk_buf *out, uint32_t tag, uk_bytes value);
void uk_put_tlv_u8(uk_buf *out, uint32_t tag, uint8_t v);
void uk_put_tlv_u16(uk_buf *out, uint32_t tag, uint16_t v);
void uk_put_tlv_u32(uk_buf *out, uint32_t tag, uint32_t v);

/* A constructed object: everything put between begin and end is its value.
 *     size_t at = uk_tlv_begin(out, 0x6F);
 *     ...
 *     uk_tlv_end(out, at);
 */
size_t uk_tlv_begin(uk_buf *out, uint32_t tag);
void uk_tlv_end(uk_buf *out, size_t at);

#endif
