/* A folder of a test's own below /tmp. */
#ifndef FOLDER_FIXTURE_H
#define FOLDER_FIXTURE_H

/* Makes it and says where it is, until it is removed; NULL: cannot be made. One
 * at a time. */
const char *folder_make(void);
/* With all that is in it; 0, or -1. Does nothing if there is none. */
int folder_remove(void);

#endif
