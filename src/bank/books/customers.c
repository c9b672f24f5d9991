/* Customers, their certificates and their accounts. */
#include "customers.h"

#include "txtext.h"

static const char *purpose_name(enum uk_purpose purpose)
{
	return purpose == UK_FOR_LOGIN ? "login" : "transaction";
}

uk_err bank_customer_find(struct bank_store *s, uk_bytes name, int64_t *id)
{
	bank_query q = bank_query_of(
	    s, "SELECT id FROM customers WHERE name = ?");
	bool found;

	bank_bind_text(&q, name);
	found = bank_query_row(&q);
	*id = found ? bank_col_int(&q, 0) : 0;
	UK_TRY(bank_query_end(&q));
	return found ? uk_ok() : uk_fail(UK_ERR_NOT_FOUND);
}

bool bank_customer_name_ok(uk_bytes name)
{
	return name.n > 0 && name.n <= BANK_CUSTOMER_MAX &&
	       uk_tx_value_ok(name);
}

uk_err bank_customer_make(struct bank_store *s, uk_bytes name, int64_t *id)
{
	bank_query q;
	uk_err err;

	*id = 0;
	if (!bank_customer_name_ok(name))
		return uk_fail(UK_ERR_ARGUMENT);
	err = bank_customer_find(s, name, id);
	if (!uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	q = bank_query_of(s, "INSERT INTO customers (name) VALUES (?)"
			     " ON CONFLICT (name) DO NOTHING RETURNING id");
	bank_bind_text(&q, name);
	err = bank_query_id(&q, id);
	/* Made by another server in between. */
	return uk_is(err, UK_ERR_NOT_FOUND) ? bank_customer_find(s, name, id)
					    : err;
}

uk_err bank_customer_name(
    struct bank_store *s, int64_t id, char name[BANK_NAME_MAX + 1])
{
	bank_query q = bank_query_of(
	    s, "SELECT name FROM customers WHERE id = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_int(&q, id);
	if (bank_query_row(&q))
		err = uk_copy_str(name, BANK_NAME_MAX + 1, bank_col(&q, 0));
	UK_TRY(bank_query_end(&q));
	return err;
}

/* --- certificates -------------------------------------------------------- */

uk_err bank_cert_register(struct bank_store *s, uk_crypto *c, int64_t customer,
    enum uk_purpose purpose, uk_bytes serial, uk_bytes der)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);
	bank_query q;

	UK_TRY(uk_hash_one(c, UK_HASH_SHA256, der, &hash));
	q = bank_query_of(s, "INSERT INTO certificates"
			     " (fingerprint, customer, purpose, serial, der)"
			     " VALUES (?, ?, ?, ?, ?)");
	bank_bind_blob(&q, uk_buf_view(&hash));
	bank_bind_int(&q, customer);
	bank_bind_text(&q, uk_view_str(purpose_name(purpose)));
	bank_bind_text(&q, serial);
	bank_bind_blob(&q, der);
	return bank_query_run(&q);
}

