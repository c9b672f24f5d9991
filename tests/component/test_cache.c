/* The cache: what comes back, and all that must not. */
#include "cache.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "folder_fixture.h"
#include "mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t name[] = { 0x12, 0x34, 0xab };
static const uint8_t proof[] = { 1, 2, 3 }, later[] = { 1, 2, 4 };
static const uint8_t small[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };

static const char *top;
static char folder[96], file[160];

static int up(void **state)
{
	(void)state;
	top = folder_make();
	assert_non_null(top);
	(void)snprintf(folder, sizeof(folder), "%s/.cache/ukey", top);
	(void)snprintf(file, sizeof(file), "%s/ukey-1234ab.cache", folder);
	uk_cache_use(folder);
	return 0;
}

static int down(void **state)
{
	(void)state;
	uk_cache_use(NULL);
	return folder_remove();
}

static uk_cache *open_it(uk_bytes with)
{
	return uk_cache_open("ukey", UK_ARRAY(name), with);
}

/* What another process would write. */
static void fill(void)
{
	uk_cache *c = open_it(UK_ARRAY(proof));

	assert_non_null(c);
	uk_cache_put(c, 7, UK_ARRAY(small));
	uk_cache_put(c, 0x4405, UK_NONE);
	uk_cache_save(c);
	uk_cache_close(&c);
	assert_null(c);
}

static bool knows(uk_cache *c, uint32_t item)
{
	uk_bytes v;

	return uk_cache_get(c, item, &v);
}

/* How many of the two items another process finds. */
static unsigned found(uk_bytes with)
{
	uk_cache *c = open_it(with);
	unsigned n = (unsigned)knows(c, 7) + (unsigned)knows(c, 0x4405);
	uk_bytes v;

	if (uk_cache_get(c, 7, &v))
		expect_bytes(v, UK_ARRAY(small));
	uk_cache_close(&c);
	return n;
}

static size_t read_file(uint8_t *p, size_t cap)
{
	int f = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(f, p, cap);

	assert_true(f >= 0 && n > 0);
	close(f);
	return (size_t)n;
}

static void write_file(const uint8_t *p, size_t n)
{
	int f = open(file, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);

	assert_true(f >= 0);
	assert_int_equal(write(f, p, n), (ssize_t)n);
	close(f);
}

/* --- remembering -----------------------------------------------------------
 */

static void it_comes_back(void **state)
{
	struct stat st;
	uk_bytes v;
	uk_cache *c;

	(void)state;
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	assert_int_not_equal(access(folder, F_OK), 0); /* nothing to write */
	fill();
	assert_int_equal(found(UK_ARRAY(proof)), 2);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	c = open_it(UK_ARRAY(proof));
	assert_true(uk_cache_get(c, 0x4405, &v));
	assert_int_equal(v.n, 0);
	assert_false(knows(c, 8));
	/* something else in its place */
	uk_cache_put(c, 7, UK_ARRAY(later));
	uk_cache_save(c);
	uk_cache_close(&c);
	c = open_it(UK_ARRAY(proof));
	assert_true(uk_cache_get(c, 7, &v));
	expect_bytes(v, UK_ARRAY(later));
	uk_cache_close(&c);
}

