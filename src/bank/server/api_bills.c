/* A customer's bills (docs/protocol.md, 7). */
#include "api.h"
#include "api_json.h"
#include "bill_events.h"
#include "bill_json.h"
#include "orders.h"

enum { LIST = 100, POLL_SECONDS = 60 };

/* --- reading ------------------------------------------------------------- */

static void add_bill(void *arg, const struct bank_bill *b)
{
	json_array_append_new(arg, bank_json_bill(b));
}

static enum bank_code list(
    struct bank *b, int64_t customer, bool unanswered, json_t **answer)
{
	json_t *array = json_array();
	int64_t last;
	/* The number first: what comes in between is told twice, not never. */
	uk_err err = bank_events_last(b->store, customer, &last);

	if (uk_is_ok(err))
		err = bank_bills_each(
		    b->store, customer, unanswered, LIST, add_bill, array);
	*answer = json_pack(
	    "{s:o,s:I}", "bills", array, "last", (json_int_t)last);
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

static enum bank_code wait_for(
    const struct bank_call *call, struct bank_wait wait)
{
	if (call->later == NULL)
		return BANK_BUSY; /* nowhere to wait */
	call->later->wait = wait;
	return BANK_OK;
}

/* With wait: not before there is an event after the number given. */
enum bank_code bank_api_bills(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	int64_t after, seconds, all, last = 0;
	enum bank_code code;

	code = bank_query_number(call, "after", 0, INT64_MAX, 0, &after);
	if (code == BANK_OK)
		code = bank_query_number(
		    call, "wait", 0, POLL_SECONDS, 0, &seconds);
	if (code == BANK_OK)
		code = bank_query_number(call, "all", 0, 1, 0, &all);
	if (code != BANK_OK)
		return code;
	if (seconds > 0 &&
	    !uk_is_ok(bank_events_last(b->store, call->customer, &last)))
		return BANK_INTERNAL;
	if (seconds == 0 || last > after)
		return list(b, call->customer, all == 0, answer);
	return wait_for(call,
	    (struct bank_wait){
		.kind = BANK_WAIT_POLL, .after = after, .seconds = seconds });
}

/* A client that comes back says so in a field (HTML Living Standard, 9.2.4). */
static int64_t last_event_id(const struct bank_call *call)
{
	uk_bytes text;
	int64_t id = 0;

	if (call->message.field == NULL ||
	    !call->message.field(
		call->message.arg, uk_view_str("last-event-id"), 0, &text) ||
	    text.n == 0 || text.n > 18)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		id = id * 10 + (text.p[i] - '0');
	}
	return id;
}

/* The stream itself is the network's; here is where it begins. */
enum bank_code bank_api_events(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	int64_t after, last;
	enum bank_code code = bank_query_number(
	    call, "after", 0, INT64_MAX, last_event_id(call), &after);

	(void)answer;
	if (code != BANK_OK)
		return code;
	if (!uk_is_ok(bank_events_last(b->store, call->customer, &last)))
		return BANK_INTERNAL;
	if (after < 0 || after > last)
		after = last;
	return wait_for(
	    call, (struct bank_wait){
		      .kind = BANK_WAIT_STREAM, .after = after, .seconds = 0 });
}

/* Somebody else's bill is called unknown, too. */
static enum bank_code find(
    struct bank *b, const struct bank_call *call, struct bank_bill *out)
{
	uk_err err = bank_bill_of_payer(
	    b->store, call->customer, call->order, out);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_NOT_FOUND;
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

enum bank_code bank_api_bill(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_bill bill = { 0 };
	enum bank_code code = find(b, call, &bill);

	if (code == BANK_OK)
		*answer = bank_json_bill(&bill);
	bank_bill_free(&bill);
	return code;
}

/* --- answering ----------------------------------------------------------- */

/* Changes the bill and answers it as it is now. */
static enum bank_code change(struct bank *b, const struct bank_call *call,
    enum bank_bill_state to, uk_bytes reason, json_t **answer)
{
	struct bank_bill bill = { 0 };
	enum bank_code code = find(b, call, &bill);
	uk_err err;

