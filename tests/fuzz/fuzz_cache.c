/*
 * Files of the cache. Input: a byte of mode, then the file; with bit 0 of mode
 * its checksum is made right, so that what stands behind it is looked at. What
 * is taken from it is what would be written again.
 */
#include "cache.h"
#include "crypto.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t name[] = { 0x01 }, proof[] = { 'p' };

static void must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static const char *folder(void)
{
	static char path[64];

	if (path[0] == '\0') {
		(void)snprintf(path, sizeof(path), "%s/fuzz_cache_%d",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
		    (int)getpid());
		(void)mkdir(path, 0700);
		uk_cache_use(path);
	}
	return path;
}

static const char *file(void)
{
	static char path[96];

	(void)snprintf(path, sizeof(path), "%s/ukey-01.cache", folder());
	return path;
}

static void clean_up(void)
{
	(void)unlink(file());
	(void)rmdir(folder());
}

static void write_file(uk_bytes content, bool right)
{
	static const uint8_t kind[17] = "ukey";
	const uk_bytes parts[] = { UK_ARRAY(kind), UK_ARRAY(name), content };
	uint8_t sum[UK_CHECKSUM_SIZE];
	int f = open(file(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(f >= 0 && write(f, content.p, content.n) == (ssize_t)content.n,
	    "write");
	must(uk_is_ok(uk_checksum(parts, 3, sum)), "checksum");
	if (right)
		must(write(f, sum, sizeof(sum)) == sizeof(sum), "write");
	close(f);
}

/* Every item that is known, by number. */
static size_t known(uk_cache *c)
{
	size_t n = 0;
	uk_bytes v;

	for (uint32_t i = 0; i < 256; i++) {
		if (uk_cache_get(c, i, &v)) {
			must(v.n <= UK_CACHE_SIZE_MAX, "length");
			n++;
		}
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool registered;
	bool right = size > 0 && (data[0] & 1) != 0;
	uk_cache *c;
	size_t n;

	if (!registered)
		registered = atexit(clean_up) == 0;
	write_file(uk_bytes_from(uk_view(data, size), 1), right);
	c = uk_cache_open("ukey", UK_ARRAY(name), UK_ARRAY(proof));
	must(c != NULL, "open");
	n = known(c);
	must(right || n == 0, "a wrong checksum");
	uk_cache_put(c, 300, UK_ARRAY(proof)); /* so that it is written */
	uk_cache_save(c);
	uk_cache_close(&c);
	c = uk_cache_open("ukey", UK_ARRAY(name), UK_ARRAY(proof));
	must(known(c) == n, "the same again");
	uk_cache_close(&c);
	return 0;
}
