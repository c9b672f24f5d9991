/* One text of SQL for every engine. */
#include "sqltext.h"

#include <stdio.h>
#include <string.h>

struct translation {
	const struct bank_sql_word *words;
	size_t n;
	bool numbered;
	int next;     /* parameter without a number */
	bool counted; /* one with a number was seen */
	const char *at;
	bool in_word; /* the character before belongs to a word */
	uk_blob *out;
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* Everything up to the closing quote; a doubled one opens the next at once. */
static uk_err quoted(struct translation *t)
{
	const char *end = strchr(t->at + 1, *t->at);
	uk_bytes text;

	if (end == NULL)
		return uk_fail(UK_ERR_FORMAT);
	text = uk_view(t->at, (size_t)(end - t->at) + 1);
	t->at = end + 1;
	t->in_word = false;
	return uk_blob_add(t->out, text);
}

static uk_err parameter(struct translation *t)
{
	char text[16];
	int number = 0;

	t->at++;
	for (; *t->at >= '0' && *t->at <= '9' && number < 1000; t->at++)
		number = 10 * number + (*t->at - '0');
	if (number == 0)
		number = ++t->next;
	else
		t->counted = true;
	if (t->counted && t->next > 0)
		return uk_fail(UK_ERR_FORMAT);
	(void)snprintf(text, sizeof(text), "$%d", number);
	t->in_word = true;
	return uk_blob_add(t->out, uk_view_str(text));
}

static const struct bank_sql_word *find_word(const struct translation *t)
{
	for (size_t i = 0; i < t->n && !t->in_word; i++) {
		size_t n = strlen(t->words[i].from);

		if (strncmp(t->at, t->words[i].from, n) == 0 &&
		    !is_word(t->at[n]))
			return &t->words[i];
	}
	return NULL;
}

static uk_err plain(struct translation *t)
{
	const struct bank_sql_word *w = find_word(t);
	uk_bytes one = uk_view(t->at, 1);

	if (w != NULL) {
		t->at += strlen(w->from);
		t->in_word = true;
		return uk_blob_add(t->out, uk_view_str(w->to));
	}
	t->in_word = is_word(*t->at);
	t->at++;
	return uk_blob_add(t->out, one);
}

uk_err bank_sql_translate(const struct bank_sql_word *words, size_t n,
    bool numbered, const char *sql, uk_blob *out)
{
	struct translation t = { words, n, numbered, 0, false, sql, false,
		out };

	while (*t.at != '\0') {
		if (*t.at == '\'' || *t.at == '"')
			UK_TRY(quoted(&t));
		else if (*t.at == '?' && t.numbered)
			UK_TRY(parameter(&t));
		else
			UK_TRY(plain(&t));
	}
	return uk_ok();
}
