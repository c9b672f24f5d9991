/*
 * Transparent files of one application (ISO/IEC 7816-4:2020, 7.4 and 11.3;
 * 7816-9 for creating and deleting).
 *
 * Which files may be, their short identifiers and who may write them is a table
 * of the application. Before a change the application is asked, and told after
 * it, so that it can count versions within the same transaction.
 */
#ifndef VC_FILES_H
#define VC_FILES_H

#include "apdu.h"
#include "vc_home.h"

enum { VC_MF = 0x3f00, VC_FILE_MAX = 0xffff };

/* Files first..last, with short identifiers sfi, sfi + 1, ... (0: none). */
struct vc_file_rule {
	uint16_t first, last;
	uint8_t sfi;
	uint8_t write; /* the application's own number for "who may" */
	uint8_t read;  /* likewise; 0 = everybody */
	bool dynamic;  /* CREATE FILE and DELETE FILE */
};

struct vc_files {
	struct vc_home *home;
	const struct vc_file_rule *rules;
	size_t rule_count;
	uint16_t current; /* 0: none */
	void *owner;
	/* 9000, or why this may not be written now. */
	uint16_t (*may_write)(void *owner, const struct vc_file_rule *rule);
	/* The same for SELECT and reading; asked only if rule->read is not 0.
	 */
	uint16_t (*may_read)(void *owner, const struct vc_file_rule *rule);
	/* A change is pending: add what goes with it to the transaction. */
	uk_err (*changed)(void *owner);
};

/* Pending: a file with this capacity and no content. */
UK_RESULT vc_files_put_new(
    const struct vc_files *f, uint16_t fid, uint16_t capacity);

/* One function per command; each returns the status word. */
uint16_t vc_files_select(struct vc_files *f, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_files_create(struct vc_files *f, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_files_delete(struct vc_files *f, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_files_read(struct vc_files *f, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_files_read_odd(struct vc_files *f, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_files_update(struct vc_files *f, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_files_update_odd(
    struct vc_files *f, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_files_erase(struct vc_files *f, const uk_cmd *cmd, uk_buf *out);

/* --- for those who have files elsewhere (the MF) ---------------------------
 */

struct vc_file {
	uint16_t fid, capacity;
	uint8_t sfi; /* 0: none */
	uk_bytes content;
};

/* SELECT's answer about a file: 6F or 62, or nothing, as form = P2 says. */
uint16_t vc_file_describe(
    const struct vc_file *file, uint8_t form, uk_buf *out);
/* READ BINARY's answer: content from offset, as much as Le asks for. */
uint16_t vc_file_give(
    uk_bytes content, size_t offset, uint32_t le, uk_buf *out);

#endif
