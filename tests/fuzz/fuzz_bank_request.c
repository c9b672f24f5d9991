/* Every request body of the bank's server, from bytes to struct. */
#include "proto.h"
#include "requests.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool promise)
{
	if (!promise)
		abort();
}

static void terminals(uk_bytes body)
{
	struct bank_pos_register_request registration;
	struct bank_pos_login_request login;
	struct bank_pos_authorise_request authorise;
	struct bank_pos_complete_request complete;

	if (uk_is_ok(bank_read_pos_register(body, &registration)))
		need(registration.password.n <= 64 &&
		     registration.account.n <= 34);
	if (uk_is_ok(bank_read_pos_login(body, &login)))
		need(login.email.n <= 254 && login.password.n <= 64);
	if (uk_is_ok(bank_read_pos_authorise(body, &authorise)))
		need(authorise.ksn.n >= 10 && authorise.ksn.n <= 12 &&
		     authorise.mac.n <= 16 && authorise.card.n <= 64 &&
		     authorise.emv.n <= 512 && authorise.pin_block.n <= 16 &&
		     authorise.signature.n <= 16384);
	if (uk_is_ok(bank_read_pos_complete(body, &complete)))
		need(complete.emv.n <= 512);
	bank_free_pos_register(&registration);
	bank_free_pos_login(&login);
	bank_free_pos_authorise(&authorise);
	bank_free_pos_complete(&complete);
}

static void bills(uk_bytes body)
{
	struct bank_merchant_request order;
	struct bank_bill_pay_request pay;
	struct bank_bill_reject_request reject;

	if (uk_is_ok(bank_read_merchant(body, &order)))
		need(order.number.n <= BANK_ORDER_NUMBER_MAX &&
		     order.phone.n <= 2048 && order.payee.n <= 1024 &&
		     order.memo.n <= 1024 && order.callback.n <= 512 &&
		     order.items.n <= 4096);
	if (uk_is_ok(bank_read_bill_pay(body, &pay)))
		need(pay.number.n <= BANK_ORDER_NUMBER_MAX && pay.from.n <= 64);
	if (uk_is_ok(bank_read_bill_reject(body, &reject)))
		need(reject.reason.n <= 1024);
	bank_free_merchant(&order);
	bank_free_bill_pay(&pay);
	bank_free_bill_reject(&reject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes body = uk_view(data, size);
	struct bank_challenge_request challenge;
	struct bank_login_request login;
	struct bank_enrol_request enrol;
	struct bank_order_request order;
	struct bank_proof_request proof;
	struct bank_confirm_request confirm;

	if (uk_is_ok(bank_read_challenge(body, &challenge)))
		need(challenge.client_nonce.n == BANK_NONCE_TEXT_MIN);
	if (uk_is_ok(bank_read_login(body, &login)))
		need(login.nonce.n <= 128 && login.token.algorithm.p != NULL &&
		     login.token.signing_count <= BANK_TOKEN_CERTS);
	if (uk_is_ok(bank_read_enrol(body, &enrol)))
		need(enrol.name.n <= 64 && enrol.request.n <= 8192);
	if (uk_is_ok(bank_read_order(body, &order)))
		need(order.number.n <= BANK_ORDER_NUMBER_MAX &&
		     order.memo.n <= 512);
	if (uk_is_ok(bank_read_proof(body, &proof)))
		need(proof.serial.n == 8 && proof.challenge.n <= 32);
	if (uk_is_ok(bank_read_confirm(body, &confirm)))
		need(confirm.text.n <= UK_TX_MAX);
	bank_free_challenge(&challenge);
	bank_free_login(&login);
	bank_free_enrol(&enrol);
	bank_free_order(&order);
	bank_free_proof(&proof);
	bank_free_confirm(&confirm);
	terminals(body);
	bills(body);
	return 0;
}
