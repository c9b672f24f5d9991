/* Bills: docs/protocol.md, 7. */
#include "bc_api.h"

#include "bc_stream.h"

#include <string.h>

/* "/v1/bills/NUMBER" and what is behind it. */
uk_err bc_bill_path(
    const char *number, const char *tail, char path[BC_PATH_MAX])
{
	uk_buf b = uk_buf_over(path, BC_PATH_MAX);

	if (!bank_order_number_ok(uk_view_str(number)))
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_str(&b, "/v1/bills/");
	uk_put_str(&b, number);
	uk_put_str(&b, tail);
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

bc_result bc_get_bills(
    bc_bank *bank, bool all, int64_t after, unsigned wait, struct bc_bills *out)
{
	char path[BC_PATH_MAX];
	uk_buf b = uk_buf_over(path, sizeof(path));
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_bills){ 0 };
	uk_put_str(&b, "/v1/bills?");
	bc_put_number(&b, "all=", all);
	bc_put_number(&b, "&after=", after);
	bc_put_number(&b, "&wait=", wait);
	uk_put_u8(&b, 0);
	if (!uk_is_ok(uk_buf_result(&b)))
		return bc_local(uk_fail(UK_ERR_ARGUMENT));
	r = bc_get(bank, path, &body);
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_bills(uk_blob_view(&body), out));
	uk_blob_free(&body);
	return r;
}

/* An answer about this bill, and no other. */
static bc_result take_bill(
    bc_result r, uk_blob *body, const char *number, struct bc_bill *out)
{
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_bill(uk_blob_view(body), out));
	if (bc_is_ok(r) && strcmp(out->bill, number) != 0)
		r = bc_fail(BC_MALFORMED);
	uk_blob_free(body);
	return r;
}

bc_result bc_get_bill(bc_bank *bank, const char *number, struct bc_bill *out)
{
	char path[BC_PATH_MAX];
	uk_blob body = { 0 };
	uk_err err = bc_bill_path(number, "", path);

	if (!uk_is_ok(err))
		return bc_local(err);
	return take_bill(bc_get(bank, path, &body), &body, number, out);
}

bc_result bc_show_bill(bc_bank *bank, const char *number)
{
	char path[BC_PATH_MAX];
	struct bc_bill bill;
	uk_blob body = { 0 };
	uk_err err = bc_bill_path(number, "/shown", path);

	if (!uk_is_ok(err))
		return bc_local(err);
	return take_bill(
	    bc_post(bank, path, json_object(), &body), &body, number, &bill);
}

bc_result bc_reject_bill(
    bc_bank *bank, const char *number, const char *reason, struct bc_bill *out)
{
	char path[BC_PATH_MAX];
	uk_blob body = { 0 };
	uk_err err = bc_bill_path(number, "/reject", path);

	if (!uk_is_ok(err))
		return bc_local(err);
	return take_bill(
	    bc_post(bank, path, json_pack("{s:s}", "reason", reason), &body),
	    &body, number, out);
}

bc_result bc_events_open(bc_bank *bank, int64_t after, bc_events **out)
{
	char path[BC_PATH_MAX];
	uk_buf b = uk_buf_over(path, sizeof(path));
	struct bc_stream *stream = NULL;
	bc_result r;

	*out = NULL;
	uk_put_str(&b, "/v1/events");
	bc_put_number(&b, "?after=", after);
	uk_put_u8(&b, 0);
	if (!uk_is_ok(uk_buf_result(&b)))
		return bc_local(uk_fail(UK_ERR_ARGUMENT));
	r = bc_stream_open(bank->http, path, bank->session, &stream);
	if (bc_is_ok(r))
		r = bc_events_over(&stream, out);
	bc_stream_close(&stream);
	return r;
}

uk_err bc_bill_transfer(const struct bc_bill *bill, struct bc_transfer *out)
{
	const struct {
		char *to;
		size_t cap;
		const char *from;
	} texts[] = {
		{ out->to, sizeof(out->to), bill->to },
		{ out->payee, sizeof(out->payee), bill->payee },
		{ out->memo, sizeof(out->memo), bill->memo },
		{ out->currency, sizeof(out->currency), bill->currency },
		{ out->bill, sizeof(out->bill), bill->bill },
		{ out->merchant, sizeof(out->merchant), bill->merchant },
		{ out->merchant_order, sizeof(out->merchant_order),
		    bill->merchant_order },
	};

	out->amount = bill->amount;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		UK_TRY(uk_copy_str(
		    texts[i].to, texts[i].cap, uk_view_str(texts[i].from)));
	return uk_ok();
}
