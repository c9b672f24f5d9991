/* Commands and responses: lengths add up, and written again they are the same.
 */
#include "apdu.h"
#include "fuzz_check.h"

static uint8_t room[UK_APDU_MAX];

static void check_command(uk_bytes apdu)
{
	uk_cmd cmd, again;
	uk_buf b = UK_BUF(room);

	if (!uk_is_ok(uk_cmd_decode(apdu, &cmd)))
		return;
	CHECK(lies_inside(cmd.data, apdu));
	CHECK(cmd.data.n <= UK_LC_MAX && cmd.le <= UK_LE_MAX);
	CHECK(!cmd.secret);
	CHECK(uk_is_ok(uk_cmd_encode(&cmd, &b)));
	/* the same, or shorter where the extended form was not needed */
	CHECK(b.len <= apdu.n);
	if (b.len == apdu.n)
		CHECK(uk_bytes_eq(uk_buf_view(&b), apdu));
	CHECK(uk_is_ok(uk_cmd_decode(uk_buf_view(&b), &again)));
	CHECK(again.cla == cmd.cla && again.ins == cmd.ins);
	CHECK(again.p1 == cmd.p1 && again.p2 == cmd.p2);
	CHECK(again.le == cmd.le && uk_bytes_eq(again.data, cmd.data));
}

static void check_response(uk_bytes apdu)
{
	uk_resp resp;

	if (!uk_is_ok(uk_resp_decode(apdu, &resp))) {
		CHECK(resp.data.n == 0);
		return;
	}
	CHECK(resp.data.n == apdu.n - 2 && lies_inside(resp.data, apdu));
	CHECK(resp.sw >> 12 == 6 || resp.sw >> 12 == 9);
	CHECK(resp.sw == (apdu.p[apdu.n - 2] << 8 | apdu.p[apdu.n - 1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_command(uk_view(data, size));
	check_response(uk_view(data, size));
	return 0;
}
