/*
 * PKCS#11 as a program sees it: p11-kit's header of version 2.40, the few names
 * of 3.0 that we use, and the vendor interface. Nothing of the module's inside.
 */
#ifndef CLI_P11CLIENT_H
#define CLI_P11CLIENT_H

#include <p11-kit/pkcs11.h>

#include <ukey/vendor.h>

/* CK_INTERFACE and C_GetInterface (PKCS#11 3.0, 3.6 and 5.4.6), under names
 * that do not clash with newer headers. */
struct p11c_interface {
	CK_UTF8CHAR *name;
	void *functions;
	CK_FLAGS flags;
};
typedef CK_RV (*p11c_get_interface)(CK_UTF8CHAR *name, CK_VERSION *version,
    struct p11c_interface **interface, CK_FLAGS flags);

#endif
