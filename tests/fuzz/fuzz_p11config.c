/*
 * The module's configuration file. Whatever stands in it, the settings are some
 * that exist. (The log goes to /dev/null: the variable comes after the file.)
 */
#include "fuzz_check.h"
#include "gm.h"
#include "p11config.h"

#include <sys/mman.h>
#include <unistd.h>

enum { FILE_MAX = 16 * 1024 };

static int open_file(void)
{
	static int fd = -1;
	char path[64];

	if (fd >= 0)
		return fd;
	fd = memfd_create("pkcs11.conf", 0);
	CHECK(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	setenv("UKEY_PKCS11_CONF", path, 1);
	setenv("UKEY_PKCS11_DEBUG", "/dev/null", 1);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = open_file();

	if (size > FILE_MAX)
		return 0;
	CHECK(ftruncate(fd, 0) == 0);
	CHECK(pwrite(fd, data, size, 0) == (ssize_t)size);
	p11_config_load();
	CHECK(p11_gm_at(p11_gm_place()) != NULL);
	CHECK(p11_config_linger_ms() <= 1000);
	(void)p11_config_pinpad();
	CHECK(p11_config_readers() != NULL);
	p11_config_unload();
	return 0;
}
