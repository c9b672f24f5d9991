/* Every parser of bank answers, and the checks of both texts. The first byte
 * chooses. */
#include "bank_client.h"
#include "bc_check.h"
#include "bc_sse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its number becomes a part of paths. */
static void one_bill(const struct bc_bill *b)
{
	if (!bank_order_number_ok(uk_view_str(b->bill)))
		abort();
}

static void all_lists(uk_bytes v)
{
	struct bc_accounts accounts;
	struct bc_records records;
	struct bc_bills bills;
	struct bc_login login;

	if (uk_is_ok(bc_parse_accounts(v, &accounts)))
		bc_accounts_free(&accounts);
	if (uk_is_ok(bc_parse_records(v, &records)))
		bc_records_free(&records);
	if (uk_is_ok(bc_parse_bills(v, &bills))) {
		for (size_t i = 0; i < bills.n; i++)
			one_bill(&bills.items[i]);
		bc_bills_free(&bills);
	}
	if (uk_is_ok(bc_parse_login(v, &login)))
		bc_login_free(&login);
}

static void all_others(uk_bytes v)
{
	struct bc_bank_info info;
	struct bc_challenge challenge;
	struct bc_order order;
	struct bc_proof proof;
	struct bc_bill bill;
	struct bc_enrolment enrolment;
	enum bank_code code;

	if (uk_is_ok(bc_parse_bank(v, &info)))
		bc_bank_info_free(&info);
	if (uk_is_ok(bc_parse_challenge(v, &challenge)))
		bc_challenge_free(&challenge);
	if (uk_is_ok(bc_parse_order(v, &order)))
		bc_order_free(&order);
	if (uk_is_ok(bc_parse_bill(v, &bill)))
		one_bill(&bill);
	if (uk_is_ok(bc_parse_enrolment(v, &enrolment)))
		bc_enrolment_free(&enrolment);
	UK_IGNORE(bc_parse_proof(v, &proof)); /* only that it returns */
	UK_IGNORE(bc_parse_error(v, &code));
}

/* What is read back must be found good by the check. */
static void order_text(uk_bytes v)
{
	char origin[BC_TEXT_MAX + 1];
	struct bc_transfer t;
	uk_tx tx;

	if (bc_is_ok(bc_read_order_text(v, &t, origin)) &&
	    !bc_is_ok(bc_check_order_text(v, &t, origin, &tx)))
		abort();
}

/* A stream of events is read to its end, whatever is in it. */
static void stream(uk_bytes v)
{
	struct bc_event event;
	struct bc_sse block;
	size_t used = 1;

	while (used > 0 && uk_is_ok(bc_sse_next(v, &block, &used))) {
		if (uk_is_ok(bc_parse_event(block.data, &event)))
			one_bill(&event.bill);
		v = uk_bytes_from(v, used);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes v = uk_bytes_from(uk_view(data, size), 1);

	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		all_lists(v);
		break;
	case 1:
		all_others(v);
		break;
	case 2:
		order_text(v);
		break;
	default:
		stream(v);
	}
	return 0;
}
