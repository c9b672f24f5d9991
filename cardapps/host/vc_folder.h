/* A private folder that goes away with everything in it. */
#ifndef VC_FOLDER_H
#define VC_FOLDER_H

#include "err.h"

/* Short enough for sockets in it: their paths have 107 bytes. */
enum { VC_FOLDER_MAX = 80, VC_PATH_MAX = 107 };

struct vc_folder {
	char path[VC_FOLDER_MAX]; /* empty: there is none */
};

/* In $TMPDIR if that is short, else in /tmp; mode 0700. */
UK_RESULT vc_folder_make(struct vc_folder *f);
void vc_folder_remove(struct vc_folder *f);

/* The path of something in it. */
void vc_folder_name(
    const struct vc_folder *f, const char *name, char path[VC_PATH_MAX]);
/* Writes a whole text file, mode 0600. */
UK_RESULT vc_folder_write(
    const struct vc_folder *f, const char *name, const char *text);

#endif
