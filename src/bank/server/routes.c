/* The routing table, and what every request goes through. */
#include "routes.h"

#include "api.h"
#include "log.h"
#include "login.h"
#include "merchant_auth.h"

static const struct route {
	enum bank_method method;
	const char *path; /* '*' stands for an order number */
	bank_handler *handler;
	bool needs_session;
	bool by_merchant; /* signed, both ways */
} routes[] = {
	{ BANK_GET, "/v1/bank", bank_api_bank, false, false },
	{ BANK_POST, "/v1/login/challenge", bank_api_challenge, false, false },
	{ BANK_GET, "/v1/login/challenge", bank_api_plain_challenge, false,
	    false },
	{ BANK_POST, "/v1/login", bank_api_login, false, false },
	{ BANK_POST, "/v1/login/tls", bank_api_login_by_tls, false, false },
	{ BANK_POST, "/v1/enrol", bank_api_enrol, false, false },
	{ BANK_GET, "/v1/enrol/*", bank_api_enrolled, false, false },
	{ BANK_POST, "/v1/logout", bank_api_logout, true, false },
	{ BANK_GET, "/v1/accounts", bank_api_accounts, true, false },
	{ BANK_GET, "/v1/records", bank_api_records, true, false },
	{ BANK_POST, "/v1/orders", bank_api_prepare, true, false },
	{ BANK_GET, "/v1/orders", bank_api_orders, true, false },
	{ BANK_GET, "/v1/orders/*", bank_api_order, true, false },
	{ BANK_POST, "/v1/orders/*/proof", bank_api_proof, true, false },
	{ BANK_POST, "/v1/orders/*/confirm", bank_api_confirm, true, false },
	{ BANK_GET, "/v1/orders/*/evidence", bank_api_evidence, true, false },
	{ BANK_GET, "/v1/bills", bank_api_bills, true, false },
	{ BANK_GET, "/v1/events", bank_api_events, true, false },
	{ BANK_GET, "/v1/bills/*", bank_api_bill, true, false },
	{ BANK_POST, "/v1/bills/*/shown", bank_api_bill_shown, true, false },
	{ BANK_POST, "/v1/bills/*/reject", bank_api_bill_reject, true, false },
	{ BANK_POST, "/v1/bills/*/order", bank_api_bill_order, true, false },
	{ BANK_GET, "/v1/merchant", bank_api_merchant, false, true },
	{ BANK_POST, "/v1/merchant/orders", bank_api_place, false, true },
	{ BANK_GET, "/v1/merchant/orders/*", bank_api_placed, false, true },
	{ BANK_POST, "/v1/merchant/orders/*/cancel", bank_api_cancel, false,
	    true },
	{ BANK_GET, "/v1/shops", bank_api_shops, true, false },
	{ BANK_GET, "/v1/shops/orders", bank_api_shop_orders, true, false },
	{ BANK_POST, "/v1/pos/register", bank_api_pos_register, false, false },
	{ BANK_POST, "/v1/pos/confirm", bank_api_pos_confirm, false, false },
	{ BANK_POST, "/v1/pos/login", bank_api_pos_login, false, false },
	{ BANK_POST, "/v1/pos/logout", bank_api_pos_logout, false, false },
	{ BANK_POST, "/v1/pos/password", bank_api_pos_password, false, false },
	{ BANK_GET, "/v1/pos/readers", bank_api_pos_readers, false, false },
	{ BANK_POST, "/v1/pos/readers", bank_api_pos_reader, false, false },
	{ BANK_GET, "/v1/pos/orders", bank_api_pos_orders, false, false },
	{ BANK_GET, "/v1/pos/orders/*", bank_api_pos_order, false, false },
	{ BANK_POST, "/v1/pos/orders/*/authorise", bank_api_pos_authorise,
	    false, false },
	{ BANK_POST, "/v1/pos/orders/*/complete", bank_api_pos_complete, false,
	    false },
	{ BANK_GET, "/v1/pos/orders/*/signature", bank_api_pos_signature, false,
	    false },
	{ BANK_GET, "/v1/pos/records", bank_api_pos_records, false, false },
};

