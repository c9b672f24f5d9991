/* The list of applications: one line each. */
#include "vc_apps.h"

#include "vc_emv.h"
#include "vc_isd.h"
#include "vc_iso.h"
#include "vc_piv.h"
#include "vc_pse.h"
#include "vc_ukey.h"

const struct vc_app_ops *const vc_apps[] = {
	&vc_ukey_ops,
	&vc_isd_ops,
	&vc_piv_standard.ops,
	&vc_piv_yubico.ops,
	&vc_iso1.ops,
	&vc_iso0.ops,
	&vc_emv_ops,
	&vc_pse_ops,
	&vc_ppse_ops,
};

const size_t vc_app_count = sizeof(vc_apps) / sizeof(vc_apps[0]);

uk_err vc_apps_open(
    const char *path, enum vc_store_mode mode, struct vc_card **out)
{
	return vc_card_open(vc_apps, vc_app_count, path, mode, out);
}
