/*
 * Files this program keeps: the session, orders under way, receipts,
 * requests for certificates.
 *
 * A file is there whole or not at all: it is written beside its place, flushed
 * to the disk, and renamed. Folders are 0700 and files 0600.
 */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include "mem.h"

enum store_place {
	STORE_CONFIG,   /* $XDG_CONFIG_HOME/ukey or ~/.config/ukey */
	STORE_SESSION,  /* $XDG_RUNTIME_DIR/ukey or ~/.local/state/ukey */
	STORE_ORDERS,   /* $XDG_STATE_HOME/ukey/orders or ~/.local/state/... */
	STORE_RECEIPTS, /* $XDG_DATA_HOME/ukey/receipts or ~/.local/share/... */
	STORE_ENROLMENTS /* $XDG_DATA_HOME/ukey/enrolments likewise */
};

enum { STORE_PATH_MAX = 1024, STORE_FILE_MAX = 256 * 1024 };

/* UK_ERR_NOT_FOUND without a home, UK_ERR_TOO_SMALL if the path is too long. */
UK_RESULT store_path(
    enum store_place place, const char *name, char out[STORE_PATH_MAX]);
/* The whole file. UK_ERR_NOT_FOUND, UK_ERR_IO, UK_ERR_FORMAT if it is longer
 * than STORE_FILE_MAX. */
UK_RESULT store_read_file(const char *path, uk_blob *out);
UK_RESULT store_read(enum store_place place, const char *name, uk_blob *out);
UK_RESULT store_write(enum store_place place, const char *name, uk_bytes v);
/* Not there is as good as removed. */
UK_RESULT store_remove(enum store_place place, const char *name);

#endif
