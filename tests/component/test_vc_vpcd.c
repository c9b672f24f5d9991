/* The wire to vpcd: a reader of our own on a socket speaks its protocol. */
#include "vc_vpcd.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "vc_piv_perso.h"
#include "vc_vectors.h"
#include "vcard_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rig {
	char folder[64], card[96], lock[128], log[96];
	int listener, reader; /* vpcd's side */
	unsigned port;
	struct vc_plug *plug;
	struct vc_vpcd *vpcd;
};

static int set_up(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	struct vc_slot_option slot = { .redact = true };
	struct vc_card *card;

	if (g == NULL)
		return -1;
	(void)snprintf(
	    g->folder, sizeof(g->folder), "%s", "/tmp/vc_plug_XXXXXX");
	if (mkdtemp(g->folder) == NULL)
		return -1;
	(void)snprintf(g->card, sizeof(g->card), "%s/card", g->folder);
	(void)snprintf(g->lock, sizeof(g->lock), "%s.lock", g->card);
	(void)snprintf(g->log, sizeof(g->log), "%s/log", g->folder);
	card = card_in_use(g->card, 0x11, false);
	vc_card_close(&card);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(g->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(g->listener, 1), 0);
	assert_int_equal(
	    getsockname(g->listener, (struct sockaddr *)&a, &n), 0);
	g->port = ntohs(a.sin_port);
	slot.card = g->card;
	slot.transcript = g->log;
	expect_ok(vc_plug_open(&slot, &g->plug));
	expect_ok(vc_vpcd_open(g->plug, "127.0.0.1", g->port, &g->vpcd));
	assert_true(vc_vpcd_connect(g->vpcd));
	g->reader = accept(g->listener, NULL, NULL);
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *g = *state;

	vc_vpcd_close(&g->vpcd);
	vc_plug_close(&g->plug);
	(void)close(g->reader);
	(void)close(g->listener);
	(void)unlink(g->card);
	(void)unlink(g->lock);
	(void)unlink(g->log);
	(void)rmdir(g->folder);
	free(g);
	return 0;
}

static void send_raw(struct rig *g, const char *text)
{
	uk_bytes v = hex(text);

	assert_int_equal(send(g->reader, v.p, v.n, 0), v.n);
	vc_vpcd_serve(g->vpcd);
}

/* What the card has sent, whole, as the reader sees it. */
static void expect_raw(struct rig *g, const char *text)
{
	uint8_t got[512];
	ssize_t n = recv(g->reader, got, sizeof(got), MSG_DONTWAIT);

	expect_bytes(uk_view(got, n < 0 ? 0 : (size_t)n), hex(text));
}

static void test_controls(void **state)
{
	struct rig *g = *state;

	send_raw(g, "000104");
	expect_raw(g, "000E 3B8A018073D401C054756B65793B");
	send_raw(g, "000100"); /* only the ATR is answered */
	send_raw(g, "000101");
	send_raw(g, "000102");
	send_raw(g, "0001FF");
	send_raw(g, "0000");
	expect_raw(g, "");
	assert_int_equal(g->plug->commands, 0);
}

static void test_messages_in_pieces(void **state)
{
	struct rig *g = *state;

	send_raw(g, "00");
	send_raw(g, "05 00A4");
	expect_raw(g, "");
	send_raw(g, "04020100"); /* 00A4040201: no next; one byte more */
	expect_raw(g, "0002 6A82");
	send_raw(g, "05 00A4000C 00"); /* the byte before began this one */
	send_raw(g, "0001 04 0005 00B09E0000");
	expect_raw(g, "0002 9000 000E 3B8A018073D401C054756B65793B"
		      "0014 61104F08F0756B65792E30315004756B6579 9000");
	assert_int_equal(g->plug->commands, 3);
}

static void test_reset_ends_statuses(void **state)
{
	static const char *const controls[] = { "000100", "000101", "000102" };
	struct rig *g = *state;

	for (size_t i = 0; i < 3; i++) {
		send_raw(g, "000D 00A4040C08F0756B65792E3031");
		expect_raw(g, "0002 9000");
		send_raw(g, "0009 00200081 0431323334");
		expect_raw(g, "0002 9000");
		send_raw(g, controls[i]);
		send_raw(g, "000D 00A4040C08F0756B65792E3031");
		expect_raw(g, "0002 9000");
		send_raw(g, "0004 00200081");
		expect_raw(g, "0002 63C3");
	}
}

static void test_remove_after(void **state)
{
	struct rig *g = *state;
	uint8_t byte;

	expect_ok(vc_faults_add(&g->plug->faults, "at 3 remove", 0));
	send_raw(g, "0004 00A4000C");
	expect_raw(g, "0002 9000");
	send_raw(g, "000104"); /* the ATR does not count */
	expect_raw(g, "000E 3B8A018073D401C054756B65793B");
	send_raw(g, "0004 00A4000C");
	expect_raw(g, "0002 9000");
	send_raw(g, "0004 00A4000C"); /* pulled, and not answered */
	assert_int_equal(recv(g->reader, &byte, 1, 0), 0);
	assert_int_equal(g->vpcd->fd, -1);
	assert_false(g->plug->inserted);
	assert_int_equal(g->plug->commands, 3);
	assert_false(vc_vpcd_connect(g->vpcd)); /* stays out */
	vc_plug_insert(g->plug);
	assert_true(vc_vpcd_connect(g->vpcd));
	(void)close(g->reader);
	g->reader = accept(g->listener, NULL, NULL);
	send_raw(g, "0004 00A4000C");
	expect_raw(g, "0002 9000");
}

