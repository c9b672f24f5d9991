/* IsoApplet by profile: empty, because other people's programs personalise it.
 */
#include "vc_profile.h"

void vc_profile_iso_params(const struct vc_json *at, uk_buf *params)
{
	static const char *const members[] = { "application", "aid", "import",
		NULL };
	struct vc_json import = vc_json_at(at, "import");

	vc_json_only(at, members);
	if (vc_json_bool(&import, false))
		uk_put_u8(params, 0x01); /* private keys may be put */
}
