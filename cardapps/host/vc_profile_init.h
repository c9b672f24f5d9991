/* ukey-vcard init --profile. */
#ifndef VC_PROFILE_INIT_H
#define VC_PROFILE_INIT_H

#include "vc_options.h"

/* Makes the card o->plugs[0].card as o->profile says; returns enum vc_exit. */
int vc_profile_init(const struct vc_options *o);

#endif
