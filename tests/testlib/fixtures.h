/*
 * Helpers that every test may use: hex literals, comparing bytes and results,
 * failing the Nth allocation.
 */
#ifndef FIXTURES_H
#define FIXTURES_H

#include "bytes.h"

/* Bytes from hex text; blanks are skipped. Lives until the program ends (a ring
 * of 64 values). Fails the test on bad hex. */
uk_bytes hex(const char *text);

/* Fail the running test unless equal; print both in hex. */
#define expect_bytes(got, want) expect_bytes_at(got, want, __FILE__, __LINE__)
void expect_bytes_at(uk_bytes got, uk_bytes want, const char *file, int line);

#define expect_ok(err)         expect_code_at(err, UK_OK, __FILE__, __LINE__)
#define expect_code(err, code) expect_code_at(err, code, __FILE__, __LINE__)
void expect_code_at(uk_err err, enum uk_code code, const char *file, int line);

/*
 * Runs step(arg) again and again with the first, second, third ... allocation
 * failing, until it passes untouched. Every failed run must answer
 * UK_ERR_MEMORY and leave no allocation behind. Returns how many runs it took.
 */
unsigned fail_every_allocation(uk_err (*step)(void *arg), void *arg);

#endif
