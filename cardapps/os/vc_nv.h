/*
 * Non-volatile memory: small objects with transactions.
 *
 * Everything a card remembers is an object: a file, a PIN with its counter, a
 * key, a setting. An object is named by application, kind and reference.
 * Changes are collected; vc_nv_commit writes them all or none of them and only
 * then makes them the truth. Until then vc_nv_get already shows them, so that a
 * command reads what it has just put.
 *
 * The file, BER-TLV:
 *     E0 { 80 01 02   E1 { 81 04 app kind ref(2)   82 n value }* }
 *
 * Version 2 came with the usage of keys, which a program older than it would
 * not respect; version 3 with the registry of applications (vc_registry.h).
 * Older ones are read, and written as 3 with the next change. A remark in the
 * file says that its keys are in the clear, for who looks into it; or the whole
 * of it is sealed under a key of the user's (vc_seal.h).
 */
#ifndef VC_NV_H
#define VC_NV_H

#include "vc_store.h"

enum vc_nv_kind {
	VC_NV_DATA = 1,
	VC_NV_FILE = 2,
	VC_NV_PIN = 3, /* secret: kept in locked pages */
	VC_NV_KEY = 4  /* secret */
};

enum { VC_NV_TOTAL_MAX = 512 * 1024, VC_NV_OBJECTS_MAX = 512 };

struct vc_nv_id {
	uint8_t app;
	uint8_t kind; /* enum vc_nv_kind */
	uint16_t ref;
};

struct vc_nv;

/* path NULL: in memory only. Errors of vc_store_open, UK_ERR_FORMAT for a file
 * that is not ours, UK_ERR_UNSUPPORTED for one of a later version. A new one
 * (VC_STORE_CREATE, or no path) is empty and not on the disk before its first
 * commit. */
UK_RESULT vc_nv_open(
    const char *path, enum vc_store_mode mode, struct vc_nv **out);
void vc_nv_close(struct vc_nv **nv);

/* A view, good until the next put, drop, commit or abort of this object. */
bool vc_nv_get(struct vc_nv *nv, struct vc_nv_id id, uk_bytes *value);
/* UK_ERR_MEMORY; UK_ERR_TOO_SMALL if the card is full. */
UK_RESULT vc_nv_put(struct vc_nv *nv, struct vc_nv_id id, uk_bytes value);
void vc_nv_drop(struct vc_nv *nv, struct vc_nv_id id);
/* Everything of this application. */
void vc_nv_drop_app(struct vc_nv *nv, uint8_t app);

/* UK_ERR_IO, UK_ERR_MEMORY: nothing changed, and the changes are forgotten. */
UK_RESULT vc_nv_commit(struct vc_nv *nv);
void vc_nv_abort(struct vc_nv *nv);
/* What is pending becomes the truth without being written: for what a newer
 * program adds to an older card. The next commit writes it. */
void vc_nv_adopt(struct vc_nv *nv);

#endif
