/* Between vc_files.c and vc_binary.c. */
#ifndef VC_FILES_PRIV_H
#define VC_FILES_PRIV_H

#include "vc_files.h"

struct vc_found {
	const struct vc_file_rule *rule;
	struct vc_file file;
};

bool vc_files_find(
    const struct vc_files *f, uint16_t fid, struct vc_found *out);
/* 0 if there is no such short identifier. */
uint16_t vc_files_by_sfi(const struct vc_files *f, uint8_t sfi);
/* 9000, or why this may not be read now. */
uint16_t vc_files_may_read(
    const struct vc_files *f, const struct vc_found *found);
/* Commits what is pending together with what the owner adds. */
uint16_t vc_files_commit(struct vc_files *f);

#endif
