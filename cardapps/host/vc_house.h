/*
 * Cards that are served: in the slots of vpcd, or of a reader behind a Unix
 * socket; with a control socket, until somebody says stop. What `run` and
 * `exec` have in common.
 */
#ifndef VC_HOUSE_H
#define VC_HOUSE_H

#include "vc_reader.h"
#include "vc_vpcd.h"

#include <sys/signalfd.h>

struct vc_house {
	struct vc_plug *plugs[VC_PLUGS_MAX];
	struct vc_vpcd *vpcds[VC_PLUGS_MAX]; /* NULL: that one is no vpcd's */
	size_t count;
	struct vc_reader *reader; /* NULL: none */
	int signals;              /* a signalfd; -1: none */
	int control;              /* -1: none */
	/* A signal has come: true when it is time to go. NULL: always. */
	bool (*on_signal)(void *arg, const struct signalfd_siginfo *signal);
	void *arg;
};

/* Nothing in it. */
void vc_house_init(struct vc_house *h);
/* Blocks these signals (ends with 0) and reads them from now on. */
UK_RESULT vc_house_catch(struct vc_house *h, const int *signals);
void vc_house_close(struct vc_house *h);

/* Card and plug handed over (NULL afterwards), also on failure. */
UK_RESULT vc_house_add(struct vc_house *h, struct vc_plug **plug);
/* The last one added gets a slot of vpcd. */
UK_RESULT vc_house_at_vpcd(struct vc_house *h, const char *host, unsigned port);

/* True when every inserted card that has a vpcd is connected to it. */
bool vc_house_connect(struct vc_house *h);
/* One round of at most timeout_ms (-1: as long as it takes); false when it is
 * time to go. */
bool vc_house_serve(struct vc_house *h, int timeout_ms);

#endif
