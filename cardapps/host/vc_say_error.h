/* The last word of a subcommand: one line on standard error, and its exit code.
 */
#ifndef VC_SAY_ERROR_H
#define VC_SAY_ERROR_H

#include "err.h"

/* card: the file that was worked on. Returns enum vc_exit; says nothing if ok.
 */
int vc_say_error(uk_err err, const char *card);

#endif
