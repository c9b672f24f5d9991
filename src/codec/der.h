/*
 * DER (ITU-T X.690), the little of it that cards, certificates and PKCS#11
 * need. Reading is strict: shortest lengths, single-byte tags, shortest
 * integers.
 */
#ifndef UK_DER_H
#define UK_DER_H

#include "bytes.h"

enum uk_der_tag {
	UK_DER_BOOLEAN = 0x01,
	UK_DER_INTEGER = 0x02,
	UK_DER_BITS = 0x03,
	UK_DER_OCTETS = 0x04,
	UK_DER_NULL = 0x05,
	UK_DER_OID = 0x06,
	UK_DER_ENUMERATED = 0x0a,
	UK_DER_UTF8 = 0x0c,
	UK_DER_UTC_TIME = 0x17,
	UK_DER_TIME = 0x18, /* GeneralizedTime */
	UK_DER_SEQUENCE = 0x30,
	UK_DER_SET = 0x31
};

/* Tag of the next element without taking it; -1 at the end. */
int uk_der_peek(const uk_reader *r);
/* The next element must have this tag; its content. On anything else r turns
 * bad and the result is empty. */
uk_bytes uk_der_get(uk_reader *r, uint8_t tag);
/* Same, with tag and length included. */
uk_bytes uk_der_get_whole(uk_reader *r, uint8_t tag);
/* The next element whatever it is, whole. */
uk_bytes uk_der_get_any(uk_reader *r);
/* Optional element: if the next tag fits, its content and true. */
bool uk_der_opt(uk_reader *r, uint8_t tag, uk_bytes *value);
/* Content of a constructed element as a reader. */
uk_reader uk_der_enter(uk_reader *r, uint8_t tag);
/* Non-negative INTEGER: magnitude without leading zeros (empty for 0). */
uk_bytes uk_der_get_uint(uk_reader *r);
/* INTEGER or ENUMERATED 0..2^31-1. */
uint32_t uk_der_get_u32(uk_reader *r, uint8_t tag);
/* BIT STRING of whole bytes (no unused bits): its bytes. */
uk_bytes uk_der_get_bits(uk_reader *r);
/* BIT STRING of named bits: bit 0 of the result is the string's bit 0; at
 * most 32. */
uint32_t uk_der_get_flags(uk_reader *r, uint8_t tag);

void uk_put_der(uk_buf *out, uint8_t tag, uk_bytes value);
void uk_put_der_uint(uk_buf *out, uk_bytes magnitude); /* any leading zeros */
void uk_put_der_u32(uk_buf *out, uint8_t tag, uint32_t v);
void uk_put_der_bits(uk_buf *out, uk_bytes bytes);
/* Named bits, trailing zero bits dropped (X.690, 11.2.2). */
void uk_put_der_flags(uk_buf *out, uint8_t tag, uint32_t flags);
/* Constructed elements: uk_tlv_begin / uk_tlv_end of tlv.h. */

/* ECDSA and SM2 signatures: raw r||s (each n bytes) inside and in PKCS#11, DER
 * SEQUENCE { r, s } in X.509 and CMS. Converted here and nowhere else. */
UK_RESULT uk_sig_to_der(uk_bytes raw, uk_buf *der);
UK_RESULT uk_sig_from_der(uk_bytes der, size_t n, uk_buf *raw);

#endif
