/* The MF: EF.DIR, made fresh from the applications whenever it is read. */
#ifndef VC_ROOT_H
#define VC_ROOT_H

#include "apdu.h"
#include "vc_registry.h"

enum { VC_ROOT_FILE_MAX = 1024 };

struct vc_root {
	const struct vc_registry *registry;
	bool dir_selected;
};

/* SELECT by file identifier or path while the MF is the current DF. */
uint16_t vc_root_select(struct vc_root *root, const uk_cmd *cmd, uk_buf *out);
uint16_t vc_root_read(struct vc_root *root, const uk_cmd *cmd, uk_buf *out);
/* The MF's own description, as SELECT answers it. */
uint16_t vc_root_describe(uint8_t form, uk_buf *out);

#endif
