/*
 * The registry: what is on the card (GlobalPlatform 2.3.1, 6.6).
 *
 * Which kinds of applications the program knows is given when the card is
 * opened; which instances the card has, under which names, in which states, is
 * written in non-volatile memory under application number 0. Cards older than
 * the registry have one instance of the kind "ukey" with number 1.
 *
 * Objects, all VC_NV_DATA of application 0, BER-TLV (load files:
 * vc_load_file.h): 0000      80 version (01), 81 life cycle of the card 0100 +
 * n  instance n: 80 name of the kind, 4F AID, C5 privileges (3), 81 life cycle,
 * C4 AID of the load file
 */
#ifndef VC_REGISTRY_H
#define VC_REGISTRY_H

#include "vc_app.h"

enum { VC_INSTANCES_MAX = 16 };

/* Life cycle of the card, GlobalPlatform 2.3.1, table 11-6. */
enum vc_card_life {
	VC_CARD_OP_READY = 0x01,
	VC_CARD_INITIALIZED = 0x07,
	VC_CARD_SECURED = 0x0f,
	VC_CARD_LOCKED = 0x7f,
	VC_CARD_TERMINATED = 0xff
};

struct vc_kinds {
	const struct vc_app_ops *const *list; /* kept by reference */
	size_t count;
};

/* fresh: a new card, which gets its preinstalled instances (pending). Otherwise
 * what is in nv; UK_ERR_UNSUPPORTED if it names a kind that is not in the list
 * or was written by a later version, UK_ERR_FORMAT if it is malformed. */
UK_RESULT vc_registry_open(const struct vc_kinds *kinds, struct vc_nv *nv,
    struct vc_crypto *crypto, bool fresh, struct vc_registry **out);
void vc_registry_close(struct vc_registry **reg);

/* Instances in the order of their numbers. */
size_t vc_registry_count(const struct vc_registry *reg);
struct vc_app *vc_registry_at(const struct vc_registry *reg, size_t i);
/* By whole name; NULL if there is none. */
struct vc_app *vc_registry_find(const struct vc_registry *reg, uk_bytes aid);
/* NULL if the program has no such kind. */
const struct vc_app_ops *vc_registry_kind(
    const struct vc_registry *reg, const char *name);
const struct vc_app_ops *vc_registry_kind_of(
    const struct vc_registry *reg, uk_bytes package, uk_bytes module);
/* Is it, or an instance from it, selected? How many instances has it? */
bool vc_registry_in_use(const struct vc_registry *reg, uk_bytes package);
size_t vc_registry_instances_of(
    const struct vc_registry *reg, uk_bytes package);

struct vc_new_app {
	const struct vc_app_ops *kind;
	uk_bytes aid;    /* none: the kind's own */
	uk_bytes params; /* for install() */
	uint8_t privileges[VC_PRIV_SIZE];
	uint8_t life; /* VC_LIFE_INSTALLED or VC_LIFE_SELECTABLE */
};

/* With the kind's load file, if that is not on the card. Commits; on failure
 * nothing has changed. UK_ERR_EXISTS: that name is taken, also by a load file.
 * UK_ERR_FORMAT: the name is none, or install() did not take the parameters.
 * UK_ERR_TOO_SMALL: no room. *out may be NULL. */
UK_RESULT vc_registry_add(
    struct vc_registry *reg, const struct vc_new_app *new, struct vc_app **out);
/* With everything it stored. Commits; on failure nothing has changed, and *app
 * is still there. Not for an instance that is selected. */
UK_RESULT vc_registry_remove(struct vc_registry *reg, struct vc_app **app);
/* A load file and all instances from it, the same way. */
UK_RESULT vc_registry_remove_package(struct vc_registry *reg, uk_bytes package);

uint8_t vc_registry_card_life(const struct vc_registry *reg);
/* Pending. */
UK_RESULT vc_registry_set_card_life(struct vc_registry *reg, uint8_t life);

/* An instance's life cycle as it is now (0 after a failure of memory), and
 * pending changes. */
uint8_t vc_app_life(const struct vc_app *app);
UK_RESULT vc_app_set_life(struct vc_app *app, uint8_t life);
void vc_app_privileges(const struct vc_app *app, uint8_t out[VC_PRIV_SIZE]);
UK_RESULT vc_app_set_privileges(
    struct vc_app *app, const uint8_t privileges[VC_PRIV_SIZE]);
bool vc_app_has(const struct vc_app *app, enum vc_privilege which);

/* May it be selected now? Not before SELECTABLE, not LOCKED; on a locked or
 * terminated card only security domains. */
bool vc_app_selectable(const struct vc_app *app);

#endif
