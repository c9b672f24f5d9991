/* How an order was shown: docs/protocol.md, section 9. */
#include "proto.h"

static const char *const names[] = {
	[BANK_DISPLAY_NONE] = "none",
	[BANK_DISPLAY_HOST] = "host",
	[BANK_DISPLAY_TERMINAL] = "terminal",
};

enum { LEVELS = sizeof(names) / sizeof(names[0]) };

const char *bank_display_name(enum bank_display level)
{
	return names[(unsigned)level < LEVELS ? level : BANK_DISPLAY_NONE];
}

bool bank_display_by_name(uk_bytes name, enum bank_display *out)
{
	*out = BANK_DISPLAY_NONE;
	if (name.n == 0)
		return true;
	for (unsigned i = 0; i < LEVELS; i++) {
		if (uk_bytes_eq(name, uk_view_str(names[i]))) {
			*out = (enum bank_display)i;
			return true;
		}
	}
	return false;
}

uk_err bank_parse_statement(uk_bytes bytes, struct bank_statement *out)
{
	uk_reader r = uk_read(bytes);

	*out = (struct bank_statement){ 0 };
	if (bytes.n != BANK_STATEMENT_BYTES)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_copy_exact(out->terminal, sizeof(out->terminal),
	    uk_get(&r, sizeof(out->terminal))));
	out->counter = (int64_t)uk_get_u64(&r);
	out->time = (int64_t)uk_get_u64(&r);
	UK_TRY(uk_copy_exact(out->signature, sizeof(out->signature),
	    uk_get(&r, sizeof(out->signature))));
	UK_TRY(uk_read_end(&r));
	return out->counter > 0 && out->time >= 0 ? uk_ok()
						  : uk_fail(UK_ERR_FORMAT);
}

void bank_put_displayed(uk_buf *out, uk_bytes text_hash,
    uk_bytes signature_hash, int64_t counter, int64_t time)
{
	uk_put_str(out, BANK_DISPLAY_CONTEXT);
	if (text_hash.n != 32 || signature_hash.n != 32)
		out->bad = true;
	uk_put(out, text_hash);
	uk_put(out, signature_hash);
	uk_put_u64(out, (uint64_t)counter);
	uk_put_u64(out, (uint64_t)time);
}
