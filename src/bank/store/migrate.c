/* Making the steps of the schema. */
#include "engine.h"
#include "schema.h"
#include "store.h"

static uk_err count(struct bank_store *s, const char *sql, size_t *out)
{
	bank_query q = bank_query_of(s, sql);
	int64_t n;

	UK_TRY(bank_query_id(&q, &n));
	*out = (size_t)n;
	return uk_ok();
}

uk_err bank_store_steps(struct bank_store *s, size_t *made, size_t *known)
{
	size_t tables;

	*made = 0;
	*known = bank_migration_count;
	UK_TRY(count(s, bank_store_engine(s)->has_steps, &tables));
	return tables == 0 ? uk_ok()
			   : count(s, "SELECT count(*) FROM migrations", made);
}

/* What only this engine understands. */
static const char *own_text(
    const struct bank_store *s, const struct bank_migration *m)
{
	return bank_store_engine(s) == &bank_sqlite ? m->sqlite : m->postgresql;
}

static uk_err make_step(struct bank_store *s, size_t step)
{
	const struct bank_migration *m = &bank_migrations[step];
	const char *own = own_text(s, m);
	bank_query q;

	UK_TRY(bank_store_run(s, m->sql));
	if (own != NULL)
		UK_TRY(bank_store_run(s, own));
	q = bank_query_of(
	    s, "INSERT INTO migrations (step, name) VALUES (?, ?)");
	bank_bind_int(&q, (int64_t)step + 1);
	bank_bind_text(&q, uk_view_str(m->name));
	return bank_query_run(&q);
}

static uk_err make_all(struct bank_store *s)
{
	const char *lock = bank_store_engine(s)->lock_schema;
	size_t made, known;

	if (lock != NULL)
		UK_TRY(bank_store_run(s, lock));
	UK_TRY(bank_store_run(s,
	    "CREATE TABLE IF NOT EXISTS migrations ("
	    " step INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"));
	UK_TRY(bank_store_steps(s, &made, &known));
	if (made > known)
		return uk_fail(UK_ERR_UNSUPPORTED);
	for (size_t step = made; step < known; step++)
		UK_TRY(make_step(s, step));
	return bank_commit(s);
}

uk_err bank_store_migrate(struct bank_store *s)
{
	uk_err err;

	UK_TRY(bank_begin(s));
	err = make_all(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}
