/* For the files of this room only. */
#ifndef VC_LINE_PARTS_H
#define VC_LINE_PARTS_H

#include "vc_line.h"

void vc_line_put(struct vc_line *l, uk_bytes characters);
/* Has the card answer what is in `command`; false: it is mute. */
bool vc_line_execute(struct vc_line *l);

void vc_line_t1_reset(struct vc_line *l);
void vc_line_t1_hear(struct vc_line *l, uint8_t c, bool good);
void vc_line_t1_quiet(struct vc_line *l);

void vc_line_t0_reset(struct vc_line *l);
void vc_line_t0_hear(struct vc_line *l, uint8_t c);

#endif
