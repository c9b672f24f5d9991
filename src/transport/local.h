/*
 * Readers behind a socket; private to this room. uk_local is one of them, with
 * all its slots, and keeps the state that the reader told last.
 *
 * errno is translated in local.c by one function.
 */
#ifndef UK_LOCAL_H
#define UK_LOCAL_H

#include "transport.h"
#include "wire.h"

/* The longest STATE: what a watching connection receives. */
enum { UK_LOCAL_STATE_MAX = UK_WIRE_HEAD + 1 + UK_WIRE_SLOTS_MAX * 39 };

struct uk_local {
	const char *address;
	unsigned number; /* in the names of its slots */
	int fd;          /* -1: not connected */
	size_t slot_count;
	struct uk_wire_slot slots[UK_WIRE_SLOTS_MAX];
	size_t have;
	uint8_t in[UK_LOCAL_STATE_MAX];
};

bool uk_local_is_address(const char *text);
/* "Virtual Card Reader 00 01": its number and the slot. */
void uk_local_name(unsigned number, size_t slot, char *name);
/* false: not a name of ours. */
bool uk_local_parse_name(const char *name, unsigned *number, unsigned *slot);

/* address is kept by reference. */
void uk_local_init(struct uk_local *l, const char *address, unsigned number);
void uk_local_hang_up(struct uk_local *l);
/* Takes in what the reader has told since the last time; connects first if it
 * has to, and then waits for the first word. Not there: no slots. */
void uk_local_refresh(struct uk_local *l);

/* --- one conversation ------------------------------------------------------
 */

/* A connected stream socket that gives up after a while. */
UK_RESULT uk_local_dial(const char *address, int *fd);
UK_RESULT uk_local_send(int fd, uk_bytes message);
/* One message into storage; m may view it. UK_ERR_IO: the other end is gone,
 * UK_ERR_TIMEOUT, UK_ERR_FORMAT. */
UK_RESULT uk_local_receive(
    int fd, uk_buf *storage, struct uk_wire *m, size_t *size);
UK_RESULT uk_local_connect(const char *address, unsigned slot, uk_link **out);

#endif
