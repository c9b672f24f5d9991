/* The virtual card at the end of a line of its own: contacts or a field. */
#ifndef LINE_FIXTURE_H
#define LINE_FIXTURE_H

#include "vc_line.h"

struct vc_card;

/* What stands behind the card's end of the line; borrows the card. */
struct vc_line_card line_card(struct vc_card *card);

#endif
