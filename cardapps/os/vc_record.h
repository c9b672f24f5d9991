/* Inside the registry: its objects in non-volatile memory, as vc_registry.h
 * writes them down, and its structs. */
#ifndef VC_RECORD_H
#define VC_RECORD_H

#include "vc_registry.h"

enum { VC_RECORD_SYSTEM = 0 /* application number */ };

/* Views into memory, or for memory. */
struct vc_record {
	uk_bytes kind, aid, package;
	uint8_t life;
	uint8_t privileges[VC_PRIV_SIZE];
};

bool vc_record_there(struct vc_nv *nv, uint8_t number);
/* false, and an empty record, if there is none or it is malformed. */
bool vc_record_get(struct vc_nv *nv, uint8_t number, struct vc_record *out);
/* Pending, both. */
UK_RESULT vc_record_put(
    struct vc_nv *nv, uint8_t number, const struct vc_record *r);
void vc_record_drop(struct vc_nv *nv, uint8_t number);

/* The card's own: UK_ERR_NOT_FOUND on a card older than the registry,
 * UK_ERR_UNSUPPORTED, UK_ERR_FORMAT. */
UK_RESULT vc_record_get_card(struct vc_nv *nv, uint8_t *life);
UK_RESULT vc_record_put_card(struct vc_nv *nv, uint8_t life); /* pending */

/* Instances as structs. */
struct vc_registry {
	struct vc_kinds kinds;
	struct vc_nv *nv;
	struct vc_crypto *crypto;
	size_t count;
	struct vc_app *apps[VC_INSTANCES_MAX]; /* by number */
};

/* By the name in a record; NULL if there is none. */
const struct vc_app_ops *vc_kind_named(
    const struct vc_registry *reg, uk_bytes name);
bool vc_app_is_from(const struct vc_app *app, uk_bytes package);

#endif
