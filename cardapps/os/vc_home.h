/*
 * What the operating system lends an application: memory and the crypto
 * processor; and the status words for what may go wrong with them.
 */
#ifndef VC_HOME_H
#define VC_HOME_H

#include "sw.h"
#include "vc_crypto.h"
#include "vc_nv.h"

struct vc_registry;

struct vc_home {
	struct vc_nv *nv;
	struct vc_crypto *crypto;
	struct vc_registry *registry; /* what is on the card: vc_registry.h */
	uint8_t app;                  /* the instance's number in vc_nv_id */
};

static inline struct vc_nv_id vc_home_id(
    const struct vc_home *h, enum vc_nv_kind kind, uint16_t ref)
{
	return (struct vc_nv_id){ h->app, (uint8_t)kind, ref };
}

/* An error of ours as status word: 6A84 when the card is full, 6581 otherwise.
 */
static inline uint16_t vc_sw(uk_err err)
{
	if (uk_is_ok(err))
		return UK_SW_OK;
	return uk_is(err, UK_ERR_TOO_SMALL) ? UK_SW_SPACE : UK_SW_MEMORY;
}

#endif
