/* A payment at the bank, from the message to the books, where the test says
 * what time it is and which allocation fails: what is set aside, when it is
 * given back, and what the merchant whose order it is is told. That the
 * cryptograms are the standards' is judged by tests/system/test_pos.sh. */
#include "authorise.h"
#include "bills.h"
#include "cmocka_all.h"
#include "db_fixture.h"
#include "deliveries.h"
#include "fixtures.h"
#include "hex.h"
#include "holds.h"
#include "ledger.h"
#include "mem.h"
#include "users.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NOW = 1700000000, DATE = 0x231114 /* its day */, WAIT = 10 };

static const char pan[] = "6222021234567890";

static char dir[] = "/tmp/ukey-pay-XXXXXX";
static struct bank_pos pos = { .rules = { .password = { 8, 1, 1 },
				   .complete_seconds = WAIT,
				   .order_attempts = 2 } };
static int64_t shop_account, card_account, owner, merchant, reader;
static uint32_t used; /* counters of the reader, and of the card */
static char token[BANK_TOKEN_TEXT + 1];

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

/* --- who there is --------------------------------------------------------- */

static void make_accounts(void)
{
	struct bank_account a;
	int64_t shop, holder;

	expect_ok(bank_begin(pos.store));
	expect_ok(bank_customer_make(pos.store, str("Shop"), &shop));
	expect_ok(bank_customer_make(pos.store, str("Holder"), &holder));
	expect_ok(bank_account_make(pos.store, shop, str("S-1"), str("Shop"),
	    str("CNY"), &shop_account));
	expect_ok(bank_account_make(pos.store, holder, str("C-1"),
	    str("Holder"), str("CNY"), &card_account));
	expect_ok(bank_account_find(pos.store, str("C-1"), &a));
	expect_ok(bank_ledger_deposit(pos.store, &a, 1000, NOW));
	expect_ok(bank_merchant_make(pos.store, str("Tea Ltd"), shop_account,
	    str("https://shop/"), &merchant));
	expect_ok(bank_commit(pos.store));
}

static void keep_token(void *arg, const struct bank_message *m)
{
	(void)arg;
	expect_ok(uk_copy_str(
	    token, sizeof(token), uk_bytes_last(m->body, BANK_TOKEN_TEXT)));
}

static void make_owner(void)
{
	struct bank_reader_key key;
	uk_pin password;
	const struct bank_registration r = { str("a@b.c"), str("S-1"),
		&password };

	expect_ok(uk_pin_set(&password, str("12345678")));
	assert_int_equal(bank_user_register(&pos, &r, NOW), BANK_OK);
	expect_ok(bank_outbox_each(pos.store, 0, keep_token, NULL));
	assert_int_equal(
	    bank_user_confirm(&pos, str(token), &password, NOW), BANK_OK);
	expect_ok(bank_pos_owner_of(&pos, shop_account, UK_NONE, &owner));
	assert_int_equal(
	    bank_reader_request(&pos, owner, BANK_READER_AES, NOW, &reader),
	    BANK_OK);
	expect_ok(bank_reader_release(&pos, reader, &key));
}

static void make_card(void)
{
	const struct bank_new_card n = { .pan = str(pan),
		.expiry = str("9912"),
		.sequence = 1,
		.account = card_account,
		.scheme = BANK_SCHEME_PBOC,
		.key = { 1, 2, 3 },
		.method = 1 };

	expect_ok(bank_card_make(&pos, &n));
}

static int set_up(void **state)
{
	if (db_open(state) != 0)
		return -1;
	assert_non_null(mkdtemp(dir));
	expect_ok(uk_crypto_open(&pos.crypto));
	expect_ok(bank_store_open(db_fresh(), &pos.store));
	expect_ok(bank_vault_open(pos.crypto, dir, &pos.vault));
	make_accounts();
	make_owner();
	make_card();
	return 0;
}

static int tear_down(void **state)
{
	char path[64];

	bank_vault_close(&pos.vault);
	bank_store_close(&pos.store);
	uk_crypto_close(&pos.crypto);
	(void)snprintf(path, sizeof(path), "%s/pos.key", dir);
	return unlink(path) == 0 && rmdir(dir) == 0 && db_close(state) == 0
		   ? 0
		   : -1;
}

/* --- orders --------------------------------------------------------------- */

static int64_t wanted_amount;

static uk_err add_order(void *arg, int64_t bill, uk_bytes number)
{
	struct bank_pos_new_order n = { .owner = owner,
		.number = number,
		.merchant = str("Tea House"),
		.goods = str("Two cups"),
		.currency = str("CNY"),
		.amount = wanted_amount,
		.expires = NOW + 60,
		.bill = bill };

	(void)arg;
	return bank_pos_order_add(&pos, &n, NOW) == BANK_OK
		   ? uk_ok()
		   : uk_fail(UK_ERR_INTERNAL);
}

