/* Terminals and their statements. */
#include "terminals.h"

static uk_err fingerprint_of(uk_bytes spki, uint8_t out[UK_CHECKSUM_SIZE])
{
	return uk_checksum(&spki, 1, out);
}

uk_err bank_terminal_register(
    struct bank_store *s, int64_t customer, uk_bytes name, const uk_key *key)
{
	uint8_t fingerprint[UK_CHECKSUM_SIZE];
	uk_blob spki = { NULL, 0 };
	bank_query q;
	int64_t id;
	uk_err err;

	if (uk_key_kind(key) != UK_KEY_P256)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (name.n == 0 || name.n > BANK_TERMINAL_NAME_MAX ||
	    !uk_tx_value_ok(name))
		return uk_fail(UK_ERR_ARGUMENT);
	err = uk_key_spki(key, &spki);
	if (uk_is_ok(err))
		err = fingerprint_of(uk_blob_view(&spki), fingerprint);
	if (!uk_is_ok(err))
		goto out;
	q = bank_query_of(s,
	    "INSERT INTO terminals (fingerprint, customer, name, spki)"
	    " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id");
	bank_bind_blob(&q, UK_ARRAY(fingerprint));
	bank_bind_int(&q, customer);
	bank_bind_text(&q, name);
	bank_bind_blob(&q, uk_blob_view(&spki));
	err = bank_query_id(&q, &id);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		err = uk_fail(UK_ERR_EXISTS);
out:
	uk_blob_free(&spki);
	return err;
}

uk_err bank_terminal_revoke(
    struct bank_store *s, int64_t customer, uk_bytes name)
{
	bank_query q = bank_query_of(s,
	    "UPDATE terminals SET revoked = 1"
	    " WHERE customer = ? AND name = ? AND revoked = 0");

	bank_bind_int(&q, customer);
	bank_bind_text(&q, name);
	UK_TRY(bank_query_run(&q));
	return bank_changes(s) > 0 ? uk_ok() : uk_fail(UK_ERR_NOT_FOUND);
}

/* --- statements ---------------------------------------------------------- */

static uk_err find_key(struct bank_store *s, uk_crypto *c, int64_t customer,
    const struct bank_statement *st, uk_key **key)
{
	bank_query q = bank_query_of(s,
	    "SELECT spki FROM terminals"
	    " WHERE fingerprint = ? AND customer = ? AND revoked = 0");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*key = NULL;
	bank_bind_blob(&q, UK_ARRAY(st->terminal));
	bank_bind_int(&q, customer);
	if (bank_query_row(&q))
		err = uk_key_from_spki(c, bank_col(&q, 0), key);
	UK_TRY(bank_query_end(&q));
	return err;
}

static uk_err put_message(uk_buf *out, const struct bank_statement *st,
    uk_bytes text, uk_bytes signature)
{
	uint8_t hashes[2][UK_CHECKSUM_SIZE];

	UK_TRY(uk_checksum(&text, 1, hashes[0]));
	UK_TRY(uk_checksum(&signature, 1, hashes[1]));
	bank_put_displayed(out, UK_ARRAY(hashes[0]), UK_ARRAY(hashes[1]),
	    st->counter, st->time);
	return uk_buf_result(out);
}

static uk_err use_up(struct bank_store *s, const struct bank_statement *st)
{
	bank_query q = bank_query_of(s,
	    "UPDATE terminals SET counter = ?"
	    " WHERE fingerprint = ? AND counter < ? AND revoked = 0");

	bank_bind_int(&q, st->counter);
	bank_bind_blob(&q, UK_ARRAY(st->terminal));
	bank_bind_int(&q, st->counter);
	UK_TRY(bank_query_run(&q));
	return bank_changes(s) == 1 ? uk_ok() : uk_fail(UK_ERR_TIMEOUT);
}

uk_err bank_terminal_use(struct bank_store *s, uk_crypto *c, int64_t customer,
    uk_bytes statement, uk_bytes text, uk_bytes signature, int64_t now)
{
	uint8_t storage[160];
	uk_buf message = UK_BUF(storage);
	struct bank_statement st;
	uk_key *key = NULL;
	uk_err err = bank_parse_statement(statement, &st);

	if (uk_is_ok(err))
		err = find_key(s, c, customer, &st, &key);
	if (uk_is_ok(err))
		err = put_message(&message, &st, text, signature);
	if (uk_is_ok(err))
		err = uk_key_verify(key, UK_SIG_ECDSA, UK_HASH_SHA256,
		    uk_buf_view(&message), UK_ARRAY(st.signature));
	if (uk_is_ok(err) && (st.time > now + BANK_STATEMENT_SECONDS ||
				 st.time < now - BANK_STATEMENT_SECONDS))
		err = uk_fail(UK_ERR_TIMEOUT);
	if (uk_is_ok(err))
		err = use_up(s, &st);
	uk_key_close(&key);
	return err;
}
