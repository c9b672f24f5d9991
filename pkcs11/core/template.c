/* Templates: what applications ask with and are answered in. */
#include "attr.h"
#include "slot.h"

CK_RV p11_template_check(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	if (template == NULL)
		return count == 0 ? CKR_OK : CKR_ARGUMENTS_BAD;
	if (count > P11_TEMPLATE_MAX)
		return CKR_ARGUMENTS_BAD;
	return CKR_OK;
}

/* --- reading ------------------------------------------------------------- */

/* PKCS#11 3.0, 5.7.5: length, value, or CK_UNAVAILABLE_INFORMATION. */
static CK_RV fill(CK_ATTRIBUTE *a, CK_RV got, uk_bytes v)
{
	uk_buf out = uk_buf_over(a->pValue, a->ulValueLen);
	bool asked = a->pValue == NULL;

	a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	if (got != CKR_OK)
		return got;
	if (!asked && v.n > out.cap)
		return CKR_BUFFER_TOO_SMALL;
	if (!asked)
		uk_put(&out, v);
	a->ulValueLen = v.n;
	return CKR_OK;
}

/* The answers that leave the rest of the template worth filling. */
static bool goes_on(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_ATTRIBUTE_SENSITIVE ||
	       rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_BUFFER_TOO_SMALL;
}

CK_RV p11_attr_read(struct p11_slot *s, struct p11_object *o,
    CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_value value;
	CK_RV worst = CKR_OK;

	for (CK_ULONG i = 0; i < count; i++) {
		CK_RV rv = p11_attr_get(s, o, template[i].type, &value);

		rv = fill(&template[i], rv, value.v);
		if (!goes_on(rv))
			return rv;
		if (worst == CKR_OK)
			worst = rv;
	}
	return worst;
}

/* --- matching ------------------------------------------------------------ */

/* An object that the card will not show, or that is malformed, does not match.
 * One that could not be asked about may. */
static bool is_no_answer(const struct p11_slot *s, CK_RV rv)
{
	return rv == CKR_DEVICE_REMOVED || rv == CKR_HOST_MEMORY ||
	       p11_slot_may_ask_again(s, rv);
}

static CK_RV compare(
    struct p11_slot *s, struct p11_object *o, const CK_ATTRIBUTE *a, bool *same)
{
	uk_bytes wanted = uk_view(a->pValue, a->ulValueLen);
	struct p11_value value;
	CK_RV rv;

	*same = false;
	if (a->pValue == NULL && a->ulValueLen != 0)
		return CKR_OK; /* no value can be that */
	rv = p11_attr_get(s, o, a->type, &value);
	if (is_no_answer(s, rv))
		return rv;
	*same = rv == CKR_OK && p11_attr_same(o, a->type, value.v, wanted);
	return CKR_OK;
}

/* Once more, with what the card says now, where memory said otherwise. */
static CK_RV compare_surely(
    struct p11_slot *s, struct p11_object *o, const CK_ATTRIBUTE *a, bool *same)
{
	CK_RV rv = compare(s, o, a, same);

	if (rv != CKR_OK || *same || !p11_attr_is_recalled(o, a->type))
		return rv;
	rv = p11_object_prove(s, o);
	if (is_no_answer(s, rv))
		return rv;
	return o->gone || p11_object_vague(o) ? CKR_OK : compare(s, o, a, same);
}

/* Memory is good enough for who looks for this very object, and will use it; it
 * does not fill a list. */
static bool names_it(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (template[i].type == CKA_ID)
			return true;
	}
	return false;
}

static CK_RV complete(struct p11_slot *s, struct p11_object *o, bool named)
{
	CK_RV rv = p11_object_complete(s, o);

	return rv == CKR_OK && !named ? p11_object_prove(s, o) : rv;
}

/* What can be said of a vague object without asking the card comes first. */
CK_RV p11_template_matches(struct p11_slot *s, struct p11_object *o,
    const CK_ATTRIBUTE *template, CK_ULONG count, bool *matches)
{
	bool later[P11_TEMPLATE_MAX];
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; i < count; i++)
		later[i] = p11_attr_reads(o, template[i].type);
	*matches = true;
	for (int reads = 0; reads < 2; reads++) {
		if (reads == 1 && *matches && p11_object_vague(o)) {
			rv = complete(s, o, names_it(template, count));
			*matches = !o->gone && !p11_object_vague(o);
			if (is_no_answer(s, rv))
				return rv;
		}
		for (CK_ULONG i = 0; i < count && *matches; i++) {
			if (later[i] != (reads == 1))
				continue;
			rv = compare_surely(s, o, &template[i], matches);
			if (rv != CKR_OK)
				return rv;
		}
	}
	return CKR_OK;
}