/* A merchant's order; its number at the terminal is the bill's. */
static int64_t order(const char *number, int64_t amount, char out[64])
{
	const struct bank_bill_wanted w = { .merchant = merchant,
		.amount = amount,
		.seconds = 60,
		.order = str(number),
		.payee = str("Tea House"),
		.items = str("[]"),
		.currency = str("CNY"),
		.callback = str("https://shop/"),
		.card = true,
		.also = add_order };
	struct bank_bill b = { 0 };
	int64_t payer, id;

	wanted_amount = amount;
	expect_ok(
	    bank_bill_place(pos.store, pos.crypto, NULL, &w, NOW, &b, &payer));
	assert_int_equal(payer, 0);
	assert_true(b.card);
	expect_ok(uk_copy_str(out, 64, str(b.number)));
	id = b.id;
	bank_bill_free(&b);
	return id;
}

static enum bank_bill_state state_of(int64_t bill)
{
	struct bank_bill b = { 0 };
	enum bank_bill_state s;

	expect_ok(bank_bill_get(pos.store, bill, &b));
	s = b.state;
	bank_bill_free(&b);
	return s;
}

static uk_err cancel(int64_t bill)
{
	struct bank_bill b = { 0 };
	uk_err err;

	expect_ok(bank_bill_get(pos.store, bill, &b));
	err = bank_bill_change(
	    pos.store, &b, BANK_BILL_CANCELLED, UK_NONE, NOW + 1);
	bank_bill_free(&b);
	return err;
}

/* Is the merchant told of this, and of nothing else? */
static void expect_told(int64_t bill, const char *event)
{
	struct bank_delivery_state d = { 0 };
	uk_err err = bank_delivery_of(pos.store, bill, &d);

	if (event == NULL)
		expect_code(err, UK_ERR_NOT_FOUND);
	else
		assert_string_equal(d.event, event);
}

/* The store knows a statement by its address: one literal each. */
static int64_t number_in(const char *sql, const char *account)
{
	bank_query q = bank_query_of(pos.store, sql);
	int64_t n;

	bank_bind_text(&q, str(account));
	expect_ok(bank_query_id(&q, &n));
	return n;
}

static int64_t balance(const char *account)
{
	return number_in(
	    "SELECT balance FROM accounts WHERE number = ?", account);
}

static int64_t held(void)
{
	return number_in("SELECT held FROM accounts WHERE number = ?", "C-1");
}

/* --- the terminal and the card -------------------------------------------- */

struct message {
	uint8_t ksn[UK_DUKPT_KSN], card[64], emv[512], mac[UK_CMAC_SIZE];
	uk_buf k, c, e, m;
	struct uk_emv_set base, objects; /* without and with cryptogram */
	char number[64];
};

static void put(struct uk_emv_set *d, uint32_t tag, const char *hex)
{
	uint8_t room[64];
	uk_buf b = UK_BUF(room);

	expect_ok(uk_hex_decode(str(hex), &b));
	expect_ok(uk_emv_put(d, tag, uk_buf_view(&b)));
}

static void put_cryptogram(struct message *m, const char *cid)
{
	struct bank_card card;
	struct uk_emv_set *d = &m->objects;
	uint8_t key[BANK_CARD_KEY], ac[BANK_AC], room[BANK_SIGNED_MAX];
	uk_buf data = UK_BUF(room);
	uk_bytes atc;

	*d = m->base;
	put(d, UK_EMV_IAD, "07010103A0000001");
	put(d, UK_EMV_CID, cid);
	expect_ok(bank_signed_data(d, &data));
	expect_ok(bank_card_find(&pos, str(pan), 1, &card));
	assert_true(uk_emv_get_n(d, UK_EMV_ATC, 2, &atc));
	expect_ok(bank_session_key(pos.crypto, card.scheme, UK_ARRAY(card.key),
	    (uint16_t)(atc.p[0] << 8 | atc.p[1]), key));
	expect_ok(bank_cryptogram(
	    pos.crypto, card.scheme, UK_ARRAY(key), uk_buf_view(&data), ac));
	expect_ok(uk_emv_put(d, UK_EMV_AC, UK_ARRAY(ac)));
}

static const uint32_t tags[] = { UK_EMV_CURRENCY, UK_EMV_SEQUENCE, UK_EMV_AIP,
	UK_EMV_TVR, UK_EMV_DATE, UK_EMV_TYPE, UK_EMV_AMOUNT, UK_EMV_OTHER,
	UK_EMV_COUNTRY, UK_EMV_UN, UK_EMV_AC, UK_EMV_CID, UK_EMV_ATC,
	UK_EMV_IAD };

