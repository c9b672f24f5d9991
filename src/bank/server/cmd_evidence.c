/* The subcommands about evidence and terminals. */
#include "cmd_parts.h"
#include "customers.h"
#include "orders.h"
#include "terminals.h"

#include <stdio.h>

/* --- evidence ------------------------------------------------------------ */

static enum bank_exit print_evidence(
    struct bank_store *s, uk_crypto *c, int64_t customer, const char *number)
{
	struct bank_proven p = { .level = BANK_DISPLAY_NONE };
	enum bank_code code = bank_order_evidence(
	    s, c, customer, uk_view_str(number), &p);
	enum bank_exit end = BANK_EXIT_OK;

	if (code == BANK_NOT_FOUND)
		end = bank_complain(BANK_EXIT_NO_INPUT, number,
		    "this customer has no posted order of this number");
	else if (code != BANK_OK)
		end = bank_complain(BANK_EXIT_SOFTWARE, number,
		    "its evidence cannot be put together: see `audit`");
	else if (fwrite(p.evidence.p, 1, p.evidence.n, stdout) != p.evidence.n)
		end = bank_complain(BANK_EXIT_IO, "evidence", "not written");
	bank_proven_free(&p);
	return end;
}

static enum bank_exit find_customer(
    struct bank_store *s, const char *name, int64_t *id)
{
	uk_err err = bank_customer_find(s, uk_view_str(name), id);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return bank_complain(
		    BANK_EXIT_NO_INPUT, name, "there is no such customer");
	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, name);
}

enum bank_exit bank_cmd_evidence(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	uk_crypto *crypto = NULL;
	int64_t customer;
	enum bank_exit code = bank_open_store(o, &store);

	if (code == BANK_EXIT_OK && !uk_is_ok(uk_crypto_open(&crypto)))
		code = bank_complain(
		    BANK_EXIT_SOFTWARE, "evidence", "no cryptography");
	if (code == BANK_EXIT_OK)
		code = find_customer(store, o->customer, &customer);
	if (code == BANK_EXIT_OK)
		code = print_evidence(store, crypto, customer, o->order);
	uk_crypto_close(&crypto);
	bank_store_close(&store);
	return code;
}

/* --- terminals ----------------------------------------------------------- */

static uk_err change_terminal(struct bank_store *s, uk_crypto *c,
    const struct bank_options *o, int64_t customer)
{
	uk_bytes name = uk_view_str(o->name);
	uk_key *key = NULL;
	uk_err err = uk_ok();

	if (!o->revoke)
		err = uk_key_from_pem_file(c, o->key, &key);
	if (uk_is_ok(err))
		err = bank_begin(s);
	if (uk_is_ok(err))
		err = o->revoke
			  ? bank_terminal_revoke(s, customer, name)
			  : bank_terminal_register(s, customer, name, key);
	if (uk_is_ok(err))
		err = bank_commit(s);
	bank_rollback(s); /* does nothing after a commit */
	uk_key_close(&key);
	return err;
}

static enum bank_exit terminal_problem(uk_err err, const struct bank_options *o)
{
	switch (err.code) {
	case UK_ERR_EXISTS:
		return bank_complain(BANK_EXIT_EXISTS, "--key",
		    "this terminal is registered already");
	case UK_ERR_UNSUPPORTED:
		return bank_complain(
		    BANK_EXIT_DATA, "--key", "a P-256 key is expected");
	case UK_ERR_NOT_FOUND:
		return bank_complain(BANK_EXIT_NO_INPUT,
		    o->revoke ? "--name" : "--key",
		    o->revoke ? "this customer has no such terminal"
			      : "the file cannot be read");
	default:
		return bank_failed(err, o->revoke ? "--name" : "--key");
	}
}

enum bank_exit bank_cmd_terminal(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	uk_crypto *crypto = NULL;
	int64_t customer;
	enum bank_exit code;
	uk_err err;

	if ((o->key == NULL) == !o->revoke)
		return bank_complain(BANK_EXIT_USAGE, "terminal",
		    "give either --key or --revoke");
	code = bank_open_store(o, &store);
	if (code == BANK_EXIT_OK && !uk_is_ok(uk_crypto_open(&crypto)))
		code = bank_complain(
		    BANK_EXIT_SOFTWARE, "terminal", "no cryptography");
	if (code == BANK_EXIT_OK)
		code = find_customer(store, o->customer, &customer);
	if (code == BANK_EXIT_OK) {
		err = change_terminal(store, crypto, o, customer);
		if (!uk_is_ok(err))
			code = terminal_problem(err, o);
		else
			printf("%s %s of %s\n",
			    o->revoke ? "revoked" : "registered", o->name,
			    o->customer);
	}
	uk_crypto_close(&crypto);
	bank_store_close(&store);
	return code;
}
