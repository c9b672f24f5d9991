/* What makes the bank's words believable: certificate, challenge, order text
 * and receipt, each good once and wrong in every part. */
#include "bc_check.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "pki_fixture.h"

#include <string.h>

static const char origin[] = "https://bank.example:8443";
static const char client_nonce[] =
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
static uk_crypto *crypto;
static uk_trust *trust;
static uk_key *bank_key;
static uk_cert *bank_cert;

enum { MAY = 1777593600 }; /* 1 May 2026: make-pki's certificates are valid */

static int set_up(void **state)
{
	if (pki_make(state) != 0)
		return -1;
	expect_ok(uk_crypto_open(&crypto));
	expect_ok(uk_trust_open(crypto, &trust));
	expect_ok(uk_trust_add_ca_file(trust, pki_file("ca.pem")));
	expect_ok(
	    uk_key_from_pem_file(crypto, pki_file("bank.key"), &bank_key));
	expect_ok(
	    uk_cert_from_pem_file(crypto, pki_file("bank.pem"), &bank_cert));
	return 0;
}

static int tear_down(void **state)
{
	uk_cert_close(&bank_cert);
	uk_key_close(&bank_key);
	uk_trust_close(&trust);
	uk_crypto_close(&crypto);
	return pki_remove(state);
}

static void sign_as_bank(uk_bytes message, uk_blob *out)
{
	uint8_t sig[64];
	uk_buf b = UK_BUF(sig);

	expect_ok(
	    uk_key_sign(bank_key, UK_SIG_ECDSA, UK_HASH_SHA256, message, &b));
	expect_ok(uk_blob_set(out, uk_buf_view(&b)));
}

/* --- certificate ---------------------------------------------------------- */

static void certificates(void **state)
{
	static const struct {
		const char *file;
		int64_t now;
		enum uk_code err;
	} rows[] = {
		{ "bank.pem", MAY, UK_OK },
		{ "bank.pem", MAY + 365 * 86400, UK_ERR_CERT_EXPIRED },
		{ "bank.pem", MAY - 365 * 86400, UK_ERR_CERT_NOT_YET },
		{ "login.pem", MAY, UK_ERR_CERT_PURPOSE },
	};
	uk_cert *out;
	bc_result r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uk_cert *c;

		expect_ok(
		    uk_cert_from_pem_file(crypto, pki_file(rows[i].file), &c));
		r = bc_check_bank_cert(
		    crypto, trust, uk_cert_der(c), rows[i].now, &out);
		assert_int_equal(
		    r.fault, rows[i].err == UK_OK ? BC_OK : BC_NOT_BANK);
		expect_code(r.err, rows[i].err);
		assert_int_equal(out != NULL, rows[i].err == UK_OK);
		uk_cert_close(&out);
		uk_cert_close(&c);
	}
	r = bc_check_bank_cert(
	    crypto, trust, uk_view_str("no certificate"), MAY, &out);
	assert_int_equal(r.fault, BC_NOT_BANK);
}

/* --- challenge ------------------------------------------------------------ */

static void make_challenge(struct bc_challenge *c)
{
	static const char nonce[] =
	    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";
	uint8_t h[3][32], message[200];
	const char *texts[3] = { origin, nonce, client_nonce };
	uk_buf m = UK_BUF(message);

	*c = (struct bc_challenge){ 0 };
	expect_ok(uk_copy_str(c->nonce, sizeof(c->nonce), uk_view_str(nonce)));
	for (size_t i = 0; i < 3; i++) {
		uk_buf b = UK_BUF(h[i]);

		expect_ok(uk_hash_one(
		    crypto, UK_HASH_SHA256, uk_view_str(texts[i]), &b));
	}
	uk_put_str(&m, "ukey login challenge 1"); /* protocol.md, 3 */
	for (size_t i = 0; i < 3; i++)
		uk_put(&m, UK_ARRAY(h[i]));
	sign_as_bank(uk_buf_view(&m), &c->signature);
}

