/*
 * One text of SQL for every engine: words that an engine calls otherwise.
 *
 * Words are found outside of quotes and only whole; of two that match at one
 * place the first in the table counts, so longer ones stand first.
 */
#ifndef BANK_SQLTEXT_H
#define BANK_SQLTEXT_H

#include "mem.h"

struct bank_sql_word {
	const char *from, *to;
};

/* Appends sql to *out. numbered: '?' and '?N' become "$N". UK_ERR_FORMAT: a
 * quote is not closed, or '?' and '?N' are mixed. */
UK_RESULT bank_sql_translate(const struct bank_sql_word *words, size_t n,
    bool numbered, const char *sql, uk_blob *out);

#endif
