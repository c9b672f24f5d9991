/*
 * Signed data with exactly one signer: CMS SignedData (RFC 5652, 5), and the
 * same thing as GM/T 0010 has it for SM2, which other programs' CMS cannot do.
 *
 * The signature is over the content itself: no signed attributes (RFC
 * 5652, 5.3: they may be left out because the content is id-data). So a
 * signature that a card made over a text is put beside that text as it is. With
 * the certificates and revocation lists that were true at the time (RFC 5280,
 * RFC 5940) the whole can be verified many years later, by `openssl cms -verify
 * -binary` too.
 *
 * Pure: bytes to fields and back; no signature is verified here. Reading takes
 * DER only and only what is named here; signed attributes, several signers,
 * other contents are UK_ERR_UNSUPPORTED. Certificates, lists and answers are
 * views of whole elements and are not looked into.
 */
#ifndef UK_CMS_H
#define UK_CMS_H

#include "keyalg.h"

enum { UK_CMS_ITEMS_MAX = 16 };

typedef struct uk_cms_items { /* elements of a SET, in ascending order */
	uk_bytes item[UK_CMS_ITEMS_MAX];
	size_t count;
} uk_cms_items;

/* RSA (PKCS1, PSS), ECDSA: CMS with SHA-256, -384 or -512. SM2: GM/T 0010 with
 * SM3. PSS: MGF1 with the same hash. */
struct uk_cms_alg {
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	size_t salt; /* PSS: its length in bytes */
};

typedef struct uk_cms {
	bool attached;
	uk_bytes content;          /* if attached */
	uk_cms_items certificates; /* Certificate */
	uk_cms_items crls;         /* CertificateList */
	uk_cms_items ocsp;         /* OCSPResponse */
	uk_bytes issuer, serial;   /* of the signer: Name, INTEGER, whole */
	struct uk_cms_alg alg;
	uk_bytes signature; /* RSA: its bytes; else DER SEQUENCE { r, s } */
} uk_cms;

/* Views into der. UK_ERR_FORMAT: not DER of this kind; UK_ERR_UNSUPPORTED:
 * well-formed so far, but not what is named above. */
UK_RESULT uk_cms_parse(uk_bytes der, uk_cms *out);
/* Appends; the items may come in any order. UK_ERR_ARGUMENT: an algorithm, or
 * a number of items, that cannot be; UK_ERR_TOO_SMALL. */
UK_RESULT uk_put_cms(uk_buf *out, const uk_cms *cms);

/* Which of its certificates is the signer's? UK_ERR_NOT_FOUND if none is. */
UK_RESULT uk_cms_signer(const uk_cms *cms, uk_bytes *certificate);

/* AlgorithmIdentifiers of a SignerInfo (cms_alg.c; only for cms*.c). On
 * anything else the reader turns bad, or *known is false. */
void uk_cms_get_hash(uk_reader *r, enum uk_hash *hash, bool *known);
void uk_cms_get_alg(uk_reader *r, struct uk_cms_alg *alg, bool *known);
UK_RESULT uk_cms_put_hash(uk_buf *out, enum uk_hash hash);
UK_RESULT uk_cms_put_alg(uk_buf *out, const struct uk_cms_alg *alg);

#endif
