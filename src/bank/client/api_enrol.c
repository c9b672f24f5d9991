/* Certificates: docs/protocol.md, 12. */
#include "bc_api.h"

#include "secret.h"

#include <string.h>

/* A new request waits, and has a receipt. */
static bc_result check_asked(const struct bc_enrolment *e)
{
	return bc_is_receipt(e->enrolment) && e->state == BC_ENROL_WAITING
		   ? bc_ok()
		   : bc_fail(BC_MALFORMED);
}

bc_result bc_enrol(bc_bank *bank, const char *name, const char *purpose,
    const char *request, struct bc_enrolment *out)
{
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_enrolment){ .state = BC_ENROL_WAITING };
	r = bc_post(bank, "/v1/enrol",
	    json_pack("{s:s,s:s,s:s}", "name", name, "purpose", purpose,
		"request", request),
	    &body);
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_enrolment(uk_blob_view(&body), out));
	if (bc_is_ok(r))
		r = check_asked(out);
	if (!bc_is_ok(r))
		bc_enrolment_free(out);
	uk_wipe(body.p, body.n);
	uk_blob_free(&body);
	return r;
}

bc_result bc_get_enrolment(
    bc_bank *bank, const char *enrolment, struct bc_enrolment *out)
{
	char path[BC_PATH_MAX];
	uk_buf b = uk_buf_over(path, sizeof(path));
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_enrolment){ .state = BC_ENROL_WAITING };
	if (!bc_is_receipt(enrolment))
		return bc_local(uk_fail(UK_ERR_ARGUMENT));
	uk_put_str(&b, "/v1/enrol/");
	uk_put_str(&b, enrolment);
	uk_put_u8(&b, 0);
	r = bc_get(bank, path, &body);
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_enrolment(uk_blob_view(&body), out));
	uk_wipe(path, sizeof(path));
	uk_blob_free(&body);
	return r;
}
