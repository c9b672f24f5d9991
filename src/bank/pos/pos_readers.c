/* Card readers of terminals. */
#include "pos_readers.h"

#include "secret.h"

enum {
	TDES_COUNTER_BITS = 21,
	/* the issuer's part of an initial key ID and of a KSN */
	AES_BANK = 0x0000000b,
	TDES_BANK = 0xffff
};

/* --- asked for and prepared ----------------------------------------------- */

static uk_err count_of(struct bank_pos *p, int64_t owner, int64_t *n)
{
	bank_query q = bank_query_of(
	    p->store, "SELECT count(*) FROM pos_readers WHERE owner = ?");

	bank_bind_int(&q, owner);
	*n = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

static uk_err insert(struct bank_pos *p, int64_t owner,
    enum bank_reader_kind kind, int64_t now, int64_t *id)
{
	bank_query q = bank_query_of(p->store,
	    "INSERT INTO pos_readers (owner, kind, state, counter, created)"
	    " VALUES (?, ?, 'requested', 0, ?) RETURNING id");

	bank_bind_int(&q, owner);
	bank_bind_int(&q, kind);
	bank_bind_int(&q, now);
	*id = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

enum bank_code bank_reader_request(struct bank_pos *p, int64_t owner,
    enum bank_reader_kind kind, int64_t now, int64_t *id)
{
	int64_t n = 0;
	uk_err err = bank_begin(p->store);

	if (uk_is_ok(err))
		err = count_of(p, owner, &n);
	if (uk_is_ok(err) && n >= BANK_READERS_EACH) {
		bank_rollback(p->store);
		return BANK_BUSY;
	}
	if (uk_is_ok(err))
		err = insert(p, owner, kind, now, id);
	if (uk_is_ok(err))
		err = bank_commit(p->store);
	if (!uk_is_ok(err))
		bank_rollback(p->store);
	return bank_pos_code(err);
}

/* The reader's row number makes the ID unique. */
static uk_err make_key(struct bank_pos *p, int64_t reader,
    enum bank_reader_kind kind, struct bank_reader_key *out)
{
	uk_buf b = UK_BUF(out->id);

	out->kind = kind;
	if (reader <= 0 || reader > UINT32_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	if (kind == BANK_READER_AES) {
		uk_put_u32(&b, AES_BANK);
		uk_put_u32(&b, (uint32_t)reader);
	} else {
		uk_put_u16(&b, TDES_BANK);
		uk_put_u64(&b, (uint64_t)reader << TDES_COUNTER_BITS);
	}
	out->id_len = b.len;
	return kind == BANK_READER_AES
		   ? uk_dukpt_initial(p->crypto, bank_vault_base_aes(p->vault),
			 uk_buf_view(&b), out->key)
		   : uk_dukpt_tdes_initial(p->crypto,
			 bank_vault_base_tdes(p->vault), uk_buf_view(&b),
			 out->key);
}

static uk_err find_requested(
    struct bank_pos *p, int64_t reader, enum bank_reader_kind *kind)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT kind, CASE WHEN state = 'requested' THEN 1 ELSE 0 END FROM "
	    "pos_readers WHERE id = ?"
	    " FOR UPDATE");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_int(&q, reader);
	if (bank_query_row(&q)) {
		*kind = bank_col_int(&q, 0) == BANK_READER_TDES
			    ? BANK_READER_TDES
			    : BANK_READER_AES;
		err = bank_col_int(&q, 1) != 0 ? uk_ok()
					       : uk_fail(UK_ERR_EXISTS);
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

static uk_err release(
    struct bank_pos *p, int64_t reader, struct bank_reader_key *out)
{
	enum bank_reader_kind kind = BANK_READER_AES;

	UK_TRY(find_requested(p, reader, &kind));
	UK_TRY(make_key(p, reader, kind, out));
	{
		bank_query q = bank_query_of(p->store,
		    "UPDATE pos_readers SET state = 'active', name = ?"
		    " WHERE id = ?");

		bank_bind_blob(&q, uk_view(out->id, out->id_len));
		bank_bind_int(&q, reader);
		return bank_query_run(&q);
	}
}

uk_err bank_reader_release(
    struct bank_pos *p, int64_t reader, struct bank_reader_key *out)
{
	uk_err err;

	*out = (struct bank_reader_key){ 0 };
	UK_TRY(bank_begin(p->store));
	err = release(p, reader, out);
	if (uk_is_ok(err))
		err = bank_commit(p->store);
	if (!uk_is_ok(err)) {
		bank_rollback(p->store);
		uk_wipe(out, sizeof(*out));
	}
	return err;
}

uk_err bank_readers_each(
    struct bank_pos *p, int64_t owner, bank_reader_fn *fn, void *arg)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT id, kind, counter, CASE WHEN state = 'active' THEN 1 ELSE "
	    "0 END FROM pos_readers"
	    " WHERE owner = ? ORDER BY id");

	bank_bind_int(&q, owner);
	while (bank_query_row(&q)) {
		const struct bank_reader r = { bank_col_int(&q, 0),
			(enum bank_reader_kind)bank_col_int(&q, 1),
			bank_col_int(&q, 2), bank_col_int(&q, 3) != 0 };

		fn(arg, &r);
	}
	return bank_query_end(&q);
}

/* --- in use --------------------------------------------------------------- */

/* KSN to what the reader is known by, and its counter. */
static bool split_ksn(uk_bytes ksn, uk_buf *name, int64_t *counter)
{
	uk_reader r = uk_read(uk_bytes_last(ksn, 4));
	uint32_t low = uk_get_u32(&r);

	if (ksn.n == UK_DUKPT_KSN) {
		*counter = low;
		uk_put(name, uk_bytes_first(ksn, UK_DUKPT_ID));
		return true;
	}
	if (ksn.n != UK_DUKPT_KSN_TDES)
		return false;
	*counter = low & ((1 << TDES_COUNTER_BITS) - 1);
	uk_put(name, uk_bytes_first(ksn, UK_DUKPT_KSN_TDES - 4));
	uk_put_u32(name, low - (uint32_t)*counter);
	return true;
}

static uk_err find_active(
    struct bank_pos *p, int64_t owner, uk_bytes name, struct bank_reader *out)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT id, kind, counter FROM pos_readers"
	    " WHERE name = ? AND owner = ? AND state = 'active' FOR UPDATE");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_blob(&q, name);
	bank_bind_int(&q, owner);
	if (bank_query_row(&q)) {
		*out = (struct bank_reader){ bank_col_int(&q, 0),
			(enum bank_reader_kind)bank_col_int(&q, 1),
			bank_col_int(&q, 2), true };
		err = uk_ok();
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

enum bank_code bank_reader_keys(struct bank_pos *p, int64_t owner, uk_bytes ksn,
    struct bank_reader *reader, struct uk_dukpt_keys *keys)
{
	struct bank_reader_key initial = { .id_len = 0 };
	uint8_t storage[UK_DUKPT_KSN_TDES];
	uk_buf name = UK_BUF(storage);
	int64_t counter;
	uk_err err;

	if (!split_ksn(ksn, &name, &counter))
		return BANK_MALFORMED;
	err = find_active(p, owner, uk_buf_view(&name), reader);
	if (uk_is(err, UK_ERR_NOT_FOUND) ||
	    (uk_is_ok(err) && counter <= reader->counter))
		return BANK_READER;
	if (uk_is_ok(err))
		err = make_key(p, reader->id, reader->kind, &initial);
	if (uk_is_ok(err))
		err = reader->kind == BANK_READER_AES
			  ? uk_dukpt_keys(
				p->crypto, UK_ARRAY(initial.key), ksn, keys)
			  : uk_dukpt_tdes_keys(
				p->crypto, UK_ARRAY(initial.key), ksn, keys);
	uk_wipe(&initial, sizeof(initial));
	return uk_is(err, UK_ERR_FORMAT) ? BANK_READER : bank_pos_code(err);
}

uk_err bank_reader_used(
    struct bank_pos *p, const struct bank_reader *r, uk_bytes ksn)
{
	uint8_t storage[UK_DUKPT_KSN_TDES];
	uk_buf name = UK_BUF(storage);
	int64_t counter;
	bank_query q = bank_query_of(
	    p->store, "UPDATE pos_readers SET counter = ? WHERE id = ?");

	if (!split_ksn(ksn, &name, &counter))
		return uk_fail(UK_ERR_ARGUMENT);
	bank_bind_int(&q, counter);
	bank_bind_int(&q, r->id);
	return bank_query_run(&q);
}
