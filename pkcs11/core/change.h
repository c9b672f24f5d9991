/*
 * Objects as a whole: reading, changing, making, copying and destroying them.
 * What the bank has put on the card is not for programs to change: the card
 * says so of each object. All expect the slot's lock.
 */
#ifndef P11_CHANGE_H
#define P11_CHANGE_H

#include "form.h"
#include "slot.h"

CK_RV p11_get_attributes(struct p11_slot *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_PTR template, CK_ULONG count);
CK_RV p11_set_attributes(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV p11_object_size(
    struct p11_slot *s, CK_OBJECT_HANDLE object, CK_ULONG_PTR size);
/* On the card or for the session; what it can be, make.h tells. */
CK_RV p11_create(struct p11_slot *s, const struct p11_session *session,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE_PTR out);
CK_RV p11_copy(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template, CK_ULONG count,
    CK_OBJECT_HANDLE_PTR out);
CK_RV p11_destroy(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object);

/* Arguments of C_GenerateKeyPair. */
struct p11_pair {
	const CK_MECHANISM *mechanism;
	const CK_ATTRIBUTE *public_list, *private_list;
	CK_ULONG public_count, private_count;
	CK_OBJECT_HANDLE *public_key, *private_key;
};

/* A key pair made on the card. Its public half may be a session object. */
CK_RV p11_generate_pair(struct p11_slot *s, const struct p11_session *session,
    const struct p11_pair *p);

/* --- shared by these (store.c) ------------------------------------------- */

/* CKR_SESSION_READ_ONLY or CKR_USER_NOT_LOGGED_IN unless this session may make
 * or change a (token, private) object. */
CK_RV p11_may_change(const struct p11_slot *s,
    const struct p11_session *session, bool token, bool private);
/* A transaction for a change of the card. Not CKR_OK: none is open. */
CK_RV p11_change_begin(struct p11_slot *s);
/* Ends it; what the answer to a change means. otherwise: that of a driver which
 * does not do this. */
CK_RV p11_change_end(struct p11_slot *s, uk_err err, CK_RV otherwise);
/* Puts a made object on the card, or into the session's. */
CK_RV p11_keep(struct p11_slot *s, const struct p11_session *session,
    const struct p11_template *t, struct p11_object **o,
    CK_OBJECT_HANDLE_PTR out);
/* What the card is to make. Views of o. */
struct uk_new_object p11_described(const struct p11_object *o);
/* A CKA_ID for what must have one and was given none: 20 random bytes. */
CK_RV p11_invent_id(struct p11_slot *s, uk_object *entry);

/* --- and import.c ----------------------------------------------------------
 */

/* Brings the private key of a template to the card, if its numbers belong
 * together: else CKR_TEMPLATE_INCONSISTENT. o->pub is whole then. otherwise: as
 * above. *place: in the list of the card's objects. */
CK_RV p11_import(struct p11_slot *s, const struct p11_template *t,
    struct p11_object *o, CK_RV otherwise, size_t *place);
/* What the card says of the key that it has got, if it says anything of its
 * own: is it that one? If not, the key goes again. */
CK_RV p11_import_check(
    struct p11_slot *s, const uk_public_key *wanted, struct p11_object *made);

#endif
