/* Objects as a card hands them out that says 256 bytes at a time. */
#include "piv_script.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>

void piv_cut(struct piv_pieces *p, const char *first_command, uk_bytes object)
{
	p->count = 0;
	for (size_t done = 0; done < object.n;) {
		uk_bytes part = uk_bytes_first(
		    uk_bytes_from(object, done), 256);
		size_t left = object.n - done - part.n;
		uint8_t bytes[258];
		uk_buf b = UK_BUF(bytes);
		char sw[5];
		static char commands[20][11];

		snprintf(commands[p->count], 11, "00C00000%02X",
		    (unsigned)(uk_bytes_from(object, done).n > 255
				   ? 0
				   : uk_bytes_from(object, done).n));
		uk_put(&b, part);
		snprintf(sw, sizeof(sw), "%04X",
		    left == 0    ? 0x9000
		    : left > 255 ? 0x6100
				 : 0x6100 + (unsigned)left);
		uk_put(&b, hex(sw));
		for (size_t i = 0; i < b.len; i++)
			snprintf(
			    &p->text[p->count][2 * i], 3, "%02X", bytes[i]);
		p->steps[p->count] = (struct script_step){
			p->count == 0 ? first_command : commands[p->count],
			p->text[p->count], UK_OK
		};
		p->count++;
		done += part.n;
	}
}

uk_bytes piv_cert_object(const char *cert, const char *info)
{
	static uint8_t room[4096];
	uk_buf b = UK_BUF(room);
	uk_bytes der = hex(cert), tail = hex(info);
	size_t inner = 4 + der.n + tail.n;

	uk_put_u8(&b, 0x53);
	uk_put_u8(&b, 0x82);
	uk_put_u16(&b, (uint16_t)inner);
	uk_put_u8(&b, 0x70);
	uk_put_u8(&b, 0x82);
	uk_put_u16(&b, (uint16_t)der.n);
	uk_put(&b, der);
	uk_put(&b, tail);
	assert_false(b.bad);
	return uk_buf_view(&b);
}