static void test_reader_goes_and_comes(void **state)
{
	struct rig *g = *state;

	send_raw(g, "000D 00A4040C08F0756B65792E3031");
	send_raw(g, "0009 00200081 0431323334");
	expect_raw(g, "0002 9000 0002 9000");
	send_raw(g, "0009 0020"); /* half a command, then nothing more */
	(void)close(g->reader);
	vc_vpcd_serve(g->vpcd);
	assert_int_equal(g->vpcd->fd, -1);
	assert_true(g->plug->inserted);
	assert_true(vc_vpcd_connect(g->vpcd));
	g->reader = accept(g->listener, NULL, NULL);
	send_raw(g, "000D 00A4040C08F0756B65792E3031");
	expect_raw(g, "0002 9000");
	send_raw(g, "0004 00200081"); /* it lost power */
	expect_raw(g, "0002 63C3");
}

static void test_transcript_hides_pins(void **state)
{
	struct rig *g = *state;
	char text[4096] = "";
	FILE *f;

	send_raw(g, "000D 00A4040C08F0756B65792E3031");
	send_raw(g, "0009 00200081 0431323334");
	send_raw(g, "0009 10200081 0431323334"); /* chained */
	send_raw(g, "0009 002C0081 0431323334");
	send_raw(g, "0009 00240081 0431323334");
	send_raw(g, "0009 80D80081 0431323334"); /* keys, enciphered */
	send_raw(g, "0009 84E20081 0431323334");
	send_raw(g, "0004 00200081");
	f = fopen(g->log, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	(void)fclose(f);
	assert_null(strstr(text, "31323334"));
	assert_non_null(strstr(text, "> 00a4040c08f0756b65792e3031\n< 9000\n"));
	assert_non_null(strstr(text, "> 00200081 (5 bytes not shown)\n"));
	assert_non_null(strstr(text, "> 10200081 (5 bytes not shown)\n"));
	assert_non_null(strstr(text, "> 002c0081 (5 bytes not shown)\n"));
	assert_non_null(strstr(text, "> 00240081 (5 bytes not shown)\n"));
	assert_non_null(strstr(text, "> 80d80081 (5 bytes not shown)\n"));
	assert_non_null(strstr(text, "> 84e20081 (5 bytes not shown)\n"));
	assert_non_null(strstr(text, "> 00200081\n< "));
}

static void test_transcript_hides_secrets(void **state)
{
	struct rig *g = *state;
	char text[4096] = "";
	FILE *f;

	send_raw(g, "000D 00A4040C08F0756B65792E3031");
	send_raw(g, "0009 00200081 0431323334");
	send_raw(g, "0033 00DB3FFF2E 7F482B 840103 800111 950104 8820" P256_I);
	send_raw(g, "000B 002241B806 800160 840103");
	send_raw(g, "0048 002A808642 00" P256_GR "00");
	send_raw(g, "0047 002A808642 00" P256_GR);
	send_raw(g, "0005 00C0000000");
	f = fopen(g->log, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	(void)fclose(f);
	assert_null(strstr(text, "c88f01f510d9")); /* the key */
	assert_null(strstr(text, "d6840f6b42f6")); /* the shared point */
	assert_non_null(strstr(text, "< 6120\n> 00c0000000\n"
				     "< (32 bytes not shown) 9000\n"));
}

static void test_transcript_hides_secrets_of_piv(void **state)
{
	struct rig *g = *state;
	struct vc_key_parts parts = { .d = hex(P256_I) };
	struct vc_app *app;
	char text[4096] = "";
	FILE *f;

	expect_ok(vc_card_install(
	    g->plug->source.arg, "piv-yubico", UK_NONE, UK_NONE));
	app = vc_card_app(g->plug->source.arg, hex("A000000308000010000100"));
	assert_non_null(app);
	expect_ok(vc_piv_import_key(app, 0x9e, VC_PIV_P256, 0, &parts));
	expect_ok(vc_piv_save(app));
	send_raw(g, "000E 00A4040C09A00000030800001000");
	send_raw(g, "0027 00FE119A22 0620" P256_I);
	send_raw(g, "0018 00FFFFFF13 039B10 000102030405060708090A0B0C0D0E0F");
	send_raw(g, "004D 0087119E47 7C4582008541" P256_GR "00");
	f = fopen(g->log, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	(void)fclose(f);
	assert_null(strstr(text, "c88f01f510d9")); /* the key */
	assert_null(strstr(text, "08090a0b0c0d")); /* the management key */
	assert_null(strstr(text, "d6840f6b42f6")); /* the shared point */
	assert_non_null(strstr(text, "< (36 bytes not shown) 9000\n"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_controls),
		TEST(test_messages_in_pieces),
		TEST(test_reset_ends_statuses),
		TEST(test_remove_after),
		TEST(test_reader_goes_and_comes),
		TEST(test_transcript_hides_pins),
		TEST(test_transcript_hides_secrets),
		TEST(test_transcript_hides_secrets_of_piv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