static void challenges(void **state)
{
	struct bc_challenge c;

	(void)state;
	make_challenge(&c);
	assert_int_equal(
	    bc_check_challenge(crypto, bank_cert, origin, client_nonce, &c)
		.fault,
	    BC_OK);
	/* made for somebody else */
	assert_int_equal(bc_check_challenge(crypto, bank_cert,
			     "https://other.example", client_nonce, &c)
			     .fault,
	    BC_NOT_BANK);
	/* made for another client */
	assert_int_equal(bc_check_challenge(crypto, bank_cert, origin,
			     "NDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", &c)
			     .fault,
	    BC_NOT_BANK);
	c.nonce[0] = 'R';
	assert_int_equal(
	    bc_check_challenge(crypto, bank_cert, origin, client_nonce, &c)
		.fault,
	    BC_NOT_BANK);
	c.nonce[0] = 'Q';
	c.signature.p[63] ^= 1;
	assert_int_equal(
	    bc_check_challenge(crypto, bank_cert, origin, client_nonce, &c)
		.fault,
	    BC_NOT_BANK);
	c.signature.n = 0;
	assert_int_equal(
	    bc_check_challenge(crypto, bank_cert, origin, client_nonce, &c)
		.fault,
	    BC_NOT_BANK);
	bc_challenge_free(&c);
}

/* --- order text ----------------------------------------------------------- */

static const struct bc_transfer order = {
	.order = "01ARYZ6S41TSV4RRFFQ69G5FAV",
	.from = "6200001",
	.to = "6200002",
	.payee = "\xe6\x9d\x8e\xe5\x9b\x9b",
	.memo = "rent",
	.amount = 12345,
	.currency = "CNY",
};

/* Written down by hand from docs/protocol.md, section 6. */
#define M(k, v) "<M><k>" k "</k><v>" v "</v></M>"
#define HEAD    "<?xml version=\"1.0\" encoding=\"utf-8\"?><T><D>"
#define D_LINES(to, payee, amount, memo)                                       \
	M("From", "6200001")                                                   \
	M("To", to) M("Payee", payee) M("Amount", amount) M("Memo", memo)
#define E_LINES(bank, number)                                                  \
	"</D><E>" M("Type", "transfer-1") M("Bank", bank) M("Order", number)   \
	    M("Customer", "C1") M("Prepared", "2026-05-01T00:00:00Z")          \
		M("Expires", "2026-05-01T00:10:00Z") "</E></T>"
#define LI_SI  "\xe6\x9d\x8e\xe5\x9b\x9b"
#define BANK   "https://bank.example:8443"
#define NUMBER "01ARYZ6S41TSV4RRFFQ69G5FAV"

static const char good_text[] = HEAD D_LINES(
    "6200002", LI_SI, "123.45 CNY", "rent") E_LINES(BANK, NUMBER);

