/* Other programs that this one starts and ends. */
#ifndef VC_CHILD_H
#define VC_CHILD_H

#include "err.h"

#include <sys/types.h>

struct vc_child {
	pid_t pid;  /* 0: none */
	int status; /* as waitpid's, once it has ended */
};

/*
 * argv[0] is looked for in PATH. The child has no blocked signals, and gets
 * `death` when this process dies. prepare (may be NULL) runs in it before the
 * program does, and stops it by a false (errno says why).
 * UK_ERR_NOT_FOUND: no such program; UK_ERR_NO_PERMISSION: it cannot be run.
 */
UK_RESULT vc_child_start(char *const *argv, int death, bool (*prepare)(void *),
    void *arg, struct vc_child *out);
/* Has it ended? Does not wait. */
bool vc_child_has_ended(struct vc_child *c);
/* Ends it (SIGTERM, later SIGKILL) and waits; nothing if there is none. */
void vc_child_end(struct vc_child *c);
/* Its exit code, or 128 and the signal's number, as shells have it. */
int vc_child_code(const struct vc_child *c);

#endif
