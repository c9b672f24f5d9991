/*
 * A JSON document that people wrote: read straight through, asked once.
 *
 * A cursor (struct vc_json) is a value and its place in the document. Reading
 * what is not there, or is of another type, or out of range is a failure of the
 * whole document; the first one is remembered with its place and a sentence
 * that says what is expected, and from then on every reader answers its
 * fallback. So whoever reads goes on as if all were well and asks at the end,
 * as with uk_buf and uk_reader.
 */
#ifndef VC_JSON_H
#define VC_JSON_H

#include "bytes.h"
#include "err.h"

#include <jansson.h>

enum { VC_JSON_PATH_MAX = 128, VC_JSON_WHY_MAX = 400 };

struct vc_doc {
	json_t *root;
	const char *file; /* borrowed; for messages */
	int64_t now;      /* what relative times are counted from */
	bool bad;
	char why[VC_JSON_WHY_MAX]; /* the first failure, a sentence */
};

struct vc_json {
	struct vc_doc *doc;
	json_t *v; /* NULL: not there */
	char path[VC_JSON_PATH_MAX];
};

/* Parses a file (at most 1 MiB). UK_ERR_NOT_FOUND, UK_ERR_FORMAT; doc->why says
 * what and where. Members named twice are refused (RFC 8259, 4). */
UK_RESULT vc_doc_open(const char *file, int64_t now, struct vc_doc *out);
/* The same from text in memory, called `name` in messages. */
UK_RESULT vc_doc_read(
    const char *text, const char *name, int64_t now, struct vc_doc *out);
void vc_doc_close(struct vc_doc *doc);
/* UK_ERR_FORMAT if anything was wrong. */
UK_RESULT vc_doc_result(const struct vc_doc *doc);

struct vc_json vc_json_root(struct vc_doc *doc);
bool vc_json_is_there(const struct vc_json *j);
/* A member of an object; of what is not there or no object: not there. */
struct vc_json vc_json_at(const struct vc_json *j, const char *name);
/* Elements of a list; one that is no list counts as a list of itself. */
size_t vc_json_count(const struct vc_json *j);
struct vc_json vc_json_item(const struct vc_json *j, size_t i);

/* Fails unless it is an object with no members but these (NULL ends them), or
 * not there. */
void vc_json_only(const struct vc_json *j, const char *const *names);

/* Not there: the fallback. Text is borrowed from the document. */
const char *vc_json_text(const struct vc_json *j, const char *fallback);
int64_t vc_json_int(
    const struct vc_json *j, int64_t min, int64_t max, int64_t fallback);
bool vc_json_bool(const struct vc_json *j, bool fallback);
/* Which of the names (NULL ends them); the fallback is an index, or -1. */
int vc_json_choice(
    const struct vc_json *j, const char *const *names, int fallback);
/* Appends the bytes that hexadecimal digits stand for, min to max of them;
 * nothing if it is not there. */
void vc_json_hex(const struct vc_json *j, size_t min, size_t max, uk_buf *out);
/* Seconds since 1970: "now", "-1d", "+2y" (s m h d w y), "2026-11-20" (its
 * first second, UTC), "2026-11-20T12:00:00Z". */
int64_t vc_json_time(const struct vc_json *j, int64_t fallback);

/* What a reader above this one finds wrong with a value. */
void vc_json_fail(const struct vc_json *j, const char *expected)
    __attribute__((nonnull));

#endif