static void put_objects(struct message *m)
{
	struct uk_emv_set *d = &m->base;
	struct bank_pos_order o;
	uint8_t un[4];
	char text[16];

	assert_int_equal(
	    bank_pos_order_find(&pos, owner, str(m->number), &o), BANK_OK);
	expect_ok(bank_pos_number(pos.crypto, &o, un));
	expect_ok(uk_emv_put(d, UK_EMV_UN, UK_ARRAY(un)));
	(void)snprintf(text, sizeof(text), "%012lld", (long long)o.amount);
	put(d, UK_EMV_AMOUNT, text);
	put(d, UK_EMV_OTHER, "000000000000");
	put(d, UK_EMV_CURRENCY, "0156");
	put(d, UK_EMV_COUNTRY, "0156");
	put(d, UK_EMV_SEQUENCE, "01");
	put(d, UK_EMV_AIP, "1C00");
	put(d, UK_EMV_TVR, "8000000000");
	put(d, UK_EMV_TYPE, "00");
	(void)snprintf(text, sizeof(text), "%06x", DATE);
	put(d, UK_EMV_DATE, text);
	(void)snprintf(text, sizeof(text), "%04X", ++used);
	put(d, UK_EMV_ATC, text);
}

static struct bank_pos_message view_of(const struct message *m)
{
	return (struct bank_pos_message){ uk_buf_view(&m->k),
		uk_buf_view(&m->c), uk_buf_view(&m->e), UK_NONE, UK_NONE,
		uk_buf_view(&m->m) };
}

static void seal(struct message *m)
{
	uint8_t track[] = { 0x62, 0x22, 0x02, 0x12, 0x34, 0x56, 0x78, 0x90,
		0xd9, 0x91, 0x22, 0x20, 0x80, 0, 0, 0 };
	struct bank_reader r;
	struct uk_dukpt_keys keys;
	uint8_t room[1024];
	uk_buf all = UK_BUF(room);
	struct bank_pos_message v;
	uk_bytes message;

	uk_put_u32(&m->k, 11); /* the bank's number in key ids */
	uk_put_u32(&m->k, (uint32_t)reader);
	uk_put_u32(&m->k, used);
	assert_int_equal(
	    bank_reader_keys(&pos, owner, uk_buf_view(&m->k), &r, &keys),
	    BANK_OK);
	expect_ok(uk_cipher_cbc(pos.crypto, UK_CIPHER_AES, true,
	    UK_ARRAY(keys.data), UK_NONE, UK_ARRAY(track), &m->c));
	uk_emv_write(&m->objects, tags, sizeof(tags) / sizeof(tags[0]), &m->e);
	v = view_of(m);
	bank_pos_put_message(&all, str(m->number), &v);
	message = uk_buf_view(&all);
	expect_ok(
	    uk_cmac_aes(pos.crypto, UK_ARRAY(keys.mac), &message, 1, &m->m));
}

static void make(struct message *m, const char *number)
{
	*m = (struct message){ .base = { .count = 0 } };
	m->k = (uk_buf)UK_BUF(m->ksn);
	m->c = (uk_buf)UK_BUF(m->card);
	m->e = (uk_buf)UK_BUF(m->emv);
	m->m = (uk_buf)UK_BUF(m->mac);
	expect_ok(uk_copy_str(m->number, sizeof(m->number), str(number)));
	put_objects(m);
	put_cryptogram(m, "80");
	seal(m);
}

static enum bank_code authorise(
    const struct message *m, struct bank_pos_outcome *out)
{
	const struct bank_pos_message v = view_of(m);

	return bank_pos_authorise(&pos, owner, str(m->number), &v, NOW, out);
}

static enum bank_code complete(
    struct message *m, int64_t now, struct bank_pos_outcome *out)
{
	m->e = (uk_buf)UK_BUF(m->emv);
	put_cryptogram(m, "40");
	uk_emv_write(&m->objects, tags, sizeof(tags) / sizeof(tags[0]), &m->e);
	return bank_pos_complete(
	    &pos, owner, str(m->number), uk_buf_view(&m->e), now, out);
}

/* --- stories -------------------------------------------------------------- */

static void paid(void **state)
{
	struct bank_pos_outcome out;
	struct message m;
	char number[64];
	int64_t bill = order("M-1", 300, number);

	(void)state;
	make(&m, number);
	assert_int_equal(authorise(&m, &out), BANK_OK);
	assert_string_equal(out.code, "00");
	assert_int_equal(held(), 300);
	assert_int_equal(balance("C-1"), 1000);
	/* now it is neither cancelled nor over */
	expect_code(cancel(bill), UK_ERR_CONDITIONS);
	assert_int_equal(complete(&m, NOW + 1, &out), BANK_OK);
	assert_int_equal(out.state, BANK_POS_COMPLETED);
	assert_int_equal(held(), 0);
	assert_int_equal(balance("C-1"), 700);
	assert_int_equal(balance("S-1"), 300);
	assert_int_equal(state_of(bill), BANK_BILL_PAID);
	expect_told(bill, "paid");
}

