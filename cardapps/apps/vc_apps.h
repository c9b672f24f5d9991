/* The applications that a card is made with. */
#ifndef VC_APPS_H
#define VC_APPS_H

#include "vc_card.h"

extern const struct vc_app_ops *const vc_apps[];
extern const size_t vc_app_count;

/* vc_card_open with all of them. */
UK_RESULT vc_apps_open(
    const char *path, enum vc_store_mode mode, struct vc_card **out);

#endif
