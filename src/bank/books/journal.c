/* The journal: canonical bytes, the chain, and the rows in the database. */
#include "journal.h"

#define CONTEXT "ukey journal row 1"

enum { ROW_MAX = 2048 /* canonical bytes */, EACH_ROWS = 512 };

/* --- the chain: pure ----------------------------------------------------- */

static void put_text(uk_buf *out, uk_bytes v)
{
	uk_put_u32(out, (uint32_t)v.n);
	uk_put(out, v);
}

uk_err bank_journal_put(uk_buf *out, const struct bank_journal_row *row)
{
	if ((row->basis.n != 0 && row->basis.n != BANK_HASH) ||
	    row->count > BANK_ENTRIES_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_str(out, CONTEXT);
	uk_put_u64(out, (uint64_t)row->id);
	uk_put_u64(out, (uint64_t)row->time);
	put_text(out, row->kind);
	put_text(out, row->memo);
	put_text(out, row->currency);
	uk_put_u64(out, (uint64_t)row->order);
	uk_put_u64(out, (uint64_t)row->reverses);
	uk_put_u64(out, (uint64_t)row->hold);
	put_text(out, row->basis);
	uk_put_u32(out, (uint32_t)row->count);
	for (size_t i = 0; i < row->count; i++) {
		uk_put_u64(out, (uint64_t)row->entries[i].account);
		uk_put_u64(out, (uint64_t)row->entries[i].amount);
		uk_put_u64(out, (uint64_t)row->entries[i].balance);
	}
	return uk_buf_result(out);
}

uk_err bank_journal_chain(
    const struct bank_journal_row *row, uint8_t hash[BANK_HASH])
{
	uint8_t storage[ROW_MAX];
	uk_buf bytes = UK_BUF(storage);
	uk_bytes parts[2] = { uk_view(hash, BANK_HASH), UK_NONE };

	UK_TRY(bank_journal_put(&bytes, row));
	parts[1] = uk_buf_view(&bytes);
	return uk_checksum(parts, 2, hash);
}

uk_err bank_journal_basis(
    uk_bytes text, uk_bytes signature, uint8_t basis[BANK_HASH])
{
	uint8_t hashes[2][BANK_HASH];
	uk_bytes both = UK_ARRAY(hashes);

	UK_TRY(uk_checksum(&text, 1, hashes[0]));
	UK_TRY(uk_checksum(&signature, 1, hashes[1]));
	return uk_checksum(&both, 1, basis);
}

/* --- reading ------------------------------------------------------------- */

static void start_row(const bank_query *q, struct bank_journal_row *row)
{
	*row = (struct bank_journal_row){
		.id = bank_col_int(q, 0),
		.time = bank_col_int(q, 1),
		.kind = bank_col(q, 2),
		.memo = bank_col(q, 3),
		.currency = bank_col(q, 4),
		.order = bank_col_int(q, 5),
		.reverses = bank_col_int(q, 6),
		.hold = bank_col_int(q, 7),
		.basis = bank_col(q, 8),
	};
}

static uk_err read_entries(struct bank_store *s, struct bank_journal_row *row)
{
	bank_query q = bank_query_of(s,
	    "SELECT account, amount, balance FROM entries WHERE journal = ?"
	    " ORDER BY id");

	bank_bind_int(&q, row->id);
	while (bank_query_row(&q)) {
		if (row->count < BANK_ENTRIES_MAX)
			row->entries[row->count] = (struct bank_entry){
				bank_col_int(&q, 0),
				bank_col_int(&q, 1),
				bank_col_int(&q, 2),
			};
		row->count++;
	}
	return bank_query_end(&q);
}

/* At most EACH_ROWS of them: engines keep an answer in memory whole. */
static uk_err some_rows(struct bank_store *s, int64_t *from, int64_t to,
    size_t *n, bank_journal_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s,
	    "SELECT id, time, kind, memo, currency, order_id, reverses, hold,"
	    " basis, hash FROM journal WHERE id > ? AND id <= ? ORDER BY id"
	    " LIMIT ?");
	struct bank_journal_row row;
	uk_err err = uk_ok();

	bank_bind_int(&q, *from);
	bank_bind_int(&q, to);
	bank_bind_int(&q, EACH_ROWS);
	while (uk_is_ok(err) && bank_query_row(&q)) {
		start_row(&q, &row);
		err = read_entries(s, &row);
		if (uk_is_ok(err))
			err = fn(arg, &row, bank_col(&q, 9));
		*from = row.id;
		(*n)++;
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

uk_err bank_journal_each(struct bank_store *s, int64_t from, int64_t to,
    bank_journal_fn *fn, void *arg)
{
	size_t n;

	do {
		n = 0;
		UK_TRY(some_rows(s, &from, to, &n, fn, arg));
	} while (n == EACH_ROWS);
	return uk_ok();
}

uk_err bank_journal_find(struct bank_store *s, uk_bytes hash, int64_t *id)
{
	bank_query q = bank_query_of(
	    s, "SELECT id FROM journal WHERE hash = ? ORDER BY id LIMIT 1");
	bool found;

	bank_bind_blob(&q, hash);
	found = bank_query_row(&q);
	*id = found ? bank_col_int(&q, 0) : 0;
	UK_TRY(bank_query_end(&q));
	return found ? uk_ok() : uk_fail(UK_ERR_NOT_FOUND);
}

/* --- the head ------------------------------------------------------------ */

struct old_rows {
	struct bank_store *store;
	struct bank_head *head;
};

static uk_err set_hash(struct bank_store *s, int64_t id, uk_bytes hash)
{
	bank_query q = bank_query_of(
	    s, "UPDATE journal SET hash = ? WHERE id = ? AND hash IS NULL");

	bank_bind_blob(&q, hash);
	bank_bind_int(&q, id);
	return bank_query_run(&q);
}

static uk_err chain_old(
    void *arg, const struct bank_journal_row *row, uk_bytes hash)
{
	struct old_rows *old = arg;

	(void)hash; /* there is none */
	UK_TRY(bank_journal_chain(row, old->head->hash));
	return set_hash(old->store, row->id, UK_ARRAY(old->head->hash));
}

/* Rows from before there was a chain: they are its beginning. */
static uk_err begin_chain(struct bank_store *s, struct bank_head *head)
{
	struct old_rows old = { s, head };

	return bank_journal_each(s, 0, head->height, chain_old, &old);
}

static uk_err read_head(bank_query *q, struct bank_head *head, bool *begun)
{
	uk_err err = uk_fail(UK_ERR_IO); /* the schema puts it there */

	*head = (struct bank_head){ 0 };
	*begun = false;
	if (bank_query_row(q)) {
		head->height = bank_col_int(q, 0);
		*begun = !bank_col_is_null(q, 1);
		err = *begun
			  ? uk_copy_exact(head->hash, BANK_HASH, bank_col(q, 1))
			  : uk_ok();
	}
	UK_TRY(bank_query_end(q));
	return err;
}

uk_err bank_journal_head(struct bank_store *s, struct bank_head *head)
{
	bank_query q = bank_query_of(
	    s, "SELECT height, hash FROM journal_head WHERE id = 1");
	bool begun;

	return read_head(&q, head, &begun);
}

uk_err bank_journal_lock(struct bank_store *s, struct bank_head *head)
{
	/* A change, so that other writers wait here. */
	bank_query q = bank_query_of(s,
	    "UPDATE journal_head SET height = height WHERE id = 1"
	    " RETURNING height, hash");
	bool begun;

	UK_TRY(read_head(&q, head, &begun));
	return begun ? uk_ok() : begin_chain(s, head);
}

uk_err bank_journal_unlock(struct bank_store *s, const struct bank_head *head)
{
	bank_query q = bank_query_of(
	    s, "UPDATE journal_head SET height = ?, hash = ? WHERE id = 1");

	bank_bind_int(&q, head->height);
	bank_bind_blob(&q, UK_ARRAY(head->hash));
	return bank_query_run(&q);
}

/* --- adding -------------------------------------------------------------- */

static void bind_id(bank_query *q, int64_t id)
{
	if (id == 0)
		bank_bind_null(q);
	else
		bank_bind_int(q, id);
}

static uk_err insert_row(
    struct bank_store *s, const struct bank_journal_row *row, uk_bytes hash)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO journal (id, time, kind, memo, currency, order_id,"
	    " reverses, hold, basis, hash)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bank_bind_int(&q, row->id);
	bank_bind_int(&q, row->time);
	bank_bind_text(&q, row->kind);
	bank_bind_text(&q, row->memo);
	bank_bind_text(&q, row->currency);
	bind_id(&q, row->order);
	bind_id(&q, row->reverses);
	bind_id(&q, row->hold);
	if (row->basis.n == 0)
		bank_bind_null(&q);
	else
		bank_bind_blob(&q, row->basis);
	bank_bind_blob(&q, hash);
	return bank_query_later(&q);
}

static uk_err insert_entry(
    struct bank_store *s, int64_t journal, const struct bank_entry *e)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO entries (journal, account, amount, balance)"
	    " VALUES (?, ?, ?, ?)");

	bank_bind_int(&q, journal);
	bank_bind_int(&q, e->account);
	bank_bind_int(&q, e->amount);
	bank_bind_int(&q, e->balance);
	return bank_query_later(&q);
}

uk_err bank_journal_check(const struct bank_journal_row *row)
{
	return row->kind.n > BANK_KIND_MAX || row->memo.n > BANK_MEMO_MAX ||
		       (row->basis.n != 0 && row->basis.n != BANK_HASH)
		   ? uk_fail(UK_ERR_ARGUMENT)
		   : uk_ok();
}

uk_err bank_journal_add(
    struct bank_store *s, struct bank_head *head, struct bank_journal_row *row)
{
	struct bank_head next = *head;

	UK_TRY(bank_journal_check(row));
	row->id = ++next.height;
	UK_TRY(bank_journal_chain(row, next.hash));
	UK_TRY(insert_row(s, row, UK_ARRAY(next.hash)));
	for (size_t i = 0; i < row->count; i++)
		UK_TRY(insert_entry(s, row->id, &row->entries[i]));
	*head = next;
	return uk_ok();
}
