/* Bills: what is placed, whose it is, and each state against each change, as
 * the picture in bills.h has them; who is told. */
#include "bills.h"

#include "bill_events.h"
#include "cmocka_all.h"
#include "db_fixture.h"
#include "deliveries.h"
#include "fixtures.h"

#include <string.h>

#define NINES       "9999999999999999999999999999999999999999999999999999999999999999"
#define ALICE_PHONE "+8613800001234"
#define OTHER_PHONE "+8613900005678"

enum { NOW = 1000, LIFE = 60 };

static uk_crypto *crypto;
static struct bank_fields *fields;
static struct bank_store *store;
static int64_t alice, merchant;

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static int open_shop(void **state)
{
	int64_t shop, account;

	(void)state;
	expect_ok(uk_crypto_open(&crypto));
	expect_ok(bank_fields_read(
	    crypto, str("key 01020304 " NINES "\nindex " NINES "\n"), &fields));
	expect_ok(bank_store_open(db_fresh(), &store));
	expect_ok(bank_begin(store));
	expect_ok(bank_customer_make(store, str("Alice"), &alice));
	expect_ok(bank_customer_make(store, str("Shop Ltd"), &shop));
	expect_ok(bank_account_make(
	    store, shop, str("S"), str("Shop"), str("CNY"), &account));
	expect_ok(bank_merchant_make(
	    store, str("Shop"), account, str("https://shop/"), &merchant));
	expect_ok(bank_commit(store));
	expect_ok(bank_phone_set(store, fields, alice, str(ALICE_PHONE), NOW));
	return 0;
}

static int close_shop(void **state)
{
	(void)state;
	bank_store_close(&store);
	bank_fields_close(&fields);
	uk_crypto_close(&crypto);
	return 0;
}

static struct bank_bill_wanted wanted(const char *order, const char *phone)
{
	return (struct bank_bill_wanted){ .merchant = merchant,
		.amount = 100,
		.seconds = LIFE,
		.order = str(order),
		.phone = str(phone),
		.payee = str("Tea House"),
		.items = str("[]"),
		.currency = str("CNY"),
		.callback = str("https://shop/") };
}

static uk_err place(
    const struct bank_bill_wanted *w, struct bank_bill *out, int64_t *payer)
{
	*out = (struct bank_bill){ 0 };
	return bank_bill_place(store, crypto, fields, w, NOW, out, payer);
}

static void place_good(
    const char *order, const char *phone, int64_t payer, struct bank_bill *out)
{
	struct bank_bill_wanted w = wanted(order, phone);
	int64_t got;

	expect_ok(place(&w, out, &got));
	assert_int_equal(got, payer);
	assert_int_equal(out->state, BANK_BILL_OPEN);
	assert_int_equal(out->expires, NOW + LIFE);
	assert_int_equal(strlen(out->number), BANK_BILL_NUMBER);
}

/* --- placing ------------------------------------------------------------- */

static void one_order_one_bill(void **state)
{
	struct bank_bill_wanted w = wanted("T-1", ALICE_PHONE), other;
	struct bank_bill first, again;
	int64_t payer, last;

	(void)state;
	place_good("T-1", ALICE_PHONE, alice, &first);
	expect_ok(place(&w, &again, &payer));
	assert_string_equal(again.number, first.number);
	assert_int_equal(payer, 0); /* nothing new to tell */
	bank_bill_free(&again);
	other = w;
	other.amount = 101;
	expect_code(place(&other, &again, &payer), UK_ERR_EXISTS);
	bank_bill_free(&again);
	other = w;
	other.phone = str(OTHER_PHONE);
	expect_code(place(&other, &again, &payer), UK_ERR_EXISTS);
	bank_bill_free(&again);
	/* a byte of one field is not a byte of its neighbour */
	other = w;
	other.payee = str("Tea Hous");
	other.memo = str("e");
	expect_code(place(&other, &again, &payer), UK_ERR_EXISTS);
	bank_bill_free(&again);
	expect_ok(bank_events_last(store, alice, &last));
	assert_int_equal(last, 1);
	bank_bill_free(&first);
}

static void too_many(void **state)
{
	struct bank_bill b;
	char order[] = "T-00";
	int64_t payer;

	(void)state;
	for (int i = 0; i < BANK_BILLS_OPEN_PHONE; i++) {
		order[2] = (char)('0' + i / 10);
		order[3] = (char)('0' + i % 10);
		place_good(order, OTHER_PHONE, 0, &b);
		bank_bill_free(&b);
	}
	{
		struct bank_bill_wanted w = wanted("T-last", OTHER_PHONE);

		expect_code(place(&w, &b, &payer), UK_ERR_CONDITIONS);
		bank_bill_free(&b);
		w.order = str("T-00"); /* what is there is found */
		expect_ok(place(&w, &b, &payer));
	}
	expect_ok(
	    bank_bill_change(store, &b, BANK_BILL_CANCELLED, UK_NONE, NOW));
	bank_bill_free(&b);
	place_good("T-last", OTHER_PHONE, 0, &b);
	bank_bill_free(&b);
}

