/* The steps of the schema, oldest first. */
#include "schema.h"

static const char books[] =
    "CREATE TABLE IF NOT EXISTS customers ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE IF NOT EXISTS certificates ("
    " fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32),"
    " customer INTEGER NOT NULL REFERENCES customers,"
    " purpose TEXT NOT NULL CHECK (purpose IN ('login', 'transaction')),"
    " serial TEXT NOT NULL UNIQUE,"
    " der BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS revoked ("
    " serial TEXT PRIMARY KEY,"
    " time INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    /* customer NULL: the bank's own, which may go below zero */
    "CREATE TABLE IF NOT EXISTS accounts ("
    " id INTEGER PRIMARY KEY,"
    " number TEXT NOT NULL UNIQUE,"
    " customer INTEGER REFERENCES customers,"
    " name TEXT NOT NULL,"
    " currency TEXT NOT NULL,"
    " balance INTEGER NOT NULL DEFAULT 0"
    "  CHECK (customer IS NULL OR balance >= 0)) STRICT;"
    "CREATE INDEX IF NOT EXISTS accounts_of ON accounts (customer);"
    "CREATE TABLE IF NOT EXISTS orders ("
    " id INTEGER PRIMARY KEY,"
    " customer INTEGER NOT NULL REFERENCES customers,"
    " number TEXT NOT NULL,"
    " content BLOB NOT NULL," /* hash of what was asked for */
    " source INTEGER NOT NULL REFERENCES accounts,"
    " target INTEGER NOT NULL REFERENCES accounts,"
    " payee TEXT NOT NULL,"
    " amount INTEGER NOT NULL CHECK (amount > 0),"
    " currency TEXT NOT NULL,"
    " memo TEXT NOT NULL,"
    " text BLOB NOT NULL,"
    " expires INTEGER NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('prepared', 'posted')),"
    " algorithm TEXT, signature BLOB, certificate BLOB,"
    " receipt BLOB, receipt_signature BLOB,"
    " UNIQUE (customer, number),"
    " CHECK (state = 'prepared' OR (signature IS NOT NULL AND"
    "  receipt IS NOT NULL AND receipt_signature IS NOT NULL))) STRICT;"
    "CREATE TABLE IF NOT EXISTS journal ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " time INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " memo TEXT NOT NULL,"
    " order_id INTEGER UNIQUE REFERENCES orders) STRICT;"
    "CREATE TABLE IF NOT EXISTS entries ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " journal INTEGER NOT NULL REFERENCES journal,"
    " account INTEGER NOT NULL REFERENCES accounts,"
    " amount INTEGER NOT NULL CHECK (amount <> 0),"
    " balance INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS entries_of ON entries (account, id);"
    "CREATE INDEX IF NOT EXISTS entries_in ON entries (journal);";

/* What servers that share a database must agree on (nonces.h, sessions.h). */
static const char login[] =
    "CREATE TABLE login_key ("
    " id INTEGER NOT NULL UNIQUE CHECK (id = 1),"
    " key BLOB NOT NULL) STRICT;"
    "CREATE TABLE login_nonces ("
    " tag BLOB PRIMARY KEY,"
    " expires INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX login_nonces_by ON login_nonces (expires);"
    "CREATE TABLE sessions ("
    " hash BLOB PRIMARY KEY,"
    " customer INTEGER NOT NULL REFERENCES customers,"
    " certificate BLOB NOT NULL,"
    " began INTEGER NOT NULL,"
    " used INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX sessions_of ON sessions (customer);";

/*
 * Limits, holds, and the chain of the journal (journal.h).
 *
 * The balance moves into a new column because its check changes: held money
 * and each account's own limit count. Both engines drop a check with its
 * column.
 */
