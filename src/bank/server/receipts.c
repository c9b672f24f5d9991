/* The receipt of a posted order (docs/protocol.md, section 6). */
#include "receipts.h"

#include "ledger.h"

uk_err bank_receipt_make(struct bank *b, const struct bank_order *order,
    int64_t number, int64_t now, uk_bytes customer_signature,
    enum bank_display display, uk_buf *text, uk_buf *signature)
{
	uint8_t order_hash[UK_HASH_MAX], sig_hash[UK_HASH_MAX], stamp[24];
	uk_buf oh = UK_BUF(order_hash), sh = UK_BUF(sig_hash);
	uk_buf time = UK_BUF(stamp);
	char receipt[BANK_RECEIPT_NUMBER];

	UK_TRY(uk_hash_one(
	    b->crypto, UK_HASH_SHA256, uk_blob_view(&order->text), &oh));
	UK_TRY(uk_hash_one(b->crypto, UK_HASH_SHA256, customer_signature, &sh));
	bank_put_time(&time, now);
	bank_receipt_number(number, receipt);
	UK_TRY(bank_put_receipt_text(
	    text, &(struct bank_receipt_text){
		      .from = uk_view_str(order->from),
		      .to = uk_view_str(order->to),
		      .payee = uk_blob_view(&order->payee),
		      .memo = uk_blob_view(&order->memo),
		      .amount = order->amount,
		      .currency = uk_view_str(order->currency),
		      .time = uk_buf_view(&time),
		      .receipt = uk_view_str(receipt),
		      .bank = uk_view_str(b->origin),
		      .order = uk_blob_view(&order->number),
		      .order_sha256 = uk_buf_view(&oh),
		      .signature_sha256 = uk_buf_view(&sh),
		      .display = display == BANK_DISPLAY_NONE
				     ? UK_NONE
				     : uk_view_str(bank_display_name(display)),
		  }));
	return bank_sign(b, uk_buf_view(text), signature);
}