uk_err bank_cert_owner(struct bank_store *s, uk_bytes fingerprint,
    enum uk_purpose purpose, struct bank_owner *out)
{
	bank_query q = bank_query_of(s,
	    "SELECT customers.id, customers.name, (SELECT count(*) FROM revoked"
	    "  WHERE revoked.serial = certificates.serial)"
	    " FROM certificates"
	    " JOIN customers ON customers.id = certificates.customer"
	    " WHERE fingerprint = ? AND purpose = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*out = (struct bank_owner){ 0 };
	bank_bind_blob(&q, fingerprint);
	bank_bind_text(&q, uk_view_str(purpose_name(purpose)));
	if (bank_query_row(&q)) {
		out->customer = bank_col_int(&q, 0);
		err = uk_copy_str(
		    out->name, sizeof(out->name), bank_col(&q, 1));
		if (bank_col_int(&q, 2) > 0) /* its CA may think otherwise */
			err = uk_fail(UK_ERR_CERT_REVOKED);
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

uk_err bank_cert_read(struct bank_store *s, uk_bytes fingerprint,
    enum uk_purpose purpose, uk_blob *der)
{
	bank_query q = bank_query_of(s,
	    "SELECT der FROM certificates"
	    " WHERE fingerprint = ? AND purpose = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_blob(&q, fingerprint);
	bank_bind_text(&q, uk_view_str(purpose_name(purpose)));
	if (bank_query_row(&q))
		err = uk_blob_set(der, bank_col(&q, 0));
	UK_TRY(bank_query_end(&q));
	return err;
}

uk_err bank_certs_each(
    struct bank_store *s, int64_t customer, bank_cert_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s,
	    "SELECT serial, purpose, (SELECT count(*) FROM revoked"
	    "  WHERE revoked.serial = certificates.serial)"
	    " FROM certificates WHERE customer = ? ORDER BY serial");

	bank_bind_int(&q, customer);
	while (bank_query_row(&q))
		fn(arg, bank_col(&q, 0), bank_col(&q, 1),
		    bank_col_int(&q, 2) > 0);
	return bank_query_end(&q);
}

/* --- accounts ------------------------------------------------------------ */

static bool is_number_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '-';
}

bool bank_account_number_ok(uk_bytes number)
{
	if (number.n == 0 || number.n > BANK_ACCOUNT_MAX)
		return false;
	for (size_t i = 0; i < number.n; i++) {
		if (!is_number_char(number.p[i]))
			return false;
	}
	return true;
}

uk_err bank_account_make(struct bank_store *s, int64_t customer,
    uk_bytes number, uk_bytes name, uk_bytes currency, int64_t *id)
{
	bank_query q;
	uk_err err;

	*id = 0;
	if (!bank_account_number_ok(number) || name.n > BANK_NAME_MAX ||
	    currency.n != BANK_CURRENCY_LEN)
		return uk_fail(UK_ERR_ARGUMENT);
	q = bank_query_of(s,
	    "INSERT INTO accounts (customer, number, name, currency,"
	    " min_balance) VALUES (?, ?, ?, ?, ?)"
	    " ON CONFLICT (number) DO NOTHING RETURNING id");
	if (customer == 0)
		bank_bind_null(&q);
	else
		bank_bind_int(&q, customer);
	bank_bind_text(&q, number);
	bank_bind_text(&q, name);
	bank_bind_text(&q, currency);
	bank_bind_int(&q, customer == 0 ? -INT64_MAX : 0);
	err = bank_query_id(&q, id);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_fail(UK_ERR_EXISTS) : err;
}

#define ACCOUNT_COLUMNS                                                        \
	"id, customer, number, name, currency, balance, held, min_balance,"    \
	" max_transfer, max_day"

/* The row of ACCOUNT_COLUMNS. */
static uk_err read_account(const bank_query *q, struct bank_account *out)
{
	out->id = bank_col_int(q, 0);
	out->customer = bank_col_int(q, 1); /* NULL reads as 0 */
	out->balance = bank_col_int(q, 5);
	out->held = bank_col_int(q, 6);
	out->min_balance = bank_col_int(q, 7);
	out->max_transfer = bank_col_int(q, 8);
	out->max_day = bank_col_int(q, 9);
	UK_TRY(uk_copy_str(out->number, sizeof(out->number), bank_col(q, 2)));
	UK_TRY(uk_copy_str(out->name, sizeof(out->name), bank_col(q, 3)));
	return uk_copy_str(
	    out->currency, sizeof(out->currency), bank_col(q, 4));
}

uk_err bank_account_find(
    struct bank_store *s, uk_bytes number, struct bank_account *out)
{
	bank_query q = bank_query_of(
	    s, "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE number = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*out = (struct bank_account){ 0 };
	bank_bind_text(&q, number);
	if (bank_query_row(&q))
		err = read_account(&q, out);
	UK_TRY(bank_query_end(&q));
	return err;
}

uk_err bank_accounts_each(
    struct bank_store *s, int64_t customer, bank_account_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s,
	    "SELECT " ACCOUNT_COLUMNS
	    " FROM accounts WHERE customer = ? ORDER BY number");
	struct bank_account a;
	uk_err err = uk_ok();

	bank_bind_int(&q, customer);
	while (uk_is_ok(err) && bank_query_row(&q)) {
		err = read_account(&q, &a);
		if (uk_is_ok(err))
			fn(arg, &a);
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

static bool limits_ok(const struct bank_account *a)
{
	return a->min_balance >= -BANK_LIMIT_MAX &&
	       a->min_balance <= BANK_LIMIT_MAX && a->max_transfer >= 0 &&
	       a->max_transfer <= BANK_LIMIT_MAX && a->max_day >= 0 &&
	       a->max_day <= BANK_LIMIT_MAX;
}

uk_err bank_account_limit(struct bank_store *s, const struct bank_account *a)
{
	bank_query q;

	if (!limits_ok(a) || a->customer == 0)
		return uk_fail(UK_ERR_ARGUMENT);
	q = bank_query_of(s,
	    "UPDATE accounts SET min_balance = ?, max_transfer = ?,"
	    " max_day = ? WHERE id = ? AND balance - held >= ?");
	bank_bind_int(&q, a->min_balance);
	bank_bind_int(&q, a->max_transfer);
	bank_bind_int(&q, a->max_day);
	bank_bind_int(&q, a->id);
	bank_bind_int(&q, a->min_balance);
	UK_TRY(bank_query_run(&q));
	return bank_changes(s) == 1 ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}