static const char ledger[] =
    "ALTER TABLE accounts ADD COLUMN held INTEGER NOT NULL DEFAULT 0"
    " CHECK (held >= 0);"
    "ALTER TABLE accounts ADD COLUMN min_balance INTEGER NOT NULL DEFAULT 0;"
    /* of one transfer, of one day (UTC); 0: none */
    "ALTER TABLE accounts ADD COLUMN max_transfer INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE accounts ADD COLUMN max_day INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE accounts ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE accounts ADD COLUMN spent_day INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE accounts ADD COLUMN money INTEGER NOT NULL DEFAULT 0"
    " CHECK (customer IS NULL OR money - held >= min_balance);"
    "UPDATE accounts SET min_balance = -9223372036854775807"
    " WHERE customer IS NULL;"
    "UPDATE accounts SET money = balance;"
    "ALTER TABLE accounts DROP COLUMN balance;"
    "ALTER TABLE accounts RENAME COLUMN money TO balance;"
    "CREATE TABLE holds ("
    " id INTEGER PRIMARY KEY,"
    " account INTEGER NOT NULL REFERENCES accounts,"
    " amount INTEGER NOT NULL CHECK (amount > 0),"
    " remaining INTEGER NOT NULL CHECK (remaining >= 0),"
    " created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL,"
    " memo TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN"
    "  ('open', 'captured', 'released', 'expired')),"
    " CHECK (state = 'open' OR remaining = 0)) STRICT;"
    "CREATE INDEX holds_by_end ON holds (state, expires);"
    "CREATE INDEX holds_of ON holds (account, state);"
    "ALTER TABLE journal ADD COLUMN currency TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE journal ADD COLUMN reverses INTEGER REFERENCES journal;"
    "ALTER TABLE journal ADD COLUMN hold INTEGER REFERENCES holds;"
    "ALTER TABLE journal ADD COLUMN basis BLOB;"
    "ALTER TABLE journal ADD COLUMN hash BLOB;"
    "CREATE UNIQUE INDEX journal_reverses ON journal (reverses);"
    "CREATE INDEX journal_hash ON journal (hash);"
    /* hash NULL: the rows there are were not chained yet */
    "CREATE TABLE journal_head ("
    " id INTEGER NOT NULL UNIQUE CHECK (id = 1),"
    " height INTEGER NOT NULL,"
    " hash BLOB) STRICT;"
    "INSERT INTO journal_head (id, height)"
    " SELECT 1, coalesce(max(id), 0) FROM journal;";

/* Against accidents; who can change the schema is found out by the chain. The
 * one change allowed is that a row older than the chain gets its hash. */
static const char ledger_sqlite[] =
    "CREATE TRIGGER journal_update BEFORE UPDATE ON journal"
    " WHEN OLD.hash IS NOT NULL BEGIN"
    " SELECT RAISE(ABORT, 'the journal is only added to'); END;"
    "CREATE TRIGGER journal_delete BEFORE DELETE ON journal BEGIN"
    " SELECT RAISE(ABORT, 'the journal is only added to'); END;"
    "CREATE TRIGGER entries_update BEFORE UPDATE ON entries BEGIN"
    " SELECT RAISE(ABORT, 'entries are only added'); END;"
    "CREATE TRIGGER entries_delete BEFORE DELETE ON entries BEGIN"
    " SELECT RAISE(ABORT, 'entries are only added'); END;";

static const char ledger_postgresql[] =
    "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RAISE EXCEPTION ''rows of this table are only added''; END';"
    "CREATE TRIGGER journal_update BEFORE UPDATE ON journal FOR EACH ROW"
    " WHEN (OLD.hash IS NOT NULL) EXECUTE FUNCTION only_added();"
    "CREATE TRIGGER journal_delete BEFORE DELETE ON journal FOR EACH ROW"
    " EXECUTE FUNCTION only_added();"
    "CREATE TRIGGER journal_truncate BEFORE TRUNCATE ON journal"
    " EXECUTE FUNCTION only_added();"
    "CREATE TRIGGER entries_update BEFORE UPDATE OR DELETE ON entries"
    " FOR EACH ROW EXECUTE FUNCTION only_added();"
    "CREATE TRIGGER entries_truncate BEFORE TRUNCATE ON entries"
    " EXECUTE FUNCTION only_added();";

