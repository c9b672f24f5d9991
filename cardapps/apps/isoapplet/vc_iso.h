/*
 * An application that behaves as IsoApplet, a PKI application for Java Cards
 * that OpenSC has a driver for, in the command sets of its versions 0.6 and
 * 1.0. What a driver has to live with is here, too: status words that are
 * unlike the standard's, an empty VERIFY that never says yes, a PIN that is
 * dead for keys after a change.
 *
 * The two versions are one program; what they differ in is a record, struct
 * vc_iso_traits. Files are a tree with identifiers that are unique in it
 * (files, create, binary); keys are numbered 0 to 15 (key, env, pso); one PIN
 * guards both (pin).
 */
#ifndef VC_ISO_H
#define VC_ISO_H

#include "vc_app.h"
#include "vc_curve.h"
#include "vc_keys.h"

enum {
	/* PIN objects */
	VC_ISO_PIN = 1,
	VC_ISO_PUK = 2,
	/* algorithm references of MSE */
	VC_ISO_MAKE_RSA2048 = 0xf3,
	VC_ISO_MAKE_RSA4096 = 0xf5,
	VC_ISO_MAKE_EC = 0xec,
	VC_ISO_PKCS1 = 0x11,
	VC_ISO_PSS = 0x12,
	VC_ISO_ECDSA = 0x21,
	VC_ISO_KEYS = 16,
	/* status words it has a meaning of its own for */
	VC_ISO_SW_REFUSED = 0x6900, /* by configuration */
	VC_ISO_SW_INVALID = 0x6984, /* data that cannot be understood */
	VC_ISO_SW_NOT_ALLOWED = 0x6986,
	VC_ISO_SW_LE = 0x6c00
};

/* The feature bits that it tells. */
enum vc_iso_feature {
	VC_ISO_EXTENDED = 0x01,
	VC_ISO_RANDOM = 0x02,
	VC_ISO_CURVES = 0x04,
	VC_ISO_HAS_PSS = 0x08,
	VC_ISO_HAS_RSA4096 = 0x20
};

struct vc_iso_traits {
	uint8_t major, minor, features;
	/* The answer to SELECT tells these three; otherwise GET DATA does. */
	bool select_tells;
	/* ECDSA: what is signed is hashed with SHA-1 on the card. */
	bool hashes;
};

enum vc_iso_state { /* of the life cycle, as it is stored */
	VC_ISO_CREATION = 0,
	VC_ISO_INITIALISATION = 1, /* the PUK is set */
	VC_ISO_OPERATIONAL = 5     /* the PIN is set */
};

enum vc_iso_setting { /* VC_NV_DATA objects */
	VC_ISO_SET_STATE = 1,
	VC_ISO_SET_TREE = 2,
	VC_ISO_SET_IMPORT = 3 /* there: private keys may be put */
};

/* A version: the kind that the card knows, and what is peculiar to it. */
struct vc_iso_kind {
	struct vc_app_ops ops;
	struct vc_iso_traits traits;
};

extern const struct vc_iso_kind vc_iso0, vc_iso1;

struct vc_iso {
	struct vc_app app;
	uint16_t df, ef;  /* current; ef 0: none */
	bool files_open;  /* as after VERIFY */
	bool keys_open;   /* the PIN is validated */
	uint8_t alg, ref; /* of MSE; alg 0: none */
};

static inline struct vc_iso *vc_iso_of(struct vc_app *app)
{
	return (struct vc_iso *)app;
}

static inline const struct vc_iso_traits *vc_iso_traits(const struct vc_iso *a)
{
	return &((const struct vc_iso_kind *)a->app.ops)->traits;
}

/* --- vc_iso_files.c --------------------------------------------------------
 */

enum { VC_ISO_MF = 0x3f00, VC_ISO_CHILDREN_MAX = 30, VC_ISO_FILES_MAX = 240 };

/* Places in the security attribute of a file (tag 86): what may be done. */
enum vc_iso_right {
	VC_ISO_DELETE = 1,
	VC_ISO_CREATE_DF = 5,
	VC_ISO_UPDATE = 6,
	VC_ISO_CREATE_EF = 6,
	VC_ISO_READ = 7
};

struct vc_iso_file {
	uint16_t fid, parent;
	uk_bytes fci;     /* as it was created with */
	uk_bytes inside;  /* of the FCI's template */
	uint8_t type;     /* file descriptor byte */
	uk_bytes content; /* of a transparent EF */
};

static inline bool vc_iso_is_df(const struct vc_iso_file *f)
{
	return (f->type & 0x3f) == 0x38;
}

static inline bool vc_iso_is_transparent(const struct vc_iso_file *f)
{
	return !vc_iso_is_df(f) && (f->type & 0x07) == 0x01;
}

/* One line of the tree: who is below whom, in the order of their creation. */
struct vc_iso_node {
	uint16_t fid, parent;
};

/* All lines; a view, good until the tree changes. */
uk_bytes vc_iso_tree(const struct vc_iso *a);
/* Number i, false behind the last one. */
bool vc_iso_node(uk_bytes tree, size_t i, struct vc_iso_node *out);
bool vc_iso_find(const struct vc_iso *a, uint16_t fid, struct vc_iso_file *out);
/* Is it somewhere below that DF? */
bool vc_iso_below(uk_bytes tree, uint16_t fid, uint16_t df);
/* 9000 or 6982. */
uint16_t vc_iso_may(const struct vc_iso *a, const struct vc_iso_file *file,
    enum vc_iso_right right);
void vc_iso_make_current(struct vc_iso *a, const struct vc_iso_file *file);
/* Pending: FCI and content of a file; its place in the tree is not touched. */
UK_RESULT vc_iso_put_file(struct vc_iso *a, const struct vc_iso_file *file);
vc_command_fn vc_iso_select;

/* --- vc_iso_create.c, vc_iso_binary.c --------------------------------------
 */

vc_command_fn vc_iso_create, vc_iso_delete;
vc_command_fn vc_iso_read, vc_iso_update;

/* --- vc_iso_pin.c ----------------------------------------------------------
 */

enum vc_iso_state vc_iso_state(const struct vc_iso *a);
vc_command_fn vc_iso_verify, vc_iso_change, vc_iso_unblock;

/* --- vc_iso_key.c ----------------------------------------------------------
 */

/* A stored key: RSA as vc_keys.h has it, a curve with its numbers. */
struct vc_iso_key {
	bool rsa;
	uk_bytes stored;           /* RSA */
	struct vc_curve_key curve; /* the other kind */
};

/* False if there is none at this place. */
bool vc_iso_key(const struct vc_iso *a, uint8_t ref, struct vc_iso_key *out);
vc_command_fn vc_iso_generate, vc_iso_import;

/* --- vc_iso_pso.c ----------------------------------------------------------
 */

vc_command_fn vc_iso_mse, vc_iso_pso;

#endif
