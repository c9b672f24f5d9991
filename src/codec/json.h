/*
 * JSON from outside (RFC 8259), read in place: nothing is copied and nothing
 * allocated. uk_json_parse judges the whole text once; what it accepts can be
 * walked through without further errors. Stricter than the RFC where programs
 * differ: UTF-8 in its shortest form, no U+0000, no lone surrogates, no two
 * members of one object with the same name, at most UK_JSON_DEPTH values inside
 * each other and UK_JSON_MEMBERS in one object.
 */
#ifndef UK_JSON_H
#define UK_JSON_H

#include "bytes.h"

enum { UK_JSON_DEPTH = 16, UK_JSON_MEMBERS = 64 };

enum uk_json_kind {
	UK_JSON_OBJECT,
	UK_JSON_ARRAY,
	UK_JSON_STRING,
	UK_JSON_NUMBER,
	UK_JSON_WORD, /* true, false, null */
	UK_JSON_NOTHING
};

typedef struct uk_json {
	enum uk_json_kind kind;
	uk_bytes raw; /* strings without their quotes, objects and arrays
		       * without their brackets, the others as they stand */
} uk_json;

/* UK_ERR_FORMAT if the text is not one value with blanks around it. */
UK_RESULT uk_json_parse(uk_bytes text, uk_json *out);

/* The members of an object that uk_json_parse has judged, in their order:
 *
 *	uk_bytes rest = object.raw;
 *	while (uk_json_next(&rest, &name, &value))
 */
bool uk_json_next(uk_bytes *rest, uk_json *name, uk_json *value);

/* The member of this name (ASCII) of an object; of kind UK_JSON_NOTHING if it
 * has none, and if it is no object. */
uk_json uk_json_member(const uk_json *object, const char *name);
/* The items of an array, likewise. */
bool uk_json_item(uk_bytes *rest, uk_json *value);

/* Is it a string of these characters (ASCII)? */
bool uk_json_is(const uk_json *v, const char *text);
/* What a string says, appended as UTF-8: never more bytes than raw. */
UK_RESULT uk_json_text(const uk_json *v, uk_buf *out);
/* Has a string no escapes? Then it says raw itself. */
bool uk_json_is_plain(const uk_json *v);
/* UK_ERR_FORMAT for other kinds, for numbers with a fraction or an exponent,
 * and for those that do not fit. */
UK_RESULT uk_json_int(const uk_json *v, int64_t *out);

#endif
