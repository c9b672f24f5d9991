/*
 * Inside the room: a JSON object, read member by member. It remembers its first
 * failure, as uk_reader does: go straight through and look at .err once.
 */
#ifndef BC_MEMBERS_H
#define BC_MEMBERS_H

#include "bc_answer.h"

#include <jansson.h>

struct bc_members {
	const json_t *o;
	uk_err err;
};

struct bc_members bc_members_of(const json_t *o);
/* NULL: there is none. */
const json_t *bc_member(struct bc_members *m, const char *name);
uk_bytes bc_string_of(struct bc_members *m, const char *name);
/* A text that can be shown on a terminal. */
void bc_take_text(
    struct bc_members *m, const char *name, char *out, size_t cap);
/* "" if it is null or not there. */
void bc_take_optional_text(
    struct bc_members *m, const char *name, char *out, size_t cap);
void bc_take_bytes(struct bc_members *m, const char *name, uk_blob *out);
void bc_take_time(struct bc_members *m, const char *name, int64_t *out);
void bc_take_integer(struct bc_members *m, const char *name, int64_t *out);
void bc_take_bool(struct bc_members *m, const char *name, bool *out);
void bc_take_currency(struct bc_members *m, const char *name, char out[4]);

/* Objects of `size` bytes, *n of them, each read by `read`; to be freed also
 * when m is bad. NULL if there are none. */
typedef uk_err bc_read_item(const json_t *o, void *item);
void *bc_take_list(struct bc_members *m, const char *name, size_t size,
    bc_read_item *read, size_t *n);

/* A whole answer; UK_ERR_FORMAT. */
UK_RESULT bc_parse_object(uk_bytes json, json_t **out);

#endif
