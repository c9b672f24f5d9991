/*
 * The objects of a token: what the card's directory lists, the public keys that
 * belong to its private keys, and the profile objects of PKCS#11 3.0.
 *
 * Nothing is read before it is asked for: the directory at the first search, a
 * certificate or public key when one of its attributes is.
 */
#ifndef P11_OBJECT_H
#define P11_OBJECT_H

#include "card.h"
#include "cryptoki.h"
#include "x509.h"

struct p11_slot;

struct p11_object {
	CK_OBJECT_HANDLE handle; /* 0 = never shown yet, or no longer valid */
	CK_OBJECT_CLASS class;
	const uk_object *src; /* the card's; NULL for a profile */
	CK_ULONG profile;
	/* read on demand */
	uk_blob value; /* certificate, data */
	uk_x509 x509;  /* views into value; certificates only */
	uk_public_key *pub;
	bool unreadable; /* it was tried: it is not what it should be */
};

struct p11_objects {
	struct p11_object *list;
	size_t count;
	bool loaded;
};

/* Reads the directory unless it was read. */
CK_RV p11_objects_load(struct p11_slot *s);
void p11_objects_free(struct p11_objects *t);

/* May be seen now: not private, or the user is logged in. */
bool p11_object_visible(const struct p11_slot *s, const struct p11_object *o);
/* By handle, visible ones only; NULL otherwise. */
struct p11_object *p11_object_find(struct p11_slot *s, CK_OBJECT_HANDLE h);
/* Its handle, given out now if it has none. */
CK_OBJECT_HANDLE p11_object_handle(struct p11_slot *s, struct p11_object *o);
/* Handles of private objects end with the login. */
void p11_objects_hide_private(struct p11_objects *t);

/* The certificate's or data object's bytes, the parsed certificate, the public
 * half of a key: read once, owned by the object. */
CK_RV p11_object_value(struct p11_slot *s, struct p11_object *o, uk_bytes *out);
CK_RV p11_object_x509(
    struct p11_slot *s, struct p11_object *o, const uk_x509 **out);
CK_RV p11_object_public(
    struct p11_slot *s, struct p11_object *o, const uk_public_key **out);

#endif
