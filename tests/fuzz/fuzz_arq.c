/*
 * Two ends of a stream and a line that the input rules: which end sends, what
 * is lost or changed, when time passes. Whatever the line does, a reader gets a
 * beginning of what was sent on this stream, and nothing else.
 */
#include "arq.h"
#include "fuzz_check.h"

static struct trm_arq host, terminal;
static size_t sent, heard; /* from host to terminal; byte n is n mod 251 */

static void carry(
    struct trm_arq *from, struct trm_arq *to, uk_reader *in, int64_t now)
{
	uk_bytes out = trm_arq_pending(from);
	uint8_t at = uk_get_u8(in), change = uk_get_u8(in);

	for (size_t i = 0; i < out.n; i++) {
		uint8_t byte = out.p[i];

		if (i == at)
			byte ^= change;
		trm_arq_feed(to, uk_view(&byte, 1), now);
	}
	trm_arq_written(from, out.n);
}

static void send(size_t n, int64_t now)
{
	uint8_t bytes[256];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)((sent + i) % 251);
	sent += trm_arq_send(&host, uk_view(bytes, n), now);
}

static void hear(void)
{
	uk_bytes got = trm_arq_received(&terminal);

	for (size_t i = 0; i < got.n; i++)
		CHECK(got.p[i] == (heard + i) % 251);
	heard += got.n;
	CHECK(heard <= sent);
	trm_arq_taken(&terminal, got.n);
}

static void open_again(uint32_t number, int64_t now)
{
	sent = heard = 0;
	trm_arq_init(&terminal, false);
	trm_arq_init(&host, true);
	trm_arq_open(&host, number, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_reader in = uk_read(uk_view(data, size));
	int64_t now = 0;

	open_again(1, now);
	while (!in.bad && in.left > 0) {
		switch (uk_get_u8(&in) % 5) {
		case 0:
			carry(&host, &terminal, &in, now);
			break;
		case 1:
			carry(&terminal, &host, &in, now);
			break;
		case 2:
			send(uk_get_u8(&in), now);
			break;
		case 3:
			hear();
			break;
		default:
			now += uk_get_u8(&in) * 16;
			trm_arq_tick(&host, now);
			trm_arq_tick(&terminal, now);
			break;
		}
	}
	return 0;
}
