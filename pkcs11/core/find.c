/* Searches. */
#include "find.h"

#include "attr.h"

static CK_RV collect(struct p11_slot *s, struct p11_search *search,
    const CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct p11_objects *t = &s->objects;

	for (size_t i = 0; i < t->count; i++) {
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

CK_RV p11_find_begin(struct p11_slot *s, struct p11_session *session,
    const CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct p11_search *search = &session->search;
	CK_RV rv = p11_template_check(template, count);

	if (rv != CKR_OK)
		return rv;
	if (search->active)
		return CKR_OPERATION_ACTIVE;
	if ((rv = p11_objects_load(s)) != CKR_OK)
		return rv;
	search->found = uk_new_array(s->objects.count, sizeof(*search->found));
	if (search->found == NULL)
		return CKR_HOST_MEMORY;
	rv = collect(s, search, template, count);
	if (rv == CKR_OK)
		search->active = true;
	else
		p11_search_end(search);
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