static void nothing_new_is_not_written(void **state)
{
	struct stat before, after;
	uk_cache *c;

	(void)state;
	fill();
	assert_int_equal(stat(file, &before), 0);
	c = open_it(UK_ARRAY(proof));
	uk_cache_put(c, 7, UK_ARRAY(small)); /* the same */
	uk_cache_save(c);
	uk_cache_close(&c);
	assert_int_equal(stat(file, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void another_content(void **state)
{
	uk_cache *c;

	(void)state;
	fill();
	assert_int_equal(found(UK_ARRAY(later)), 0);
	assert_int_equal(found(uk_view(proof, 2)), 0);
	c = open_it(UK_ARRAY(proof));
	assert_true(knows(c, 7));
	uk_cache_prove(c, UK_ARRAY(proof));
	assert_true(knows(c, 7));
	uk_cache_prove(c, UK_ARRAY(later));
	assert_false(knows(c, 7));
	uk_cache_put(c, 9, UK_ARRAY(small));
	uk_cache_save(c);
	/* nobody knows what the card holds now */
	uk_cache_prove(c, UK_NONE);
	assert_false(knows(c, 9));
	uk_cache_put(c, 9, UK_ARRAY(small));
	assert_false(knows(c, 9));
	uk_cache_save(c);
	uk_cache_close(&c);
	assert_int_equal(found(UK_ARRAY(proof)), 0); /* replaced */
	c = open_it(UK_ARRAY(later));
	assert_true(knows(c, 9));
	uk_cache_close(&c);
}

static void another_card(void **state)
{
	char path[200];
	uk_cache *c;

	(void)state;
	fill();
	c = uk_cache_open("ukey", uk_view(name, 2), UK_ARRAY(proof));
	assert_false(knows(c, 7));
	uk_cache_close(&c);
	/* nor by its file's name */
	(void)snprintf(path, sizeof(path), "%s/ukey-1234.cache", folder);
	assert_int_equal(link(file, path), 0);
	assert_int_equal(unlink(file), 0);
	c = uk_cache_open("ukey", uk_view(name, 2), UK_ARRAY(proof));
	assert_false(knows(c, 7));
	uk_cache_close(&c);
	(void)snprintf(file, sizeof(file), "%s/piv-1234ab.cache", folder);
	assert_int_equal(rename(path, file), 0);
	c = uk_cache_open("piv", UK_ARRAY(name), UK_ARRAY(proof));
	assert_false(knows(c, 7));
	uk_cache_close(&c);
}

/* --- damaged and planted files ----------------------------------------------
 */

static void every_damaged_byte(void **state)
{
	uint8_t whole[256];
	size_t n;

	(void)state;
	fill();
	n = read_file(whole, sizeof(whole));
	for (size_t i = 0; i < n; i++) {
		whole[i] ^= 0x01;
		write_file(whole, n);
		assert_int_equal(found(UK_ARRAY(proof)), 0);
		whole[i] ^= 0x01;
		write_file(whole, i); /* cut short */
		assert_int_equal(found(UK_ARRAY(proof)), 0);
	}
	write_file(whole, n);
	assert_int_equal(found(UK_ARRAY(proof)), 2);
	whole[n] = 0;
	write_file(whole, n + 1);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
}

static void what_others_could_have_written(void **state)
{
	char aside[200];

	(void)state;
	fill();
	(void)snprintf(aside, sizeof(aside), "%s/aside", folder);
	assert_int_equal(chmod(file, 0620), 0);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	assert_int_equal(chmod(file, 0604), 0);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(found(UK_ARRAY(proof)), 2);
	assert_int_equal(chmod(folder, 0770), 0);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	assert_int_equal(chmod(folder, 0700), 0);
	/* a second name, a link, a pipe, a folder */
	assert_int_equal(link(file, aside), 0);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink(aside, file), 0);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	fill(); /* and is replaced */
	assert_int_equal(found(UK_ARRAY(proof)), 2);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	fill();
	assert_int_equal(found(UK_ARRAY(proof)), 0);
}

/* A link is not followed when it is written, either. */
static void a_link_is_replaced(void **state)
{
	char aside[200];
	struct stat st;

	(void)state;
	fill();
	(void)snprintf(aside, sizeof(aside), "%s/aside", top);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink(aside, file), 0);
	fill();
	assert_int_not_equal(access(aside, F_OK), 0);
	assert_int_equal(lstat(file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

/* Somebody else's folder: root's here, unless we are root. */
static void a_folder_that_is_not_ours(void **state)
{
	uk_cache *c;

	(void)state;
	uk_cache_use(geteuid() == 0 ? "/proc/1/fd" : "/");
	c = open_it(UK_ARRAY(proof));
	uk_cache_put(c, 7, UK_ARRAY(small));
	uk_cache_save(c);
	uk_cache_close(&c);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
}

/* ~/.cache is made, nobody's home is. */
static void no_home(void **state)
{
	char path[128];
	uk_cache *c;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/home/.cache/ukey", top);
	uk_cache_use(path);
	c = open_it(UK_ARRAY(proof));
	uk_cache_put(c, 7, UK_ARRAY(small));
	uk_cache_save(c);
	uk_cache_close(&c);
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	(void)snprintf(path, sizeof(path), "%s/elsewhere/ukey", top);
	uk_cache_use(path);
	fill();
	assert_int_equal(found(UK_ARRAY(proof)), 0);
	(void)snprintf(path, sizeof(path), "%s/home", top);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* --- limits ------------------------------------------------------------------
 */

static void too_much(void **state)
{
	static uint8_t big[UK_CACHE_SIZE_MAX];
	uk_cache *c = open_it(UK_ARRAY(proof));
	uk_bytes v;

	(void)state;
	uk_cache_put(c, 1, uk_view(big, UK_CACHE_SIZE_MAX / 2));
	uk_cache_put(c, 2, uk_view(big, UK_CACHE_SIZE_MAX / 2));
	assert_true(knows(c, 1));
	assert_false(knows(c, 2));
	uk_cache_put(c, 1, UK_ARRAY(big)); /* the old one stays */
	assert_true(uk_cache_get(c, 1, &v));
	assert_int_equal(v.n, UK_CACHE_SIZE_MAX / 2);
	for (uint32_t i = 100; i < 100 + UK_CACHE_ITEMS_MAX; i++)
		uk_cache_put(c, i, UK_ARRAY(small));
	assert_true(knows(c, 100 + UK_CACHE_ITEMS_MAX - 2));
	assert_false(knows(c, 100 + UK_CACHE_ITEMS_MAX - 1));
	uk_cache_save(c);
	uk_cache_close(&c);
	c = open_it(UK_ARRAY(proof));
	assert_true(knows(c, 1));
	assert_true(knows(c, 100));
	uk_cache_close(&c);
	/* nor is a file read that is too long */
	assert_int_equal(truncate(file, UK_CACHE_SIZE_MAX + 1), 0);
	c = open_it(UK_ARRAY(proof));
	assert_false(knows(c, 1));
	uk_cache_close(&c);
}

static size_t files(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void many_cards(void **state)
{
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	uint8_t serial[2] = { 0, 0 };

	(void)state;
	fill();
	assert_int_equal(utimensat(AT_FDCWD, file, old, 0), 0);
	for (unsigned i = 0; i < UK_CACHE_FILES_MAX + 5; i++) {
		uk_cache *c;

		serial[1] = (uint8_t)i;
		c = uk_cache_open("ukey", UK_ARRAY(serial), UK_ARRAY(proof));
		uk_cache_put(c, 7, UK_ARRAY(small));
		uk_cache_save(c);
		uk_cache_close(&c);
	}
	assert_int_equal(files(), UK_CACHE_FILES_MAX);
	assert_int_equal(found(UK_ARRAY(proof)), 0); /* the oldest */
}

static void switched_off(void **state)
{
	uint8_t long_name[UK_CACHE_NAME_MAX + 1] = { 0 };
	uint8_t long_proof[UK_CACHE_PROOF_MAX + 1] = { 0 };

	(void)state;
	assert_null(open_it(UK_NONE));
	assert_null(open_it(UK_ARRAY(long_proof)));
	assert_null(uk_cache_open("ukey", UK_NONE, UK_ARRAY(proof)));
	assert_null(
	    uk_cache_open("ukey", UK_ARRAY(long_name), UK_ARRAY(proof)));
	assert_null(uk_cache_open(
	    "a very long kind of card", UK_ARRAY(name), UK_ARRAY(proof)));
	uk_cache_use(NULL);
	assert_null(open_it(UK_ARRAY(proof)));
}

static void without_a_cache(void **state)
{
	uk_cache *none = NULL;
	uk_bytes v;

	(void)state;
	uk_cache_prove(none, UK_ARRAY(proof));
	uk_cache_put(none, 1, UK_ARRAY(small));
	assert_false(uk_cache_get(none, 1, &v));
	uk_cache_save(none);
	uk_cache_close(&none);
}

static void without_memory(void **state)
{
	long live = uk_mem_live();
	unsigned n = 0;

	(void)state;
	for (unsigned long nth = 1; n < 2 && nth < 50; nth++) {
		uk_cache *c;

		fill();
		uk_mem_fail_nth(nth);
		c = open_it(UK_ARRAY(proof));
		uk_cache_put(c, 9, UK_ARRAY(small));
		uk_cache_save(c);
		n = (unsigned)knows(c, 7) + (unsigned)knows(c, 9);
		uk_cache_close(&c);
		uk_mem_fail_nth(0);
		assert_int_equal(uk_mem_live(), live);
	}
	assert_int_equal(n, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_comes_back),
		TEST(nothing_new_is_not_written),
		TEST(another_content),
		TEST(another_card),
		TEST(every_damaged_byte),
		TEST(what_others_could_have_written),
		TEST(a_link_is_replaced),
		TEST(a_folder_that_is_not_ours),
		TEST(no_home),
		TEST(too_much),
		TEST(many_cards),
		TEST(switched_off),
		TEST(without_a_cache),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