static void not_enough(void **state)
{
	struct bank_pos_outcome out;
	struct message m;
	char number[64];
	int64_t bill = order("M-2", 701, number);

	(void)state;
	make(&m, number);
	assert_int_equal(authorise(&m, &out), BANK_OK);
	assert_int_equal(out.state, BANK_POS_DECLINED);
	assert_string_equal(out.code, "51");
	assert_true(out.issuer_data_len > 0); /* the card hears it */
	assert_int_equal(held(), 0);
	assert_int_equal(state_of(bill), BANK_BILL_OPEN);
	expect_told(bill, NULL);
	make(&m, number); /* the second is the last */
	assert_int_equal(authorise(&m, &out), BANK_OK);
	assert_int_equal(state_of(bill), BANK_BILL_REJECTED);
	expect_told(bill, "rejected");
}

static void nobody(void *arg, int64_t customer)
{
	(void)arg, (void)customer;
}

static void nobody_comes_back(void **state)
{
	struct bank_pos_outcome out;
	struct message m;
	char number[64];
	int64_t bill = order("M-3", 100, number);
	bool more;

	(void)state;
	make(&m, number);
	assert_int_equal(authorise(&m, &out), BANK_OK);
	expect_ok(bank_bills_expire(pos.store, NOW + 60, nobody, NULL));
	assert_int_equal(state_of(bill), BANK_BILL_OPEN); /* reserved */
	expect_ok(bank_pos_sweep(&pos, NOW + WAIT - 1, 5, &more));
	assert_int_equal(held(), 100);
	expect_ok(bank_pos_sweep(&pos, NOW + WAIT, 5, &more));
	assert_int_equal(held(), 0);
	assert_int_equal(state_of(bill), BANK_BILL_REJECTED);
	expect_told(bill, "rejected");
	/* and the card's last word comes too late */
	assert_int_equal(complete(&m, NOW + WAIT + 1, &out), BANK_OK);
	assert_int_equal(out.state, BANK_POS_REVERSED);
	assert_int_equal(balance("C-1"), 700);
}

static void cancelled_first(void **state)
{
	struct bank_pos_outcome out;
	struct message m;
	char number[64];
	int64_t bill = order("M-4", 100, number);

	(void)state;
	make(&m, number);
	expect_ok(cancel(bill));
	assert_int_equal(authorise(&m, &out), BANK_ORDER_CONFLICT);
	assert_int_equal(held(), 0);
}

/* What is set aside without a payment is given back by the same timer. */
static void holds_end(void **state)
{
	int64_t hold;
	bool more;

	(void)state;
	expect_ok(bank_begin(pos.store));
	expect_ok(bank_hold_reserve(pos.store, card_account, 50, NOW, NOW + 5,
	    str("a deposit"), &hold));
	expect_ok(bank_commit(pos.store));
	expect_ok(bank_pos_sweep(&pos, NOW + 4, 5, &more));
	assert_int_equal(held(), 50);
	expect_ok(bank_pos_sweep(&pos, NOW + 5, 5, &more));
	assert_int_equal(held(), 0);
}

/* --- when memory fails ---------------------------------------------------- */

static uk_err as_err(enum bank_code code)
{
	return code == BANK_OK ? uk_ok() : uk_fail(UK_ERR_MEMORY);
}

static uk_err authorise_step(void *arg)
{
	struct bank_pos_outcome out;

	return as_err(authorise(arg, &out));
}

static uk_err complete_step(void *arg)
{
	struct message *m = arg;
	struct bank_pos_outcome out;

	return as_err(bank_pos_complete(
	    &pos, owner, str(m->number), uk_buf_view(&m->e), NOW + 1, &out));
}

static void memory(void **state)
{
	struct message m;
	char number[64];
	int64_t bill = order("M-5", 100, number);

	(void)state;
	make(&m, number);
	assert_true(fail_every_allocation(authorise_step, &m) > 2);
	assert_int_equal(held(), 100); /* once */
	m.e = (uk_buf)UK_BUF(m.emv);
	put_cryptogram(&m, "40");
	uk_emv_write(&m.objects, tags, sizeof(tags) / sizeof(tags[0]), &m.e);
	assert_true(fail_every_allocation(complete_step, &m) > 2);
	assert_int_equal(held(), 0);
	assert_int_equal(balance("C-1"), 600);
	assert_int_equal(state_of(bill), BANK_BILL_PAID);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paid),
		cmocka_unit_test(not_enough),
		cmocka_unit_test(nobody_comes_back),
		cmocka_unit_test(cancelled_first),
		cmocka_unit_test(holds_end),
		cmocka_unit_test(memory),
	};

	if (!db_choose(argc, argv))
		return 2;

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