static void order_texts(void **state)
{
	static const struct {
		const char *text;
		const char *field; /* NULL: good */
	} rows[] = {
		{ good_text, NULL },
		{ HEAD D_LINES("6200003", LI_SI, "123.45 CNY", "rent")
			E_LINES(BANK, NUMBER),
		    "To" },
		{ HEAD D_LINES("6200002", "Mallory", "123.45 CNY", "rent")
			E_LINES(BANK, NUMBER),
		    "Payee" },
		{ HEAD D_LINES("6200002", LI_SI, "1123.45 CNY", "rent")
			E_LINES(BANK, NUMBER),
		    "Amount" },
		{ HEAD D_LINES("6200002", LI_SI, "123.45 USD", "rent")
			E_LINES(BANK, NUMBER),
		    "Amount" },
		{ HEAD D_LINES("6200002", LI_SI, "123.45 CNY", "Rent")
			E_LINES(BANK, NUMBER),
		    "Memo" },
		{ HEAD D_LINES("6200002", LI_SI, "123.45 CNY", "rent")
			E_LINES("https://bank.example", NUMBER),
		    "Bank" },
		{ HEAD D_LINES("6200002", LI_SI, "123.45 CNY", "rent")
			E_LINES(BANK, "01ARYZ6S41TSV4RRFFQ69G5FAW"),
		    "Order" },
		/* one more line, one line hidden, another order of lines */
		{ HEAD D_LINES("6200002", LI_SI, "123.45 CNY", "rent")
			M("Note", "also a loan") E_LINES(BANK, NUMBER),
		    "layout" },
		{ HEAD M("To", "6200002") M("From", "6200001") M("Payee", LI_SI)
			M("Amount", "123.45 CNY") M("Memo", "rent")
			    E_LINES(BANK, NUMBER),
		    "layout" },
		{ "<T><D>" M("From", "6200001") "</D></T>", "Expires" },
		{ "no text at all", "layout" },
		{ "", "layout" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uk_tx tx;
		bc_result r = bc_check_order_text(
		    uk_view_str(rows[i].text), &order, origin, &tx);

		if (rows[i].field == NULL) {
			assert_int_equal(r.fault, BC_OK);
			assert_int_equal(tx.shown, 5);
			continue;
		}
		assert_int_equal(r.fault, BC_TEXT);
		assert_string_equal(r.field, rows[i].field);
	}
}

/* Any single byte of the text changed: never good. (A byte of the three values
 * that the bank chooses may change and still make a good text.) */
static void one_byte_altered(void **state)
{
	static const char free_part[] = "<k>Customer</k>";
	size_t fixed = (size_t)(strstr(good_text, free_part) - good_text);
	char text[sizeof(good_text)];
	uk_tx tx;

	(void)state;
	for (size_t i = 0; i < fixed; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			for (size_t k = 0; k < sizeof(text); k++)
				text[k] = good_text[k];
			text[i] = (char)(text[i] ^ (1 << bit));
			assert_int_equal(
			    bc_check_order_text(uk_view(text, sizeof(text) - 1),
				&order, origin, &tx)
				.fault,
			    BC_TEXT);
		}
	}
}

static void order_text_read_back(void **state)
{
	char bank[BC_TEXT_MAX + 1];
	struct bc_transfer t;

	(void)state;
	assert_int_equal(
	    bc_read_order_text(uk_view_str(good_text), &t, bank).fault, BC_OK);
	assert_string_equal(bank, origin);
	assert_int_equal(t.amount, 12345);
	assert_string_equal(t.currency, "CNY");
	assert_string_equal(t.payee, LI_SI);
	assert_string_equal(t.order, NUMBER);
	assert_int_equal(
	    bc_read_order_text(uk_view_str("<T></T>"), &t, bank).fault,
	    BC_TEXT);
}

/* --- receipt -------------------------------------------------------------- */

struct receipt {
	uint8_t text[UK_TX_MAX];
	uk_blob signature;
	struct bc_evidence e;
};

static void put_hash(uk_buf *out, uk_bytes v)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[32];
	uk_buf b = UK_BUF(hash);

	expect_ok(uk_hash_one(crypto, UK_HASH_SHA256, v, &b));
	for (size_t i = 0; i < sizeof(hash); i++) {
		uk_put_u8(out, (uint8_t)digits[hash[i] >> 4]);
		uk_put_u8(out, (uint8_t)digits[hash[i] & 15]);
	}
}

