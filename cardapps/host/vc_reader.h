/*
 * A reader behind a Unix socket: the other end of wire.h, for programs that
 * open it without pcscd. Its slots are the plugs it was given.
 *
 * Any number of programs (VC_CLIENTS_MAX connections) may be connected to one
 * card. As with pcscd, one of them has it to itself between BEGIN and END, the
 * others wait in the order in which they came; what they hear about resets and
 * removals is what pcscd would tell them. One that ends without a word leaves a
 * reset card behind.
 */
#ifndef VC_READER_H
#define VC_READER_H

#include "vc_plug.h"

#include <poll.h>

enum { VC_CLIENTS_MAX = 256 };

struct vc_reader;

/* listener: a listening stream socket, or one end of a pair of type
 * SOCK_SEQPACKET through which connections are handed over. Taken over, also on
 * failure. plugs are borrowed. */
UK_RESULT vc_reader_open(int listener, struct vc_plug *const *plugs,
    size_t count, struct vc_reader **out);
void vc_reader_close(struct vc_reader **reader);

/* What to poll for: at most 1 + VC_CLIENTS_MAX rows, their number. */
size_t vc_reader_poll(const struct vc_reader *reader, struct pollfd *fds);
/* Those rows after poll. */
void vc_reader_serve(struct vc_reader *reader, const struct pollfd *fds);
/* After anything may have happened to a card: tells those who watch, and serves
 * those who wait. */
void vc_reader_settle(struct vc_reader *reader);

#endif
