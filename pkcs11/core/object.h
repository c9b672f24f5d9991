/*
 * The objects of a token: what the card's directory lists, the public keys that
 * belong to its private keys, the profile objects of PKCS#11 3.0, and the
 * objects of sessions, which live in memory and end with their session.
 *
 * Nothing is read before it is asked for: the directory at the first search, a
 * certificate or public key when one of its attributes is.
 *
 * Each object holds a copy of what the directory says about it. When the
 * directory is read again, objects that are still there keep their handles. An
 * object that ends during a call is marked gone and freed when the call ends
 * (p11_objects_sweep), so that nobody holds a pointer to nothing.
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
	CK_SESSION_HANDLE owner; /* of a session object; 0 = the token's */
	uk_object entry;         /* the card's, or like one */
	const uk_object *src;    /* &entry; NULL for a profile */
	CK_ULONG profile;
	bool private, modifiable, copyable, destroyable;
	bool sensitive, extractable; /* secret keys */
	bool gone;
	bool unseen; /* while a directory is compared */
	/* read on demand; a session object has them from the start */
	bool has_value;
	uk_blob value; /* certificate, data */
	uk_x509 x509;  /* views into value; certificates only */
	uk_public_key *pub;
	bool unreadable; /* it was tried: it is not what it should be */
};

struct p11_objects {
	struct p11_object **list;
	size_t count, cap;
	bool loaded; /* as the card's directory is now */
};

/* Reads the directory unless it was read. */
CK_RV p11_objects_load(struct p11_slot *s);
/* A transaction for a use of the list, or of this object (or NULL): if other
 * programs have changed the card, the list is read again first. Not CKR_OK:
 * none is open; CKR_OBJECT_HANDLE_INVALID if the object is no longer there. */
CK_RV p11_objects_begin(struct p11_slot *s, const struct p11_object *o);
/* After that: the list may come from what is remembered of the card; private
 * keys, or all, are now as they are on the card. Not CKR_OK: the transaction
 * has ended. */
CK_RV p11_objects_look(struct p11_slot *s, bool private_only);
/* Is looking at the card not worth it? The list was read, and to look again
 * would end the login of another application of the same card. */
bool p11_objects_may_rest(const struct p11_slot *s);
/* After a change of our own, when the card's list has moved. fresh: the place
 * in it of the object that was made, or P11_NOTHING_NEW. */
CK_RV p11_objects_changed(struct p11_slot *s, size_t fresh);
#define P11_NOTHING_NEW SIZE_MAX
/* The object of this class for entry number i of the card's list, or NULL. */
struct p11_object *p11_objects_of_card(
    struct p11_slot *s, CK_OBJECT_CLASS class, size_t i);
void p11_objects_free(struct p11_objects *t);
/* Frees what is gone. Only when nobody looks at an object any more. */
void p11_objects_sweep(struct p11_objects *t);

/* A new one of this class, belonging to nobody yet; NULL without memory. */
struct p11_object *p11_object_new(CK_OBJECT_CLASS class);
void p11_object_free(struct p11_object **o); /* accepts NULL */
/* Takes it over, with a handle, as an object of this session. */
CK_RV p11_objects_add(struct p11_slot *s, CK_SESSION_HANDLE owner,
    struct p11_object **o, CK_OBJECT_HANDLE *handle);
/* It is no longer there; p11_objects_sweep frees it. */
void p11_object_end(struct p11_object *o);
/* The objects of a session end with it; 0 = of all sessions. */
void p11_objects_end_session(struct p11_objects *t, CK_SESSION_HANDLE session);

/* May be seen now: not private, or the user is logged in. */
bool p11_object_visible(const struct p11_slot *s, const struct p11_object *o);
/* By handle, visible ones only; NULL otherwise. May read the directory again,
 * if it has changed. */
struct p11_object *p11_object_find(struct p11_slot *s, CK_OBJECT_HANDLE h);
/* Its handle, given out now if it has none. */
CK_OBJECT_HANDLE p11_object_handle(struct p11_slot *s, struct p11_object *o);
/* Handles of private objects end with the login, and private session objects
 * themselves. */
void p11_objects_hide_private(struct p11_objects *t);

/* Completes what the directory only hints at (uk_object.vague); an object that
 * is not there after all is gone then, and one that cannot be read is no use:
 * both are no error. Objects that were found have been completed. */
CK_RV p11_object_complete(struct p11_slot *s, struct p11_object *o);
/* Asks the card about a key that is known from memory only; the same. */
CK_RV p11_object_prove(struct p11_slot *s, struct p11_object *o);
static inline bool p11_object_recalled(const struct p11_object *o)
{
	return o->src != NULL && o->entry.recalled;
}
static inline bool p11_object_vague(const struct p11_object *o)
{
	return o->src != NULL && o->entry.vague;
}

/* The certificate's or data object's bytes, the parsed certificate, the public
 * half of a key: read once, owned by the object. */
CK_RV p11_object_value(struct p11_slot *s, struct p11_object *o, uk_bytes *out);
CK_RV p11_object_x509(
    struct p11_slot *s, struct p11_object *o, const uk_x509 **out);
/* Of the certificate with a key's CKA_ID; empty if there is none. */
CK_RV p11_object_subject(
    struct p11_slot *s, const struct p11_object *key, uk_bytes *out);
CK_RV p11_object_public(
    struct p11_slot *s, struct p11_object *o, const uk_public_key **out);

#endif