/* By hand from docs/protocol.md, 6, for the order above and this signature. */
static void make_receipt(struct receipt *r, const char *amount,
    const char *order_text, const char *signature, const char *time)
{
	uk_buf b = UK_BUF(r->text);

	*r = (struct receipt){ 0 };
	b = UK_BUF(r->text);
	uk_put_str(&b, HEAD M("Result", "posted") M("From", "6200001") M("To",
			   "6200002") M("Payee", LI_SI) "<M><k>Amount</k><v>");
	uk_put_str(&b, amount);
	uk_put_str(&b, "</v></M>" M("Memo", "rent") "<M><k>Time</k><v>");
	uk_put_str(&b, time);
	uk_put_str(&b,
	    "</v></M>" M("Receipt", "R7") "</D><E>" M("Type", "receipt-1")
		M("Bank", BANK) M("Order", NUMBER) "<M><k>Order-SHA256</k><v>");
	put_hash(&b, uk_view_str(order_text));
	uk_put_str(&b, "</v></M><M><k>Signature-SHA256</k><v>");
	put_hash(&b, uk_view_str(signature));
	uk_put_str(&b, "</v></M></E></T>");
	sign_as_bank(uk_buf_view(&b), &r->signature);
	r->e = (struct bc_evidence){
		.order = &order,
		.order_text = uk_view_str(good_text),
		.customer_signature = uk_view_str("signature"),
		.receipt = uk_buf_view(&b),
		.signature = uk_blob_view(&r->signature),
		.certificate = uk_cert_der(bank_cert),
	};
}

static void receipts(void **state)
{
	static const char may[] = "2026-05-01T00:05:00Z";
	static const struct {
		const char *amount, *order_text, *signature, *time;
		enum bc_fault fault;
		const char *field;
		bool binds;
	} rows[] = {
		{ "123.45 CNY", good_text, "signature", may, BC_OK, "", true },
		/* confirmed by another client of the same customer */
		{ "123.45 CNY", good_text, "another", may, BC_OK, "", false },
		{ "12.34 CNY", good_text, "signature", may, BC_RECEIPT,
		    "Amount", false },
		{ "123.45 CNY", "another text", "signature", may, BC_RECEIPT,
		    "Order-SHA256", false },
		{ "123.45 CNY", good_text, "signature", "2027-05-01T00:05:00Z",
		    BC_NOT_BANK, "", false },
		{ "123.45 CNY", good_text, "signature", "yesterday", BC_RECEIPT,
		    "layout", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bc_verdict v;
		struct receipt r;
		bc_result got;

		make_receipt(&r, rows[i].amount, rows[i].order_text,
		    rows[i].signature, rows[i].time);
		got = bc_check_receipt(crypto, trust, origin, &r.e, &v);
		assert_int_equal(got.fault, rows[i].fault);
		assert_string_equal(got.field, rows[i].field);
		if (rows[i].fault == BC_OK) {
			assert_true(v.binds_text);
			assert_int_equal(v.binds_signature, rows[i].binds);
		}
		uk_blob_free(&r.signature);
	}
}

static void receipt_altered(void **state)
{
	struct bc_verdict v;
	struct receipt r;

	(void)state;
	make_receipt(
	    &r, "123.45 CNY", good_text, "signature", "2026-05-01T00:05:00Z");
	r.text[sizeof(HEAD) + 20] ^= 1;
	assert_int_not_equal(
	    bc_check_receipt(crypto, trust, origin, &r.e, &v).fault, BC_OK);
	r.text[sizeof(HEAD) + 20] ^= 1;
	r.signature.p[5] ^= 1;
	assert_int_equal(
	    bc_check_receipt(crypto, trust, origin, &r.e, &v).fault,
	    BC_RECEIPT);
	r.signature.p[5] ^= 1;
	/* of another bank */
	assert_int_equal(
	    bc_check_receipt(crypto, trust, "https://other.example", &r.e, &v)
		.fault,
	    BC_RECEIPT);
	/* without the order text nothing is claimed about it */
	r.e.order_text = UK_NONE;
	assert_int_equal(
	    bc_check_receipt(crypto, trust, origin, &r.e, &v).fault, BC_OK);
	assert_false(v.binds_text);
	uk_blob_free(&r.signature);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(challenges),
		cmocka_unit_test(order_texts),
		cmocka_unit_test(one_byte_altered),
		cmocka_unit_test(order_text_read_back),
		cmocka_unit_test(receipts),
		cmocka_unit_test(receipt_altered),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