/* Card terminals: src/bank/pos. States and kinds are numbers of its headers. */
static const char pos[] =
    "CREATE TABLE outbox ("
    " id INTEGER PRIMARY KEY,"
    " time INTEGER NOT NULL,"
    " recipient TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " body TEXT NOT NULL) STRICT;"
    "CREATE TABLE pos_users ("
    " id INTEGER PRIMARY KEY,"
    " email TEXT NOT NULL UNIQUE,"
    " password TEXT NOT NULL,"
    " settlement TEXT NOT NULL,"
    " account INTEGER REFERENCES accounts," /* once confirmed */
    " active INTEGER NOT NULL,"
    " token BLOB UNIQUE,"
    " token_expires INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " CHECK (active = 0 OR account IS NOT NULL)) STRICT;"
    "CREATE TABLE pos_sessions ("
    " hash BLOB PRIMARY KEY,"
    " owner INTEGER NOT NULL REFERENCES pos_users,"
    " began INTEGER NOT NULL,"
    " used INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX pos_sessions_of ON pos_sessions (owner, used);"
    "CREATE INDEX pos_sessions_by ON pos_sessions (used);"
    "CREATE TABLE pos_readers ("
    " id INTEGER PRIMARY KEY,"
    " owner INTEGER NOT NULL REFERENCES pos_users,"
    " kind INTEGER NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN"
    "  ('requested', 'active', 'retired')),"
    " name BLOB UNIQUE," /* the KSN without its counter */
    " counter INTEGER NOT NULL,"
    " created INTEGER NOT NULL) STRICT;"
    "CREATE INDEX pos_readers_of ON pos_readers (owner);"
    "CREATE TABLE pos_cards ("
    " id INTEGER PRIMARY KEY,"
    " pan_index BLOB NOT NULL,"
    " sequence INTEGER NOT NULL,"
    " pan BLOB NOT NULL," /* sealed, and the key */
    " masked TEXT NOT NULL,"
    " expiry TEXT NOT NULL,"
    " account INTEGER NOT NULL REFERENCES accounts,"
    " scheme INTEGER NOT NULL,"
    " card_key BLOB NOT NULL,"
    " method INTEGER NOT NULL,"
    " pin_salt BLOB NOT NULL,"
    " pin_value BLOB,"
    " pin_left INTEGER NOT NULL CHECK (pin_left >= 0),"
    " blocked INTEGER NOT NULL,"
    " atc_last INTEGER NOT NULL,"
    " atc_seen INTEGER NOT NULL,"
    " UNIQUE (pan_index, sequence)) STRICT;"
    "CREATE TABLE pos_orders ("
    " id INTEGER PRIMARY KEY,"
    " owner INTEGER NOT NULL REFERENCES pos_users,"
    " number TEXT NOT NULL UNIQUE,"
    " merchant TEXT NOT NULL,"
    " goods TEXT NOT NULL,"
    " terms TEXT NOT NULL,"
    " currency TEXT NOT NULL,"
    " amount INTEGER NOT NULL CHECK (amount > 0),"
    " created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " challenge BLOB NOT NULL) STRICT;"
    "CREATE INDEX pos_orders_of ON pos_orders (owner, state, id);"
    "CREATE TABLE pos_payments ("
    " id INTEGER PRIMARY KEY,"
    " order_id INTEGER NOT NULL REFERENCES pos_orders,"
    " request BLOB NOT NULL,"
    " reader INTEGER NOT NULL REFERENCES pos_readers,"
    " card INTEGER REFERENCES pos_cards,"
    " state INTEGER NOT NULL,"
    " code TEXT NOT NULL,"
    " issuer_data BLOB NOT NULL,"
    " masked TEXT NOT NULL,"
    " pin_left INTEGER NOT NULL,"
    " emv BLOB NOT NULL,"
    " signature BLOB NOT NULL," /* sealed; empty: none */
    " time INTEGER NOT NULL,"
    " complete_before INTEGER NOT NULL,"
    " journal INTEGER REFERENCES journal,"
    " last_emv BLOB,"
    " last_journal INTEGER REFERENCES journal,"
    " ended INTEGER,"
    " UNIQUE (order_id, request)) STRICT;"
    "CREATE INDEX pos_payments_late ON pos_payments (state, complete_before);";

