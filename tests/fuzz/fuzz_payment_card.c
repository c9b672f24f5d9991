/*
 * A terminal against a hostile payment card: every answer is the fuzzer's. It
 * must stay within its buffers, send a bounded number of commands, and never
 * let the card speak in the terminal's place.
 */
#include "fuzz_link.h"
#include "payment_card.h"

static const uint8_t amount[6] = { 0, 0, 0, 0, 0x12, 0x34 };

static void pay(uk_channel *ch)
{
	static const uint8_t issuer_data[10] = { 1 };
	struct uk_payment p;
	struct uk_emv_set ac;
	uk_bytes v;
	bool good;

	if (!uk_is_ok(uk_payment_open(ch, &p)))
		return;
	MUST(p.app.aid_len >= 5 && p.app.aid_len <= UK_EMV_AID_MAX);
	/* Whatever came with the selection, this is the terminal's, or ends
	 * it. */
	if (!uk_is_ok(uk_emv_put(&p.data, UK_EMV_AMOUNT, UK_ARRAY(amount))))
		return;
	if (!uk_is_ok(uk_payment_begin(&p)))
		return;
	MUST(uk_emv_get(&p.data, UK_EMV_AMOUNT, &v) &&
	     uk_bytes_eq(v, UK_ARRAY(amount)));
	if (!uk_is_ok(uk_payment_generate(&p, UK_EMV_ARQC, false, &ac)))
		return;
	MUST(uk_emv_get_n(&ac, UK_EMV_AC, 8, &v));
	if (!uk_is_ok(
		uk_payment_authenticate(&p, UK_ARRAY(issuer_data), &good)))
		return;
	UK_IGNORE(uk_payment_generate(&p, UK_EMV_TC, true, &ac));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_reader answers = uk_read(uk_view(data, size));
	uk_link *link = fuzz_link(&answers);
	uk_channel *ch = NULL;

	(void)fuzz_link_commands();
	if (link == NULL || !uk_is_ok(uk_channel_open(&link, &ch)))
		return 0;
	pay(ch);
	MUST(fuzz_link_commands() <= UK_PAYMENT_COMMANDS);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	return 0;
}
