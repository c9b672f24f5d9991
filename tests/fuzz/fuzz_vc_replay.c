/* A transcript that somebody wrote, played; and rules of faults. */
#include "fuzz_check.h"
#include "vc_fault.h"
#include "vc_replay.h"

#include <string.h>
#include <unistd.h>

static void read_rules(const char *text)
{
	struct vc_faults f = { .state = 1 };
	uint8_t storage[64];
	uk_buf b = UK_BUF(storage);
	const struct vc_fault *rule;

	if (!uk_is_ok(vc_faults_add(&f, text, 0)))
		CHECK(f.count == 0);
	uk_put_fill(&b, 0x90, 20);
	for (unsigned long i = 1; i < 4; i++) {
		rule = vc_faults_next(&f, i, uk_buf_view(&b));
		if (rule != NULL)
			vc_fault_spoil(&f, rule, &b);
		CHECK(b.len <= b.cap);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t get_response[] = { 0x00, 0xc0, 0x00, 0x00 };
	char path[] = "/tmp/fuzz_replay_XXXXXX", rule[256] = "";
	int fd = mkstemp(path);
	struct vc_source source;

	CHECK(fd >= 0);
	CHECK(write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
	if (uk_is_ok(vc_replay_open(path, &source))) {
		for (int i = 0; i < 8; i++) {
			uk_bytes answer = source.ops->transmit(
			    source.arg, UK_ARRAY(get_response));

			CHECK(answer.n <= UK_APDU_MAX);
		}
		CHECK(source.ops->atr(source.arg).n <= VC_ATR_MAX);
		source.ops->close(source.arg);
	}
	(void)unlink(path);
	if (uk_is_ok(uk_copy_str(rule, sizeof(rule), uk_view(data, size))))
		read_rules(rule);
	return 0;
}
