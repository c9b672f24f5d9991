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

const struct bank_migration bank_migrations[] = {
	{ .name = "books", .sql = books },
	{ .name = "login", .sql = login },
};

const size_t bank_migration_count = sizeof(bank_migrations) /
				    sizeof(bank_migrations[0]);
