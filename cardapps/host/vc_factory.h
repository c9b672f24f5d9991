/* Cards as a factory delivers them: one application, with the PINs and keys
 * that everybody knows, or none yet. */
#ifndef VC_FACTORY_H
#define VC_FACTORY_H

#include "vc_options.h"

/* Is there an application of this name that needs no personalisation? */
bool vc_factory_knows(const char *app);
/* init --app: returns enum vc_exit. */
int vc_factory_make(const char *app, const char *card);

#endif
