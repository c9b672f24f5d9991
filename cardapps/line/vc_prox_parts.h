/* For the files of this room only. */
#ifndef VC_PROX_PARTS_H
#define VC_PROX_PARTS_H

#include "vc_prox.h"

/* What the card says: its check code is put behind it. */
void vc_prox_say(struct vc_prox *l, uk_bytes frame);
void vc_prox_blocks_begin(struct vc_prox *l);
/* A block without its check code, which was right. */
void vc_prox_block(struct vc_prox *l, uk_bytes block);

#endif