	if (code != BANK_OK)
		goto out;
	err = bank_bill_change(b->store, &bill, to, reason, call->now);
	if (uk_is(err, UK_ERR_CONDITIONS))
		code = BANK_BILL_CLOSED;
	else if (!uk_is_ok(err))
		code = BANK_INTERNAL;
	if (code == BANK_OK)
		code = find(b, call, &bill);
	if (code == BANK_OK)
		*answer = bank_json_bill(&bill);
out:
	bank_bill_free(&bill);
	return code;
}

enum bank_code bank_api_bill_shown(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	return change(b, call, BANK_BILL_SHOWN, UK_NONE, answer);
}

enum bank_code bank_api_bill_reject(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_bill_reject_request r;
	enum bank_code code = bank_code_of(
	    bank_read_bill_reject(call->body, &r));

	if (code == BANK_OK && r.reason.n > 0 &&
	    !uk_tx_value_ok(uk_blob_view(&r.reason)))
		code = BANK_MALFORMED;
	if (code == BANK_OK)
		code = change(b, call, BANK_BILL_REJECTED,
		    uk_blob_view(&r.reason), answer);
	if (code == BANK_OK)
		bank_touch(b, call->customer);
	bank_free_bill_reject(&r);
	return code;
}

/* --- paying -------------------------------------------------------------- */

/* The transfer that pays the bill, from the account chosen. */
static uk_err make_request(const struct bank_bill *bill,
    const struct bank_bill_pay_request *r, struct bank_order_request *out)
{
	out->bill = bill;
	out->amount = bill->amount;
	UK_TRY(uk_blob_set(&out->number, uk_blob_view(&r->number)));
	UK_TRY(uk_blob_set(&out->from, uk_blob_view(&r->from)));
	UK_TRY(uk_blob_set(&out->to, uk_view_str(bill->account)));
	UK_TRY(uk_blob_set(&out->payee, uk_blob_view(&bill->payee)));
	UK_TRY(uk_blob_set(&out->currency, uk_view_str(bill->currency)));
	return uk_blob_set(&out->memo, uk_blob_view(&bill->memo));
}

static bool is_payable(const struct bank_bill *bill, int64_t now)
{
	return (bill->state == BANK_BILL_OPEN ||
		   bill->state == BANK_BILL_SHOWN) &&
	       now < bill->expires;
}

static enum bank_code prepare(struct bank *b, const struct bank_call *call,
    const struct bank_bill *bill, const struct bank_bill_pay_request *r,
    struct bank_order *order)
{
	struct bank_order_request wanted = { .bill = bill };
	enum bank_code code;

	/* An order that is there already is answered in whatever state. */
	code = bank_order_find(
	    b, call->customer, uk_blob_view(&r->number), call->now, order);
	if (code == BANK_NOT_FOUND && !is_payable(bill, call->now))
		return BANK_BILL_CLOSED;
	code = bank_code_of(make_request(bill, r, &wanted));
	if (code == BANK_OK)
		code = bank_order_prepare(
		    b, call->customer, &wanted, call->now, order);
	wanted.bill = NULL;
	bank_free_order(&wanted);
	return code;
}

enum bank_code bank_api_bill_order(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_bill_pay_request r;
	struct bank_order order = { 0 };
	struct bank_bill bill = { 0 };
	enum bank_code code = bank_code_of(bank_read_bill_pay(call->body, &r));

	if (code == BANK_OK)
		code = find(b, call, &bill);
	if (code == BANK_OK)
		code = prepare(b, call, &bill, &r, &order);
	if (code == BANK_OK)
		*answer = bank_json_order(b, &order);
	bank_order_free(&order);
	bank_bill_free(&bill);
	bank_free_bill_pay(&r);
	return code;
}
