/*
 * The channel against a hostile card. The first byte of the input chooses
 * limits and command; the rest are answers (fuzz_link.h). Nothing may be
 * written outside what was offered, and no command may go on for ever.
 */
#include "channel.h"
#include "fuzz_link.h"
#include "mem.h"

/* The command, 6Cxx, and 264 pieces with a 6Cxx each; a chain of three. */
enum { COMMANDS_MAX = 2 + 2 * 264 + 3, ROOM = 1024 };

static void try_command(uk_channel *ch, uint8_t choice)
{
	static const uint8_t data[600];
	uint8_t room[ROOM];
	uk_buf out = uk_buf_over(room, choice & 0x10 ? ROOM : 40);
	uk_cmd cmd = { .ins = 0xb0,
		.secret = (choice & 0x08) != 0,
		.data = uk_view(data, choice & 0x04 ? sizeof(data) : 0),
		.le = choice & 0x02 ? UK_LE_MAX : 0 };
	uint16_t sw = 0x1111;
	uk_err err = uk_channel_transmit(
	    ch, &cmd, choice & 0x01 ? &out : NULL, &sw);

	MUST(fuzz_link_commands() <= COMMANDS_MAX);
	MUST(!out.bad && out.len <= out.cap);
	MUST(sw != 0x1111);
	MUST(!uk_is_ok(err) || sw == 0x9000);
	MUST(sw != 0 || out.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uk_reader r = uk_read(uk_view(bytes, size));
	uint8_t choice = uk_get_u8(&r);
	uk_link *link = fuzz_link(&r);
	uk_channel *ch;

	MUST(uk_is_ok(uk_channel_open(&link, &ch)));
	uk_channel_limit(
	    ch, (struct uk_limits){ choice & 0x40 ? UK_LC_MAX : 255,
		    choice & 0x40 ? UK_LE_MAX : 256, (choice & 0x80) != 0 });
	for (int i = 0; i < 8; i++)
		try_command(ch, choice);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	MUST(uk_mem_live() == 0);
	return 0;
}
