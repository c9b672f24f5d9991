/* Pieces that objects and files of ISO/IEC 7816-15 share; only for p15*.c. */
#ifndef UK_P15_PARTS_H
#define UK_P15_PARTS_H

#include "p15.h"

/* Done with a constructed element: what it holds beyond what we know must still
 * be DER; its failure becomes the outer reader's. */
void uk_p15_leave(uk_reader *outer, uk_reader *inner);
/* Copies into the fixed fields of p15.h; r turns bad if v does not fit. */
void uk_p15_copy_text(
    uk_reader *r, char field[UK_P15_LABEL_MAX + 1], uk_bytes v);
size_t uk_p15_copy_id(uk_reader *r, uint8_t field[UK_P15_ID_MAX], uk_bytes v);
/* Path ::= SEQUENCE { path OCTET STRING, index INTEGER, length [0] INTEGER },
 * the last two both or neither (7816-15, 8.2.5). */
uk_p15_path uk_p15_get_path(uk_reader *r);
void uk_put_p15_path(uk_buf *out, const uk_p15_path *path);
/* Nothing but padding (00 or FF) or the end follows. */
bool uk_p15_at_end(const uk_reader *r);

#endif
