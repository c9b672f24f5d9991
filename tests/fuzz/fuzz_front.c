/* Headers of a front: nothing but DER comes out, addresses lie inside. */
#include "front.h"
#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes header = uk_view(data, size);
	uint8_t storage[16];
	uk_buf network = UK_BUF(storage);
	uk_bytes address = bank_front_address(header);
	uk_blob der = { NULL, 0 };

	if (uk_is_ok(bank_front_certificate(header, &der)))
		CHECK(der.n < size);
	uk_blob_free(&der);
	CHECK(address.n == 0 || lies_inside(address, header));
	bank_front_network(header, &network);
	CHECK(!network.bad && network.len <= 16);
	return 0;
}
