/*
 * Readers and cards for tests of pkcs11/core: a struct p11_source without
 * pcscd, and a kind of card that keeps PINs, counts commands and can be told to
 * fail.
 *
 * Every operation of the fake card sends one command through the real channel
 * and trace, so that the Nth command of a call can be made to fail.
 */
#ifndef P11_FAKE_H
#define P11_FAKE_H

#include "cryptoki.h"
#include "source.h"

#define FAKE_PIN "123456"
#define FAKE_PUK "87654321"

/* The card's objects: key 1 (RSA-2048, sign, id 01) with a certificate, key 2
 * (P-256, asks for consent, id 02) with a certificate, which nobody can change;
 * and FAKE_ROOM others, made by whoever has the PIN. An RSA key's modulus is
 * its primes one after the other. */
enum { FAKE_ROOM = 8 };

/* A fresh world: the service runs, there are no readers. Installs the source.
 */
void fake_reset(void);
/* In the child of a fork: the watcher may have held the world's lock. */
void fake_after_fork(void);
void fake_service(bool runs);
/* Reader number i (0 to 3) is "Fake Reader i". */
void fake_attach(int i);
void fake_detach(int i);
/* serial: tells cards apart; 0 = a card that is not ours. */
void fake_insert(int i, uint8_t serial);
/* A card with two applications, which have serial numbers of their own. */
void fake_insert_two(int i, uint8_t serial, uint8_t second);
void fake_remove(int i);
/* Another program has the card to itself: nobody is inside a transaction, or
 * begins one, until it lets go. What it does to the card below it does without
 * asking, so with threads about it seizes the card first. */
void fake_seize(int i);
void fake_let_go(int i);
/* Another program resets the card: its logins are gone. */
void fake_reset_card(int i);
/* Another program resets the card and destroys the first object that its owner
 * has made. */
void fake_change(int i);
/* The same without a reset: logins stay. */
void fake_change_quietly(int i);
/* Another program selects another application, without a reset. */
void fake_steal(int i);

/* Is somebody logged in on the card? Does a consent wait to be used? */
bool fake_is_open(int i);
bool fake_has_consent(int i);
/* Is the card in a transaction, and how many were begun since this was asked?
 */
bool fake_is_held(int i);
unsigned fake_begins(void);
/* Can the card tell what has become of it, at the price of a command? Not
 * unless told so. */
void fake_refreshes(bool can);

/* Threads that wait for readers and cards just now. */
int fake_waiting(void);

/*
 * Reader i gets a PIN pad, before a card is put in: what the person there will
 * do at every entry. "123456" types that, "!6401" makes the pad answer so; NULL
 * takes the pad away.
 */
void fake_pad(int i, const char *does);
/*
 * Reader i gets a screen of its own. "AABB": whoever is there approves every
 * text, and AA BB is stated of a signature ("": nothing is); "!6401" is the
 * answer instead. NULL takes it away. What was shown last is in
 * fake_screen_text; it counts as an entry.
 */
void fake_screen(int i, const char *does);
extern uint8_t fake_screen_text[5000];
extern size_t fake_screen_text_n;
/* The person does not begin, until told so; at the pads of all readers. */
void fake_person_waits(bool waits);
/* The card in reader i does not answer until another number is given (-1: all
 * do). */
void fake_slow_card(int i);
/* Is it at work on a command? */
bool fake_working(void);
/* Is a pad waiting for the person? */
bool fake_entering(void);
/* Entries at pads since the last time this was asked. */
unsigned fake_entries(void);

/* Commands sent to cards since the last time this was asked. */
unsigned fake_commands(void);
/* The nth command from now fails so; 0 = none. */
void fake_fail(unsigned nth, enum uk_code code);
/* Was the command that was to fail reached? */
bool fake_failed(void);

/* The signing request that reached a card last. */
struct fake_request {
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	uint8_t input[600];
	size_t input_len;
};
extern struct fake_request fake_last;

/* What reached a card last to be deciphered, and what its answer is. */
struct fake_cipher {
	enum uk_decipher_scheme scheme;
	uint8_t input[600], output[600];
	size_t input_len, output_len;
};
extern struct fake_cipher fake_cipher;

extern unsigned fake_tries[4]; /* PIN tries left of the card in reader i */
/* The card lists its first four objects without saying what they are; number 2
 * of each kind is not there after all. Until fake_reset. */
extern bool fake_vague;
extern unsigned fake_reads; /* certificates read */

#endif