/* The part up to the next '/', and what is behind that. */
static uk_bytes next_part(uk_bytes *rest)
{
	uk_bytes part = *rest;
	size_t n = 0;

	while (n < rest->n && rest->p[n] != '/')
		n++;
	part = uk_bytes_first(part, n);
	*rest = uk_bytes_from(*rest, n + 1);
	return part;
}

static bool matches(const char *pattern, uk_bytes path, uk_bytes *order)
{
	uk_bytes want = uk_view_str(pattern);

	if (path.n > 0 && path.p[path.n - 1] == '/')
		return false;
	while (want.n > 0 || path.n > 0) {
		uk_bytes w = next_part(&want), p = next_part(&path);

		if (uk_bytes_eq(w, uk_view_str("*"))) {
			if (!bank_order_number_ok(p))
				return false;
			*order = p;
		} else if (!uk_bytes_eq(w, p)) {
			return false;
		}
	}
	return true;
}

static enum bank_code find_route(
    struct bank_call *call, const struct route **out)
{
	static const char *const names[] = { NULL, "GET", "POST", "GET, POST" };
	unsigned there = 0; /* a bit for each method */

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!matches(routes[i].path, call->path, &call->order))
			continue;
		if (routes[i].method == call->method) {
			*out = &routes[i];
			return BANK_OK;
		}
		there |= 1U << routes[i].method;
	}
	if (call->later != NULL)
		call->later->allow = names[there];
	return there == 0 ? BANK_NOT_FOUND : BANK_METHOD;
}

json_t *bank_error_json(enum bank_code code)
{
	return json_pack("{s:{s:s,s:s}}", "error", "code", bank_code_name(code),
	    "message", bank_code_text(code));
}

void bank_refused(struct bank *b, enum bank_code code)
{
	bank_metrics_request(b->metrics, "-", code);
	uk_log(UK_LOG_INFO,
	    "event=request route=- customer=0 result=%s status=%d",
	    bank_code_name(code), bank_code_http(code));
}

/* The answer that goes out. */
static enum bank_code ended(
    struct bank *b, const char *route, enum bank_code code, json_t **answer)
{
	if (code == BANK_OK && *answer == NULL)
		code = BANK_INTERNAL; /* no memory for the answer */
	if (code != BANK_OK) {
		json_decref(*answer);
		*answer = bank_error_json(code);
	}
	bank_metrics_request(b->metrics, route, code);
	return code;
}

enum bank_code bank_serve(
    struct bank *b, struct bank_call *call, json_t **answer)
{
	const struct route *route = NULL;
	enum bank_code code = find_route(call, &route);

	*answer = NULL;
	call->customer = call->merchant = 0;
	if (route != NULL && call->later != NULL)
		call->later->by_merchant = route->by_merchant;
	if (call->later != NULL)
		call->later->route = route == NULL ? "-" : route->path;
	if (code == BANK_OK && call->body.n > BANK_BODY_MAX)
		code = BANK_TOO_LARGE;
	if (code == BANK_OK && route->needs_session)
		code = bank_session_of(
		    b, call->token, call->now, &call->customer);
	if (code == BANK_OK && route->by_merchant)
		code = bank_merchant_check(b, call);
	if (code == BANK_OK)
		code = route->handler(b, call, answer);
	if (call->later != NULL)
		call->later->customer = call->customer;
	if (code == BANK_OK && call->later != NULL &&
	    call->later->wait.kind != BANK_WAIT_NOT)
		return code;
	if (code == BANK_OK && call->later != NULL &&
	    call->later->finish != NULL)
		return code;
	return ended(b, route == NULL ? "-" : route->path, code, answer);
}

enum bank_code bank_serve_later(
    struct bank *b, struct bank_later *later, json_t **answer)
{
	const char *route = later->route;
	int64_t customer = later->customer;
	enum bank_code code;

	*answer = NULL;
	code = later->finish(b, later->arg, answer);
	code = ended(b, route, code, answer);
	bank_later_free(later);
	later->route = route;
	later->customer = customer;
	return code;
}

void bank_later_free(struct bank_later *later)
{
	if (later->free != NULL)
		later->free(later->arg);
	*later = (struct bank_later){ 0 };
}
