/*
 * Structured field values of HTTP (RFC 8941, RFC 9651): dictionaries, as far as
 * signatures and digests need them.
 *
 *   dictionary = member *( OWS "," OWS member )
 *   member     = key [ "=" ( item / inner-list ) ] parameters
 *   inner-list = "(" *SP [ item *( 1*SP item ) *SP ] ")"
 *   item       = ( integer / string / token / :base64: / ?0 / ?1 ) parameters
 *
 * Decimals, dates and display strings are not known here and refused, and so is
 * a key that occurs twice (the RFC lets the last one win, which invites two
 * readers to see two things). All values are views into the field; nothing is
 * unescaped or decoded.
 */
#ifndef UK_SFV_H
#define UK_SFV_H

#include "bytes.h"

enum {
	UK_SF_MAX = 8192, /* bytes of a field */
	UK_SF_MEMBERS = 16,
	UK_SF_ITEMS = 24,
	UK_SF_PARAMS = 8
};

enum uk_sf_type {
	UK_SF_INTEGER,
	UK_SF_STRING, /* text: between the quotes, with its escapes */
	UK_SF_TOKEN,
	UK_SF_BYTES, /* text: the base64 between the colons */
	UK_SF_BOOLEAN
};

typedef struct uk_sf_value {
	enum uk_sf_type type;
	int64_t number; /* of an integer; of a boolean 0 or 1 */
	uk_bytes text;
} uk_sf_value;

typedef struct uk_sf_param {
	uk_bytes key;
	uk_sf_value value;
} uk_sf_param;

typedef struct uk_sf_params {
	uk_sf_param at[UK_SF_PARAMS];
	size_t n;
} uk_sf_params;

typedef struct uk_sf_item {
	uk_sf_value value;
	uk_sf_params params;
} uk_sf_item;

typedef struct uk_sf_member {
	uk_bytes key;
	bool is_list;
	uk_sf_item items[UK_SF_ITEMS]; /* not a list: the first one is it */
	size_t n;
	uk_sf_params params; /* of the list; an item has its own */
} uk_sf_member;

/* The member with this key. UK_ERR_FORMAT if the field, as a whole, is not a
 * dictionary; UK_ERR_NOT_FOUND. */
UK_RESULT uk_sf_find(uk_bytes field, uk_bytes key, uk_sf_member *out);
/* Member number `i`, in the order of the field: for searching. */
UK_RESULT uk_sf_at(uk_bytes field, size_t i, uk_sf_member *out);

/* NULL if there is none. */
const uk_sf_value *uk_sf_param_of(const uk_sf_params *p, const char *key);

/* The strict serialisation (RFC 8941, 4.1). */
void uk_sf_put_value(uk_buf *out, const uk_sf_value *v);
void uk_sf_put_params(uk_buf *out, const uk_sf_params *p);
void uk_sf_put_list(uk_buf *out, const uk_sf_member *m);

#endif
