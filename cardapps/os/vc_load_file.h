/*
 * Load files (GlobalPlatform: executable load files; Java Card: packages): what
 * makes a kind of application available on a card.
 *
 * The program cannot run the code that a load file brings. It keeps what the
 * file said about itself; an application can be installed from a module if the
 * program has a kind with that module's name. Load files of preinstalled kinds
 * are on the card from the beginning, as if masked.
 *
 * Objects, VC_NV_DATA of application 0, reference 0200 + slot:
 *     4F AID, CE version (2), 80 size (4), [81 SHA-256 of the code], 84
 * module's AID, again and again
 */
#ifndef VC_LOAD_FILE_H
#define VC_LOAD_FILE_H

#include "vc_app.h"

enum { VC_LOAD_FILES_MAX = 24, VC_LOAD_FILE_MODULES_MAX = 16 };

struct vc_load_file {
	uk_bytes aid;
	uint16_t version;
	uint32_t size;    /* of the code; 0: masked */
	uk_bytes hash;    /* none: masked */
	uk_bytes modules; /* 84 n AID, one after the other */
};

/* By place; false if there is none. Views into memory. */
bool vc_load_file_at(struct vc_nv *nv, size_t slot, struct vc_load_file *out);
bool vc_load_file_find(
    struct vc_nv *nv, uk_bytes aid, struct vc_load_file *out);
bool vc_load_file_has(const struct vc_load_file *file, uk_bytes module);

/* Pending, both. UK_ERR_EXISTS; UK_ERR_TOO_SMALL: no place left. */
UK_RESULT vc_load_file_put(struct vc_nv *nv, const struct vc_load_file *file);
void vc_load_file_drop(struct vc_nv *nv, uk_bytes aid);

#endif
