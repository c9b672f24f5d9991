/* Inside the room: what using a key and bringing one share. */
#ifndef BANK_HSM_IMPL_H
#define BANK_HSM_IMPL_H

#include "hsm.h"

#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

enum { BANK_HSM_TEMPLATE = 8 };

/* What each use needs of the key. */
struct use {
	CK_OBJECT_CLASS class;
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG size; /* of what comes out */
	const char *name;
};

struct bank_hsm {
	const struct use *use;
	CK_OBJECT_CLASS class;
	P11KitUri *uri;
	void *library;
	CK_FUNCTION_LIST *f;
	bool initialized, has_session;
	bool pin_refused; /* for good: a person must look */
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	bool has_tried;
	int64_t tried; /* to begin anew */
};

/* PKCS#11's language: CKR_OK, or what went wrong, which is logged. */
UK_RESULT bank_hsm_failed(const char *what, CK_RV rv);
/* Module, token, session, PIN. how: 0 or CKF_RW_SESSION. */
UK_RESULT bank_hsm_session(struct bank_hsm *h, CK_FLAGS how);
/* What the URI says of the object, and of which class it is; at most three. */
CK_ULONG bank_hsm_template(
    struct bank_hsm *h, CK_ATTRIBUTE out[BANK_HSM_TEMPLATE]);

#endif
