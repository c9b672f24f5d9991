/* Requests that wait for approval. */
#include "enrol.h"

#include "hex.h"
#include "secret.h"

enum { RECEIPT_BYTES = BANK_ENROL_RECEIPT / 2, HASH = 32 };

static const char *const states[] = { [BANK_ENROL_ASKED] = "waiting",
	[BANK_ENROL_APPROVED] = "approved",
	[BANK_ENROL_REJECTED] = "rejected" };

const char *bank_enrol_state_name(enum bank_enrol_state state)
{
	return states[state];
}

void bank_enrol_free(struct bank_enrol *e)
{
	uk_blob_free(&e->name);
	uk_blob_free(&e->request);
	uk_blob_free(&e->key);
	uk_blob_free(&e->reason);
	uk_blob_free(&e->certificate);
}

/* --- asking -------------------------------------------------------------- */

static uk_err sweep(struct bank_store *s, int64_t now)
{
	bank_query q = bank_query_of(
	    s, "DELETE FROM enrolments WHERE state = 0 AND time < ?");

	bank_bind_int(&q, now - BANK_ENROL_SECONDS);
	return bank_query_run(&q);
}

static uk_err count_waiting(struct bank_store *s)
{
	bank_query q = bank_query_of(
	    s, "SELECT count(*) FROM enrolments WHERE state = 0");
	int64_t n = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;

	UK_TRY(bank_query_end(&q));
	return n < BANK_ENROL_WAITING ? uk_ok() : uk_fail(UK_ERR_CARD_BUSY);
}

static uk_err insert(struct bank_store *s, uk_bytes receipt, uk_bytes name,
    enum uk_purpose purpose, uk_bytes request, uk_bytes key, int64_t now)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO enrolments (receipt, name, purpose, request, key,"
	    " state, time) VALUES (?, ?, ?, ?, ?, 0, ?)");

	bank_bind_blob(&q, receipt);
	bank_bind_text(&q, name);
	bank_bind_int(&q, purpose == UK_FOR_LOGIN ? 0 : 1);
	bank_bind_text(&q, request);
	bank_bind_blob(&q, key);
	bank_bind_int(&q, now);
	return bank_query_run(&q);
}

/* A new receipt, in hex, and what is kept of it. */
static uk_err make_receipt(uk_crypto *c, uk_buf *receipt, uk_buf *hash)
{
	uint8_t secret[RECEIPT_BYTES], storage[BANK_ENROL_RECEIPT];
	uk_buf text = UK_BUF(storage);
	uk_err err = uk_random(c, secret, sizeof(secret));

	uk_put_hex(&text, UK_ARRAY(secret));
	if (uk_is_ok(err))
		err = uk_hash_one(c, UK_HASH_SHA256, uk_buf_view(&text), hash);
	uk_put(receipt, uk_buf_view(&text));
	uk_wipe(secret, sizeof(secret));
	uk_wipe(storage, sizeof(storage));
	return uk_is_ok(err) ? uk_buf_result(receipt) : err;
}

uk_err bank_enrol_ask(struct bank_store *s, uk_crypto *c, uk_bytes name,
    enum uk_purpose purpose, uk_bytes request, int64_t now, uk_buf *receipt)
{
	uint8_t storage[2][HASH];
	uk_buf key = UK_BUF(storage[0]), hash = UK_BUF(storage[1]);
	uk_err err;

	UK_TRY(bank_ca_check_request(c, request, &key));
	UK_TRY(make_receipt(c, receipt, &hash));
	UK_TRY(bank_begin(s));
	err = sweep(s, now);
	if (uk_is_ok(err))
		err = count_waiting(s);
	if (uk_is_ok(err))
		err = insert(s, uk_buf_view(&hash), name, purpose, request,
		    uk_buf_view(&key), now);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

/* --- looking ------------------------------------------------------------- */

#define COLUMNS                                                                \
	"SELECT id, time, state, purpose, name, request, key, reason,"         \
	" certificate FROM enrolments "

static uk_err read_row(bank_query *q, struct bank_enrol *out)
{
	out->id = bank_col_int(q, 0);
	out->time = bank_col_int(q, 1);
	out->state = (enum bank_enrol_state)bank_col_int(q, 2);
	out->purpose = bank_col_int(q, 3) == 0 ? UK_FOR_LOGIN
					       : UK_FOR_TRANSACTION;
	UK_TRY(uk_blob_set(&out->name, bank_col(q, 4)));
	UK_TRY(uk_blob_set(&out->request, bank_col(q, 5)));
	UK_TRY(uk_blob_set(&out->key, bank_col(q, 6)));
	UK_TRY(uk_blob_set(&out->reason, bank_col(q, 7)));
	return uk_blob_set(&out->certificate, bank_col(q, 8));
}

static uk_err read_one(bank_query *q, struct bank_enrol *out)
{
	uk_err err = uk_fail(UK_ERR_NOT_FOUND), end;

	*out = (struct bank_enrol){ .id = 0 };
	if (bank_query_row(q))
		err = read_row(q, out);
	end = bank_query_end(q);
	if (!uk_is_ok(end))
		err = end;
	if (!uk_is_ok(err))
		bank_enrol_free(out);
	return err;
}

uk_err bank_enrol_by_receipt(struct bank_store *s, uk_crypto *c,
    uk_bytes receipt, struct bank_enrol *out)
{
	uint8_t storage[HASH];
	uk_buf hash = UK_BUF(storage);
	bank_query q;

	*out = (struct bank_enrol){ .id = 0 };
	UK_TRY(uk_hash_one(c, UK_HASH_SHA256, receipt, &hash));
	q = bank_query_of(s, COLUMNS "WHERE receipt = ?");
	bank_bind_blob(&q, uk_buf_view(&hash));
	return read_one(&q, out);
}

uk_err bank_enrol_by_id(
    struct bank_store *s, int64_t id, struct bank_enrol *out)
{
	bank_query q = bank_query_of(s, COLUMNS "WHERE id = ?");

	bank_bind_int(&q, id);
	return read_one(&q, out);
}

uk_err bank_enrol_each(struct bank_store *s, bank_enrol_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s, COLUMNS "WHERE state = 0 ORDER BY id");
	uk_err err = uk_ok(), end;

	while (uk_is_ok(err) && bank_query_row(&q)) {
		struct bank_enrol e = { .id = 0 };

		err = read_row(&q, &e);
		if (uk_is_ok(err))
			fn(arg, &e);
		bank_enrol_free(&e);
	}
	end = bank_query_end(&q);
	return uk_is_ok(err) ? end : err;
}

/* --- deciding ------------------------------------------------------------ */

static uk_err decide(struct bank_store *s, bank_query *q)
{
	UK_TRY(bank_query_run(q));
	return bank_changes(s) == 1 ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}

uk_err bank_enrol_approve(
    struct bank_store *s, int64_t id, uk_bytes certificate, int64_t now)
{
	bank_query q = bank_query_of(s,
	    "UPDATE enrolments SET state = 1, certificate = ?, time = ?"
	    " WHERE id = ? AND state = 0");

	bank_bind_blob(&q, certificate);
	bank_bind_int(&q, now);
	bank_bind_int(&q, id);
	return decide(s, &q);
}

uk_err bank_enrol_reject(
    struct bank_store *s, int64_t id, uk_bytes reason, int64_t now)
{
	bank_query q = bank_query_of(s,
	    "UPDATE enrolments SET state = 2, reason = ?, time = ?"
	    " WHERE id = ? AND state = 0");

	bank_bind_text(&q, reason);
	bank_bind_int(&q, now);
	bank_bind_int(&q, id);
	return decide(s, &q);
}