static void waits_for_its_customer(void **state)
{
	struct bank_bill b, his = { 0 };
	int64_t bob, last;

	(void)state;
	place_good("T-1", OTHER_PHONE, 0, &b);
	expect_ok(bank_customer_make(store, str("Bob"), &bob));
	expect_code(bank_bill_of_payer(store, bob, str(b.number), &his),
	    UK_ERR_NOT_FOUND);
	expect_code(bank_phone_set(store, fields, bob, str(ALICE_PHONE), NOW),
	    UK_ERR_EXISTS);
	expect_code(bank_phone_set(store, fields, bob, str("138"), NOW),
	    UK_ERR_ARGUMENT);
	expect_ok(bank_phone_set(store, fields, bob, str(OTHER_PHONE), NOW));
	expect_ok(bank_bill_of_payer(store, bob, str(b.number), &his));
	expect_code(bank_bill_of_payer(store, alice, str(b.number), &his),
	    UK_ERR_NOT_FOUND);
	expect_ok(bank_events_last(store, bob, &last));
	assert_int_equal(last, 1);
	bank_bill_free(&his);
	bank_bill_free(&b);
}

/* --- states -------------------------------------------------------------- */

#define YES UK_OK
#define NO  UK_ERR_CONDITIONS

/* One row per state a bill is in; columns as in enum bank_bill_state, of which
 * the first is nobody's wish. What is so already stays so, but is paid once. */
static const enum uk_code may_become[BANK_BILL_STATES][BANK_BILL_STATES] = {
	[BANK_BILL_OPEN] = { NO, YES, YES, YES, YES, YES },
	[BANK_BILL_SHOWN] = { NO, YES, YES, YES, YES, YES },
	[BANK_BILL_PAID] = { NO, NO, NO, NO, NO, NO },
	[BANK_BILL_REJECTED] = { NO, NO, NO, YES, NO, NO },
	[BANK_BILL_EXPIRED] = { NO, NO, NO, NO, YES, NO },
	[BANK_BILL_CANCELLED] = { NO, NO, NO, NO, NO, YES },
};

static void nobody(void *arg, int64_t customer)
{
	(void)arg, (void)customer;
}

static uk_err settle(int64_t bill, int64_t now)
{
	uk_err err;

	expect_ok(bank_begin(store));
	err = bank_bill_lock(store, bill, now);
	if (uk_is_ok(err))
		err = bank_bill_settle(store, bill, str("R-1"), now);
	if (uk_is_ok(err))
		expect_ok(bank_commit(store));
	bank_rollback(store);
	return err;
}

static uk_err expire(int64_t bill)
{
	struct bank_bill b = { 0 };
	uk_err err;

	expect_ok(bank_bills_expire(store, NOW + LIFE, nobody, NULL));
	expect_ok(bank_bill_get(store, bill, &b));
	err = b.state == BANK_BILL_EXPIRED ? uk_ok()
					   : uk_fail(UK_ERR_CONDITIONS);
	bank_bill_free(&b);
	return err;
}

static uk_err change(int64_t bill, enum bank_bill_state to)
{
	struct bank_bill b = { 0 };
	uk_err err;

	if (to == BANK_BILL_PAID)
		return settle(bill, NOW + 1);
	if (to == BANK_BILL_EXPIRED)
		return expire(bill);
	expect_ok(bank_bill_get(store, bill, &b));
	err = bank_bill_change(store, &b, to, str("why"), NOW + 1);
	bank_bill_free(&b);
	return err;
}

static enum bank_bill_state state_of(int64_t bill)
{
	struct bank_bill b = { 0 };
	enum bank_bill_state s;

	expect_ok(bank_bill_get(store, bill, &b));
	s = b.state;
	bank_bill_free(&b);
	return s;
}

