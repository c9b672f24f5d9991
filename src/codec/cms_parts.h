/* Names of CMS that its reader and its writer share; only for cms*.c. */
#ifndef UK_CMS_PARTS_H
#define UK_CMS_PARTS_H

#include "cms.h"

enum {
	CMS_EXPLICIT_0 = 0xa0, /* the content; also certificates, signedAttrs */
	CMS_CRLS = 0xa1,       /* also "other" inside of it */
	CMS_VERSION = 1,
	CMS_VERSION_OTHER = 5 /* with revocation information of other kinds */
};

/* Contents of the OBJECT IDENTIFIERs. */
struct uk_cms_types {
	uk_bytes data, signed_data;
};
/* RFC 5652, 4 and 5.1; for SM2 GM/T 0010. */
struct uk_cms_types uk_cms_types_of(bool sm2);
uk_bytes uk_cms_ocsp_oid(void); /* RFC 5940, 2.1 */

/* Ascending, as octet strings of which the shorter is filled with zeros
 * (X.690, 11.6). */
bool uk_cms_before(uk_bytes a, uk_bytes b);

#endif
