/* Searches. */
#include "find.h"

#include "attr.h"

/* room: of search->found. Reading may show that the card has changed: then the
 * list is longer than it was. */
static CK_RV collect(struct p11_slot *s, struct p11_search *search, size_t room,
    const CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct p11_objects *t = &s->objects;

	for (size_t i = 0; i < t->count && search->count < room; i++) {
		struct p11_object *o = t->list[i];
		bool matches;
		CK_RV rv;

		if (!p11_object_visible(s, o))
			continue;
		rv = p11_template_matches(s, o, template, count, &matches);
		if (rv != CKR_OK)
			return rv;
		/* a reset while reading may have hidden it again */
		if (matches && p11_object_visible(s, o))
			search->found[search->count++] = p11_object_handle(
			    s, o);
	}
	return CKR_OK;
}

static bool wants_private_keys(const CK_ATTRIBUTE *t, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;

		if (t[i].type == CKA_CLASS && t[i].pValue != NULL &&
		    uk_bytes_eq(uk_view(t[i].pValue, t[i].ulValueLen),
			uk_view(&class, sizeof(class))))
			return true;
	}
	return false;
}

static CK_RV search_now(struct p11_slot *s, struct p11_search *search,
    const CK_ATTRIBUTE *template, CK_ULONG count)
{
	bool rest = p11_objects_may_rest(s);
	CK_RV rv;
	size_t room;

	if (!rest && (rv = p11_objects_begin(s, NULL)) != CKR_OK)
		return rv;
	if (!rest && (rv = p11_objects_look(
			  s, wants_private_keys(template, count))) != CKR_OK)
		return rv;
	room = s->objects.count;
	search->found = uk_new_array(room, sizeof(*search->found));
	rv = search->found == NULL ? CKR_HOST_MEMORY
				   : collect(s, search, room, template, count);
	if (!rest)
		p11_slot_end(s);
	if (rv == CKR_OK)
		search->active = true;
	else
		p11_search_end(search);
	return rv;
}

CK_RV p11_find_begin(struct p11_slot *s, struct p11_session *session,
    const CK_ATTRIBUTE *template, CK_ULONG count)
{
	bool nobody = s->login == P11_PUBLIC;
	CK_RV rv = p11_template_check(template, count);

	if (rv != CKR_OK)
		return rv;
	if (session->search.active)
		return CKR_OPERATION_ACTIVE;
	rv = search_now(s, &session->search, template, count);
	if (nobody && p11_slot_may_ask_again(s, rv))
		rv = search_now(s, &session->search, template, count);
	return rv;
}

CK_RV p11_find_next(struct p11_session *session, CK_OBJECT_HANDLE_PTR out,
    CK_ULONG max, CK_ULONG_PTR count)
{
	struct p11_search *search = &session->search;

	if (count == NULL || (out == NULL && max > 0))
		return CKR_ARGUMENTS_BAD;
	if (!search->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	for (*count = 0; *count < max && search->next < search->count;)
		out[(*count)++] = search->found[search->next++];
	return CKR_OK;
}

CK_RV p11_find_end(struct p11_session *session)
{
	if (!session->search.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	p11_search_end(&session->search);
	return CKR_OK;
}