/* What verifies a signature years later (evidence.h), kept once; and how the
 * order was shown (displays.h). */
static const char evidence[] =
    "CREATE TABLE evidence_parts ("
    " fingerprint BLOB PRIMARY KEY,"
    " kind TEXT NOT NULL CHECK (kind IN ('certificate', 'crl', 'ocsp')),"
    " der BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE evidence_sets ("
    " id INTEGER PRIMARY KEY,"
    " fingerprint BLOB NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE evidence_set_parts ("
    " set_id INTEGER NOT NULL REFERENCES evidence_sets,"
    " place INTEGER NOT NULL,"
    " part BLOB NOT NULL REFERENCES evidence_parts,"
    " UNIQUE (set_id, place)) STRICT;"
    "ALTER TABLE orders ADD COLUMN evidence INTEGER"
    " REFERENCES evidence_sets;"
    "ALTER TABLE orders ADD COLUMN display TEXT NOT NULL DEFAULT 'none';"
    "ALTER TABLE orders ADD COLUMN statement BLOB;"
    "CREATE INDEX orders_open ON orders (customer, state, expires);"
    "CREATE TABLE terminals ("
    " id INTEGER PRIMARY KEY,"
    " fingerprint BLOB NOT NULL UNIQUE," /* SHA-256 of the public key */
    " customer INTEGER NOT NULL REFERENCES customers,"
    " name TEXT NOT NULL,"
    " spki BLOB NOT NULL,"
    " counter INTEGER NOT NULL DEFAULT 0,"
    " revoked INTEGER NOT NULL DEFAULT 0) STRICT;";

/* Requests for certificates that wait for approval (enrol.h). purpose 0: login,
 * 1: transaction; state 0: waiting, 1: approved, 2: rejected. */
static const char enrolments[] =
    "CREATE TABLE enrolments ("
    " id INTEGER PRIMARY KEY,"
    " receipt BLOB NOT NULL UNIQUE," /* SHA-256 */
    " name TEXT NOT NULL,"
    " purpose INTEGER NOT NULL,"
    " request TEXT NOT NULL,"
    " key BLOB NOT NULL,"
    " state INTEGER NOT NULL,"
    " time INTEGER NOT NULL,"
    " reason TEXT,"
    " certificate BLOB) STRICT;"
    "CREATE INDEX enrolments_waiting ON enrolments (state, id);";

/* What a merchant's page asks for. */
static const char pages[] =
    "CREATE INDEX merchants_of ON merchants (account);"
    "CREATE INDEX bills_by_merchant ON bills (merchant, id);"
    "CREATE INDEX deliveries_of ON deliveries (bill);";

/* Merchants' orders that are paid with a card (bills.h, pos_orders.h), and what
 * is set aside for a payment under way. */
static const char cards[] =
    "ALTER TABLE bills ADD COLUMN method TEXT NOT NULL DEFAULT 'bill'"
    " CHECK (method IN ('bill', 'card'));"
    "ALTER TABLE bills ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE pos_orders ADD COLUMN bill INTEGER REFERENCES bills;"
    "CREATE UNIQUE INDEX pos_orders_bill ON pos_orders (bill);"
    "ALTER TABLE pos_payments ADD COLUMN hold INTEGER REFERENCES holds;"
    "CREATE INDEX pos_users_account ON pos_users (account);";

const struct bank_migration bank_migrations[] = {
	{ .name = "books", .sql = books },
	{ .name = "login", .sql = login },
	{ .name = "ledger",
	    .sql = ledger,
	    .sqlite = ledger_sqlite,
	    .postgresql = ledger_postgresql },
	{ .name = "pos", .sql = pos },
	{ .name = "shop", .sql = bank_schema_shop },
	{ .name = "evidence", .sql = evidence },
	{ .name = "enrolments", .sql = enrolments },
	{ .name = "pages", .sql = pages },
	{ .name = "cards", .sql = cards },
};

const size_t bank_migration_count = sizeof(bank_migrations) /
				    sizeof(bank_migrations[0]);