static void each_state(void **state)
{
	char order[] = "T-00";
	struct bank_bill b;

	(void)state;
	for (int from = 0; from < BANK_BILL_STATES; from++) {
		for (int to = 1; to < BANK_BILL_STATES; to++) {
			order[2] = (char)('0' + from);
			order[3] = (char)('0' + to);
			place_good(order, ALICE_PHONE, alice, &b);
			if (from != BANK_BILL_OPEN)
				expect_ok(change(b.id, from));
			expect_code(change(b.id, to), may_become[from][to]);
			assert_int_equal(state_of(b.id),
			    may_become[from][to] == YES ? to : from);
			if (state_of(b.id) <= BANK_BILL_SHOWN)
				expect_ok(change(b.id, BANK_BILL_CANCELLED));
			bank_bill_free(&b);
		}
	}
}

static void too_late(void **state)
{
	struct bank_bill b;

	(void)state;
	place_good("T-1", ALICE_PHONE, alice, &b);
	expect_code(settle(b.id, NOW + LIFE), UK_ERR_CONDITIONS);
	expect_code(bank_bill_change(
			store, &b, BANK_BILL_REJECTED, UK_NONE, NOW + LIFE),
	    UK_ERR_CONDITIONS);
	assert_int_equal(state_of(b.id), BANK_BILL_OPEN);
	expect_ok(settle(b.id, NOW + LIFE - 1));
	bank_bill_free(&b);
}

/* The customer's events and what the merchant is to be told, per outcome. */
static void who_is_told(void **state)
{
	static const struct {
		enum bank_bill_state to;
		const char *event; /* the last one of the customer */
		bool merchant;
	} rows[] = {
		{ BANK_BILL_SHOWN, "new", false },
		{ BANK_BILL_PAID, "paid", true },
		{ BANK_BILL_REJECTED, "rejected", true },
		{ BANK_BILL_CANCELLED, "cancelled", false },
		{ BANK_BILL_EXPIRED, "expired", true },
	};
	char order[] = "T-0";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bank_bill_event events[BANK_EVENTS_AT_ONCE];
		struct bank_delivery due[4];
		struct bank_bill b;
		int64_t customer, before;
		size_t n;

		expect_ok(bank_events_last(store, alice, &before));
		order[2] = (char)('0' + i);
		place_good(order, ALICE_PHONE, alice, &b);
		expect_ok(change(b.id, rows[i].to));
		expect_ok(bank_events_after(
		    store, alice, before, BANK_EVENTS_AT_ONCE, events, &n));
		assert_in_range(n, 1, 2);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(events[k].number, before + 1 + k);
		assert_string_equal(events[n - 1].kind, rows[i].event);
		expect_ok(bank_deliveries_due(store, NOW + LIFE, 4, due, &n));
		assert_int_equal(n, rows[i].merchant);
		if (n == 1) {
			assert_string_equal(
			    due[0].event, bank_bill_state_name(rows[i].to));
			expect_ok(bank_delivery_claim(
			    store, due, NOW + LIFE, NOW + LIFE + 1));
			expect_code(bank_delivery_claim(
					store, due, NOW + LIFE, NOW + LIFE + 1),
			    UK_ERR_CONDITIONS);
			expect_ok(bank_delivery_done(
			    store, due, NOW + LIFE, &customer));
			assert_int_equal(customer, alice);
			expect_ok(bank_delivery_done(
			    store, due, NOW + LIFE, &customer));
			assert_int_equal(customer, 0);
		} else if (rows[i].to == BANK_BILL_SHOWN) {
			expect_ok(change(b.id, BANK_BILL_CANCELLED));
		}
		bank_bill_free(&b);
	}
}

static uk_err read_bill(void *arg)
{
	struct bank_bill b = { 0 };
	uk_err err = bank_bill_get(store, *(int64_t *)arg, &b);

	bank_bill_free(&b);
	return err;
}

static void allocation_fails(void **state)
{
	struct bank_bill b;

	(void)state;
	place_good("T-1", ALICE_PHONE, alice, &b);
	expect_ok(read_bill(&b.id)); /* the store keeps the statement */
	assert_true(fail_every_allocation(read_bill, &b.id) > 2);
	bank_bill_free(&b);
}

static void pauses(void **state)
{
	(void)state;
	assert_int_equal(bank_delivery_pause(0, 0), 1);
	assert_int_equal(bank_delivery_pause(3, 0), 6);
	assert_int_equal(bank_delivery_pause(3, 255), 9);
	for (int64_t n = 0; n < 100; n++)
		assert_in_range(bank_delivery_pause(n, 255), 1,
		    BANK_DELIVERY_PAUSE * 5 / 4);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, open_shop, close_shop)
		T(one_order_one_bill),
		T(too_many),
		T(waits_for_its_customer),
		T(each_state),
		T(too_late),
		T(who_is_told),
		T(allocation_fails),
		cmocka_unit_test(pauses),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name("bills", tests, db_open, db_close);
}
