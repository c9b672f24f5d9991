/*
 * The issuer security domain: GlobalPlatform 2.3.1 on this card.
 *
 * It answers for the card (GET DATA, GET STATUS), opens secure channels to who
 * has its keys (vc_scp.h), and through them keys and applications come and go.
 * One struct holds what power-off forgets; keys, counters and data objects are
 * in non-volatile memory. Files: keys (key sets, and opening a channel),
 * put_key, data, status, content (INSTALL, DELETE) and load.
 */
#ifndef VC_ISD_H
#define VC_ISD_H

#include "mem.h"
#include "vc_app.h"
#include "vc_load_file.h"
#include "vc_registry.h"
#include "vc_scp.h"

enum {
	VC_ISD_VERSION_INITIAL = 0xff, /* of the keys a card is born with */
	VC_ISD_VERSION_LAST = 0x7f,
	VC_ISD_KEYS_MAX = 24,
	VC_ISD_SET_SIZE = 1 + VC_SCP_SEQUENCE,
	VC_ISD_TRIES = 10,
	VC_ISD_PLAIN_MAX = 4096,  /* longest enciphered command */
	VC_ISD_LOAD_MAX = 1 << 18 /* longest load file */
};

/* References of VC_NV_DATA objects; keys are VC_NV_KEY, version << 8 | id. */
enum vc_isd_object {
	VC_ISD_LIST = 0x0001, /* version, id; version, id; ... */
	VC_ISD_TRIES_LEFT = 0x0002,
	VC_ISD_SET = 0x0200, /* + version: option i, sequence (3) */
	VC_ISD_TAG = 0x4000  /* + tag & 3FFF: 42, 45, CF, 9F7F */
};

/* Type of a key, GlobalPlatform 2.3.1, table 11-16. */
enum vc_isd_type { VC_ISD_DES = 0x80, VC_ISD_AES = 0x88 };

struct vc_isd_load { /* between INSTALL [for load] and the last LOAD */
	bool open;
	struct vc_aid aid;
	uint8_t hash[VC_SHA256_SIZE];
	size_t hash_len; /* 0: none was announced */
	uint8_t next;    /* block */
	uk_blob data;
};

struct vc_isd {
	struct vc_app app;
	struct vc_scp scp;
	uint8_t version; /* of the keys of that session */
	struct vc_isd_load load;
	bool combined;        /* load, install and make selectable in one */
	struct vc_aid target; /* being personalised; n 0: the domain itself */
	uint8_t store_next;   /* block of STORE DATA */
	uint8_t status_kind;  /* P1 of the GET STATUS to be continued; 0 */
	size_t status_next;
	uint8_t plain[VC_ISD_PLAIN_MAX];
};

extern const struct vc_app_ops vc_isd_ops;

static inline struct vc_isd *vc_isd_of(struct vc_app *app)
{
	return (struct vc_isd *)app;
}

static inline uk_bytes vc_isd_get(const struct vc_isd *d, uint16_t ref)
{
	uk_bytes v;

	(void)vc_nv_get(
	    d->app.home.nv, vc_home_id(&d->app.home, VC_NV_DATA, ref), &v);
	return v;
}
/* Pending. */
UK_RESULT vc_isd_put(struct vc_isd *d, uint16_t ref, uk_bytes value);

/* A command: protection taken off, and still to be put on the answer. */
typedef uint16_t vc_isd_fn(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out);

/* --- keys (vc_isd_keys.c) --------------------------------------------------
 */

/* Keys 01 ENC, 02 MAC, 03 DEK of one version that a channel can be opened
 * with. Views. */
struct vc_isd_set {
	uint8_t version, protocol, options;
	uk_bytes key[3];
	uk_bytes sequence;
};
/* version 0: the one to be used if none is asked for. */
bool vc_isd_set_find(
    const struct vc_isd *d, uint8_t version, struct vc_isd_set *out);

struct vc_isd_key {
	uint8_t version, id, type;
	uk_bytes value;
};
bool vc_isd_key_find(const struct vc_isd *d, uint8_t version, uint8_t id,
    struct vc_isd_key *out);
bool vc_isd_has_version(const struct vc_isd *d, uint8_t version);
/* Pending, all three. TOO_SMALL: VC_ISD_KEYS_MAX. */
UK_RESULT vc_isd_key_put(struct vc_isd *d, const struct vc_isd_key *key);
UK_RESULT vc_isd_key_drop(struct vc_isd *d, uint8_t version, uint8_t id);
/* The option that sessions with this version will have; counter back to 0. */
UK_RESULT vc_isd_set_put(struct vc_isd *d, uint8_t version, uint8_t options);
/* First keys: what the parameters of installation say, or the well-known ones
 * of test cards. */
UK_RESULT vc_isd_keys_install(struct vc_isd *d, uk_bytes params);
/* E0 { C0 id version type length }* */
void vc_isd_put_key_info(const struct vc_isd *d, uk_buf *out);

/* --- using and changing them (vc_isd_auth.c, vc_isd_put_key.c) --------------
 */

vc_isd_fn vc_isd_initialize_update, vc_isd_external_auth, vc_isd_put_key;
/* DELETE [key]: id 0 or version 0 is any. */
uint16_t vc_isd_delete_key(struct vc_isd *d, uint8_t id, uint8_t version);

/* --- data (vc_isd_data.c) --------------------------------------------------
 */

/* 73 { .. }: what the card is, for SELECT and GET DATA 66. */
void vc_isd_put_recognition(const struct vc_isd *d, uk_buf *out);
/* Pending: CPLC and key diversification data with random serial numbers. */
UK_RESULT vc_isd_data_install(struct vc_isd *d);
vc_isd_fn vc_isd_get_data, vc_isd_store_data;

/* --- the card's content ----------------------------------------------------
 */

/* A length and as many bytes, at most `max`; r turns bad otherwise. */
uk_bytes vc_isd_get_lv(uk_reader *r, size_t max);
void vc_isd_end_load(struct vc_isd *d);
/* For INSTALL [for load]: 9000, or why not. */
uint16_t vc_isd_begin_load(struct vc_isd *d, uk_reader *r);
vc_isd_fn vc_isd_get_status, vc_isd_set_status, vc_isd_install, vc_isd_load,
    vc_isd_delete;

#endif
