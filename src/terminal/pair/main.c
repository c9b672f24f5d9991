/*
 * ukey-terminal-pair: tells the driver the code that the terminal shows. The
 * driver holds the line, so it does the pairing; see docs/terminal.md.
 */
#include "bytes.h"
#include "secret.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winscard.h>

const char *argp_program_version = "ukey-terminal-pair 0.1.0";

enum { CODE = 8, NAMES = 4096, EXIT_USAGE = 2 };

static const DWORD control_pair = 0x42000000 + 3840;
static const char usual[] = "ukey terminal";

static const char doc[] =
    "Pairs this computer with a terminal, once. Press p on the terminal; it "
    "shows eight digits for two minutes. They are typed here, never given as "
    "an argument.\v"
    "Without --reader the first reader called \"ukey terminal\" is taken. "
    "Exit codes: 0 paired, 1 not paired, 2 usage.";

static const struct argp_option options[] = {
	{ "reader", 'r', "NAME", 0,
	    "The terminal as `ukey cards` or pcsc_scan call it", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **reader = state->input;

	if (key != 'r')
		return ARGP_ERR_UNKNOWN;
	*reader = arg;
	return 0;
}

/* --- the reader ---------------------------------------------------------- */

/* The first name that begins like this; false: none. */
static bool find_reader(SCARDCONTEXT c, const char *wanted, char name[256])
{
	char names[NAMES];
	DWORD n = sizeof(names);

	if (SCardListReaders(c, NULL, names, &n) != SCARD_S_SUCCESS)
		return false;
	for (const char *s = names; *s != '\0'; s += strlen(s) + 1) {
		if (strncmp(s, wanted, strlen(wanted)) == 0) {
			snprintf(name, 256, "%s", s);
			return true;
		}
	}
	return false;
}

static int say(const char *text)
{
	fprintf(stderr, "ukey-terminal-pair: %s\n", text);
	return EXIT_FAILURE;
}

/* What the driver answers: status words, docs/terminal.md, section 7. */
static int say_answer(uk_bytes answer)
{
	static const uint8_t done[] = { 0x90, 0x00 };
	static const struct {
		uint8_t sw[2];
		const char *text;
	} rows[] = {
		{ { 0x69, 0x85 },
		    "the terminal shows no code: press p on it and try again" },
		{ { 0x69, 0x82 }, "that was not the code; the terminal has "
				  "to show another one: press p on it" },
		{ { 0x6a, 0x80 }, "a code has eight digits" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (uk_bytes_eq(answer, UK_ARRAY(rows[i].sw)))
			return say(rows[i].text);
	}
	if (!uk_bytes_eq(answer, UK_ARRAY(done)))
		return say("the driver gave an answer that makes no sense");
	puts("Paired.");
	return EXIT_SUCCESS;
}

static int pair(SCARDCONTEXT c, const char *reader, uk_bytes code)
{
	uint8_t answer[16];
	DWORD n = 0, protocol;
	SCARDHANDLE card;
	LONG rc = SCardConnect(
	    c, reader, SCARD_SHARE_DIRECT, 0, &card, &protocol);

	if (rc != SCARD_S_SUCCESS) {
		fprintf(stderr, "ukey-terminal-pair: %s: %s\n", reader,
		    pcsc_stringify_error(rc));
		return EXIT_FAILURE;
	}
	rc = SCardControl(card, control_pair, code.p, (DWORD)code.n, answer,
	    sizeof(answer), &n);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
	if (rc != SCARD_S_SUCCESS)
		return say("the terminal does not answer: is it running, and "
			   "the cable in?");
	return say_answer(uk_view(answer, n));
}

/* --- the code ------------------------------------------------------------ */

/* Digits of one line; blanks between them are for people. */
static bool read_code(uint8_t code[CODE])
{
	char line[64] = "";
	size_t n = 0;
	bool good = fgets(line, sizeof(line), stdin) != NULL;

	for (const char *s = line; good && *s != '\0' && *s != '\n'; s++) {
		if (*s == ' ')
			continue;
		good = n < CODE && *s >= '0' && *s <= '9';
		if (good)
			code[n++] = (uint8_t)*s;
	}
	uk_wipe(line, sizeof(line));
	return good && n == CODE;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, NULL, NULL,
		NULL };
	const char *wanted = usual;
	uint8_t code[CODE];
	char reader[256];
	SCARDCONTEXT c;
	int end;

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
		return EXIT_USAGE;
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &c) !=
	    SCARD_S_SUCCESS)
		return say("the card service does not run: start pcscd");
	if (!find_reader(c, wanted, reader)) {
		end = say("no such reader: is libifdukey in pcscd's "
			  "configuration?");
	} else {
		printf("Code shown by %s: ", reader);
		fflush(stdout);
		end = read_code(code) ? pair(c, reader, UK_ARRAY(code))
				      : say("a code has eight digits");
		uk_wipe(code, sizeof(code));
	}
	SCardReleaseContext(c);
	return end;
}
