/*
 * Secure channels against sessions that real cards had with other people's
 * programs, as those programs' tests keep them:
 *   pySim (osmocom), tests/unittests/test_globalplatform.py
 *   GlobalPlatform (Karsten Ohme), globalplatform/src/scp02Test.c, scp03Test.c
 * Here the card's side must come to the same bytes.
 */
#include "vc_scp.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "secret.h"

#include <string.h>

static struct vc_crypto *crypto;

static int open_crypto(void **state)
{
	(void)state;
	expect_ok(vc_crypto_open(&crypto));
	return 0;
}

static int close_crypto(void **state)
{
	(void)state;
	vc_crypto_close(&crypto);
	return 0;
}

enum { STEPS = 5 };

struct step {
	const char *sent, *plain; /* commands */
	const char *said;         /* answer without status word, protected */
	const char *answer;       /* and in plain; NULL: none */
};

struct session {
	uint8_t protocol, options;
	const char *enc, *mac, *dek;
	const char *host, *sequence, *card; /* challenges */
	const char *cryptogram;
	const char *authenticate;
	struct step steps[STEPS];
};

#define PYSIM_02                                                               \
	"100102030405060708090A0B0C0D0E0F",                                    \
	    "101102030405060708090A0B0C0D0E0F",                                \
	    "102102030405060708090A0B0C0D0E0F"
#define PYSIM_128                                                              \
	"000102030405060708090A0B0C0D0E0F",                                    \
	    "101112131415161718191A1B1C1D1E1F",                                \
	    "202122232425262728292A2B2C2D2E2F"
#define PYSIM_192                                                              \
	"000102030405060708090A0B0C0D0E0F0001020304050607",                    \
	    "101112131415161718191A1B1C1D1E1F1011121314151617",                \
	    "202122232425262728292A2B2C2D2E2F2021222324252627"
#define PYSIM_256                                                              \
	"000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F",    \
	    "101112131415161718191A1B1C1D1E1F"                                 \
	    "101112131415161718191A1B1C1D1E1F",                                \
	    "202122232425262728292A2B2C2D2E2F"                                 \
	    "202122232425262728292A2B2C2D2E2F"
#define TEST_KEYS                                                              \
	"404142434445464748494A4B4C4D4E4F",                                    \
	    "404142434445464748494A4B4C4D4E4F",                                \
	    "404142434445464748494A4B4C4D4E4F"
#define EID "BF3E125A1089882119900000000000000000000005"

static const struct session sessions[] = {
	{ 2, 0x15, PYSIM_02, "40A62C37FA6304F8", "0001", "6B4524ABEE7C",
	    "F32EA3838BC148F3", "8482010010BA6961667737C5BCEBECE14C7D6A4376",
	    { { "84F220020814DB34FA4341DCA8", "80F22002", NULL, NULL },
		{ "84CA00660855ED7C5FF069512B00", "80CA006600", NULL, NULL },
		{ "84F22002124F0212345C054F9F70C58FC1B380C4228AF8",
		    "80F220020A4F0212345C054F9F70C5", NULL, NULL },
		{ "84F280020A4F003B95F09317DE6A4E00", "80F28002024F0000", NULL,
		    NULL } } },
	{ 2, 0x15, TEST_KEYS, "D5AD539A60CA5E72", "069F", "AA2A0591E733",
	    "67DD78794D04315E", "84820100107C799B3C771DBAE6BEF49310977617BA",
	    { { "84F220020A4F00BB6E71C0EFCFCF0D00", "80F22002024F0000", NULL,
		NULL } } },
	{ 2, 0x15, TEST_KEYS, "EBAA9E53C696281B", "06A1", "5086BBEE58F4",
	    "67149061DA4B6EAE", "848203001005814C116071EB67D8BA9D9879454564",
	    { { "84E4008018BC146FA0403BE4BAD3BC089E4ABD8674DA7EFEA21047B85800",
		  "80E400800A4F08D0D1D2D3D4D5010100", NULL, NULL },
		{ "84E4008018C2748C1669FAFC0E20C5253680388A4A49C9A6038D77B4570"
		  "0",
		    "80E40080094F07D0D1D2D3D4D50100", NULL, NULL } } },
	{ 3, 0x70, PYSIM_128, "B13E5F938FC108C4", "000002", "3EB51047495B249F",
	    "66C484C1D2EF1948", "84821100107D5F5826A993EBC89EEA24957FA0B3CE",
	    { { "84E291000EBF3E035C015A558D036518A2829700",
		  "80E2910006BF3E035C015A00", EID "971BE68992DBBDFA", EID },
		{ "84F220020863A63F8959827FB2", "80F22002", NULL, NULL },
		{ "84CA006608A0C6A4A74166F7CE00", "80CA006600", NULL, NULL },
		{ "84F22002124F0212345C054F9F70C52249B50272656536",
		    "80F220020A4F0212345C054F9F70C5", NULL, NULL },
		{ "84F280020A4F00E91443F6DCE6B8ED00", "80F28002024F0000", NULL,
		    NULL } } },
	{ 3, 0x70, PYSIM_128, "8E1552D0513C60F3", "000001", "30760CD2C47C1DD3",
	    "95065FE5EAD8A9D7", "8482030010FD4721A14D9B07003C451D2F8AE6BB21",
	    { { "84E2910018CA9C00F6713D79BC8BAA642BDFF51C3F6A4082D3BD9AD26C00",
		  "80E2910006BF3E035C015A00", EID, EID },
		{ "84F2200208C9811B11F1264CF1", "80F22002", NULL, NULL },
		{ "84CA006608E10AB60B3054798800", "80CA006600", NULL, NULL },
		{ "84F22002184E2908BDB48B2315A55482E9E936CA122D6ECFAE7D17416E",
		    "80F220020A4F0212345C054F9F70C5", NULL, NULL },
		{ "84F28002180DD10A6B6193E5340B9E77D32D5A179CD710AC2773AEFB28"
		  "00",
		    "80F28002024F0000", NULL, NULL } } },
	{ 3, 0x70, PYSIM_128, "FDF38259A1E0DE44", "000003", "3B1ACA81E821F219",
	    "081CDC01C26B372D", "84823300108C36F96BCC00724A4E13AD591D7DA3F0",
	    { { "84E2910018267A85DFE4A98FCA6FB0527E0DFECCE4914E40401433C87F00",
		  "80E2910006BF3E035C015A00",
		  "F3BA2B1013AA6224F5E1C138D71805C569E5439B47576260B75FC021"
		  "B25097CB2E68F8A0144975B9",
		  EID },
		{ "84F2200208AC6A59024BED84CC", "80F22002", NULL, NULL },
		{ "84CA006608409912AD8FB7AED000", "80CA006600", NULL, NULL },
		{ "84F22002185F3DAFC3AC14C381536A488BF44E06D056DF9D74DBD21E5A",
		    "80F220020A4F0212345C054F9F70C5", NULL, NULL },
		{ "84F280021865165105BE3373347D0424D4400AF2AC393F569EC779389E"
		  "00",
		    "80F28002024F0000", NULL, NULL } } },
	{ 3, 0x70, PYSIM_192, "9B3F2EEF0E8C9374", "000002", "F6BB305A15BAE1A6",
	    "8F79FB08212FBED7", "84823300109100BC22D58B45B86A26365CE39FF3CF",
	    { { "84E29100188F7F946C84F70D17994BC6E8791251BB1BB1BF02CF8DE58900",
		  "80E2910006BF3E035C015A00",
		  "C05176C1B6F72AAE50C32CBEE63B0E95998928FD4DFB2BE9F27FFDE8"
		  "C8476F5909B4805CC4039599",
		  EID },
		{ "84F2200208D5D97754B6B3D2BA", "80F22002", NULL, NULL },
		{ "84CA006608516C82B8E30ADBEB00", "80CA006600", NULL, NULL },
		{ "84F2200218CC247F4761E6944277A4E0D6E32E44025B1E31537E2FC668",
		    "80F220020A4F0212345C054F9F70C5", NULL, NULL },
		{ "84F2800218BA22B63D509BEF5D093B43E5EAED03ED23144AB2D9CB51DE"
		  "00",
		    "80F28002024F0000", NULL, NULL } } },
	{ 3, 0x70, PYSIM_256, "97B2055FE58599FD", "000002", "A8439A22CEDF045F",
	    "A9F1903B2834F26E", "8482330010508A0FD959D2E547C6B33154A6BE2057",
	    { { "84E29100187A5EF717EAF1E135AE92FE54429D0E465DECDA65F5FE5AEA00",
		  "80E2910006BF3E035C015A00",
		  "EA90DBFA648A67C5EB6ABC57F8530B97D0CD5647C5E8732016B55203"
		  "B078DD2ACE7F8BC5D1C1CD99",
		  EID },
		{ "84F2200208BCC5C17275545D93", "80F22002", NULL, NULL },
		{ "84CA00660804806ABA9D543BB600", "80CA006600", NULL, NULL },
		{ "84F2200218717222491556EC81A45F49CE48BE33320024801A1C4CB0E0",
		    "80F220020A4F0212345C054F9F70C5", NULL, NULL },
		{ "84F2800218561F105BCCD3A1642904B251CCC1228BEB80A82370A86370"
		  "00",
		    "80F28002024F0000", NULL, NULL } } },
	{ 3, 0x70, "F995D0A069335C7DF42E590317FFEA6D",
	    "58563362EC5A4541ABCD32B34B1EAE7D",
	    "0A02A6D687406DCFA09DC70B3EDB7E38", "B2BDE1A2DC66BD56", "000015",
	    "C40932A6FEFEAEB2", "E127185170F45FCA",
	    "848203001059D54D932423D29F6313C970875F8C2F",
	    { { "84E400801829F06AEC3180B3EFE91FF662310B945DE0D5FE66AD67A5B6",
		"80E400800A4F08A00100015141434C", NULL, NULL } } },
	{ 3, 0x10, "DE2A3629CBC24E8D8869E82C8B4C0D874D88166B6F8A1C12",
	    "DE2A3629CBC24E8D8869E82C8B4C0D874D88166B6F8A1C12",
	    "DE2A3629CBC24E8D8869E82C8B4C0D874D88166B6F8A1C12",
	    "4157115CAD7D2FE7", "000012", "726B1E22EED4F4BB",
	    "AB21001BFD4B6F02", "84820300109B126D1B1557297F3C06766CA9ACBD27",
	    { { "84F2200218110C222888859059700E5D42AD65F41299B0BFFC03BF79A800",
		"80F22002024F0000", NULL, NULL } } },
};

static struct vc_scp_start start_of(const struct session *s)
{
	return (struct vc_scp_start){ s->protocol, s->options, hex(s->enc),
		hex(s->mac), hex(s->dek), UK_NONE, hex(s->host),
		hex(s->sequence), hex(s->card) };
}

static uk_cmd command(const char *text)
{
	uk_cmd cmd;

	expect_ok(uk_cmd_decode(hex(text), &cmd));
	return cmd;
}

static void begin(struct vc_scp *scp, const struct session *s)
{
	struct vc_scp_start start = start_of(s);
	uint8_t cryptogram[8];

	memset(scp, 0, sizeof(*scp));
	expect_ok(vc_scp_begin(scp, crypto, &start, cryptogram));
	expect_bytes(UK_ARRAY(cryptogram), hex(s->cryptogram));
}

static unsigned authenticate(struct vc_scp *scp, const char *text)
{
	uk_cmd cmd = command(text);

	return vc_scp_authenticate(scp, &cmd);
}

static void take_step(struct vc_scp *scp, const struct step *step)
{
	uint8_t storage[256];
	uk_buf plain = UK_BUF(storage), answer;
	uk_cmd sent = command(step->sent), want = command(step->plain), got;

	assert_int_equal(vc_scp_unwrap(scp, &sent, &plain, &got), 0x9000);
	assert_int_equal(got.cla, want.cla);
	expect_bytes(got.data, want.data);
	if (step->answer == NULL)
		return;
	answer = UK_BUF(storage);
	uk_put(&answer, hex(step->answer));
	assert_int_equal(vc_scp_wrap(scp, 0x9000, &answer), 0x9000);
	expect_bytes(uk_buf_view(&answer), hex(step->said));
}

static void test_sessions(void **state)
{
	struct vc_scp scp;

	(void)state;
	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
		const struct session *s = &sessions[i];

		begin(&scp, s);
		assert_int_equal(authenticate(&scp, s->authenticate), 0x9000);
		for (size_t k = 0; k < STEPS && s->steps[k].sent != NULL; k++)
			take_step(&scp, &s->steps[k]);
		vc_scp_close(&scp);
	}
}

/* Challenges without random numbers, from the same sessions (the names are
 * those of the cards' security domains). */
static void test_pseudo_random(void **state)
{
	static const struct {
		size_t session;
		const char *aid;
	} rows[] = {
		{ 3, "A0000005591010FFFFFFFF8900000100" },
		{ 4, "A0000005591010FFFFFFFF8900000100" },
		{ 6, "A0000005591010FFFFFFFF8900000100" },
		{ 7, "A0000005591010FFFFFFFF8900000100" },
		{ 8, "A000000151000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct session *s = &sessions[rows[i].session];
		struct vc_scp_start start = start_of(s);
		uint8_t storage[8];
		uk_buf out = UK_BUF(storage);

		start.aid = hex(rows[i].aid);
		expect_ok(vc_scp_challenge(crypto, &start, &out));
		expect_bytes(uk_buf_view(&out), hex(s->card));
	}
}

static void test_random(void **state)
{
	static const uint8_t options[] = { 0x00, 0x20, 0x60 };
	struct vc_scp_start start = start_of(&sessions[3]);

	(void)state;
	for (size_t i = 0; i < sizeof(options); i++) {
		uint8_t one[8], two[8];
		uk_buf a = UK_BUF(one), b = UK_BUF(two);

		start.options = options[i];
		expect_ok(vc_scp_challenge(crypto, &start, &a));
		expect_ok(vc_scp_challenge(crypto, &start, &b));
		assert_int_equal(a.len, 8);
		assert_false(uk_bytes_eq(uk_buf_view(&a), uk_buf_view(&b)));
	}
}

/* --- what must not pass ----------------------------------------------------
 */

static void expect_closed(struct vc_scp *scp)
{
	static const struct vc_scp closed;

	assert_memory_equal(scp, &closed, sizeof(closed)); /* keys too */
}

/* Each bit of the command changed, one after the other. */
static void test_every_bit_of_authenticate(void **state)
{
	(void)state;
	for (size_t which = 0; which <= 3; which += 3) {
		const struct session *s = &sessions[which];
		size_t bits = hex(s->authenticate).n * 8;

		for (size_t bit = 0; bit < bits; bit++) {
			uint8_t copy[32];
			uk_buf b = UK_BUF(copy);
			struct vc_scp scp;
			uk_cmd cmd;
			uint16_t sw;

			if (bit / 8 == 1 || bit / 8 == 4)
				continue; /* INS: the caller's; Lc */
			uk_put(&b, hex(s->authenticate));
			copy[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			expect_ok(uk_cmd_decode(uk_buf_view(&b), &cmd));
			begin(&scp, s);
			sw = vc_scp_authenticate(&scp, &cmd);
			assert_true(
			    sw == 0x6300 || sw == 0x6982 || sw == 0x6A86);
			expect_closed(&scp);
		}
	}
}

static void test_every_bit_of_commands(void **state)
{
	(void)state;
	for (size_t which = 2; which <= 5; which += 3) {
		const struct session *s = &sessions[which];
		size_t bits = (hex(s->steps[0].sent).n - 1) * 8;

		for (size_t bit = 0; bit < bits; bit++) {
			uint8_t copy[64], storage[64];
			uk_buf b = UK_BUF(copy), plain = UK_BUF(storage);
			struct vc_scp scp;
			uk_cmd cmd, got;

			if (bit / 8 == 4)
				continue;
			uk_put(&b, hex(s->steps[0].sent));
			copy[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			expect_ok(uk_cmd_decode(uk_buf_view(&b), &cmd));
			begin(&scp, s);
			assert_int_equal(
			    authenticate(&scp, s->authenticate), 0x9000);
			assert_int_equal(
			    vc_scp_unwrap(&scp, &cmd, &plain, &got), 0x6982);
			expect_closed(&scp);
		}
	}
}

static void test_order(void **state)
{
	const struct session *s = &sessions[3];
	uint8_t storage[64];
	uk_buf plain = UK_BUF(storage);
	uk_cmd first = command(s->steps[0].sent), got;
	uk_cmd open = command(s->steps[0].plain);
	struct vc_scp scp;

	(void)state;
	memset(&scp, 0, sizeof(scp));
	assert_int_equal(authenticate(&scp, s->authenticate), 0x6985);
	assert_int_equal(vc_scp_unwrap(&scp, &first, &plain, &got), 0x6982);
	assert_int_equal(vc_scp_unwrap(&scp, &open, &plain, &got), 0x9000);
	/* Begun is not open. */
	begin(&scp, s);
	assert_int_equal(vc_scp_unwrap(&scp, &first, &plain, &got), 0x6982);
	expect_closed(&scp);
	/* Twice. */
	begin(&scp, s);
	assert_int_equal(authenticate(&scp, s->authenticate), 0x9000);
	assert_int_equal(authenticate(&scp, s->authenticate), 0x6985);
	expect_closed(&scp);
	/* Repeated. */
	begin(&scp, s);
	assert_int_equal(authenticate(&scp, s->authenticate), 0x9000);
	assert_int_equal(vc_scp_unwrap(&scp, &first, &plain, &got), 0x9000);
	assert_int_equal(vc_scp_unwrap(&scp, &first, &plain, &got), 0x6982);
	expect_closed(&scp);
	/* Without protection. */
	begin(&scp, s);
	assert_int_equal(authenticate(&scp, s->authenticate), 0x9000);
	assert_int_equal(vc_scp_unwrap(&scp, &open, &plain, &got), 0x6982);
	expect_closed(&scp);
	/* Too short for a MAC. */
	begin(&scp, s);
	assert_int_equal(authenticate(&scp, s->authenticate), 0x9000);
	got = command("84F2200207 01020304050607");
	assert_int_equal(vc_scp_unwrap(&scp, &got, &plain, &first), 0x6982);
	expect_closed(&scp);
}

/* Levels that the option, or the table of levels, does not have. */
static void test_levels(void **state)
{
	static const struct {
		uint8_t protocol, options, bad;
	} rows[] = { { 2, 0x15, 0x11 }, { 2, 0x15, 0x02 }, { 2, 0x55, 0x33 },
		{ 3, 0x00, 0x11 }, { 3, 0x10, 0x33 }, { 3, 0x30, 0x33 },
		{ 3, 0x70, 0x10 }, { 3, 0x70, 0x23 }, { 3, 0x70, 0x31 },
		{ 3, 0x70, 0x04 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vc_scp_start start = start_of(
		    &sessions[rows[i].protocol == 2 ? 0 : 3]);
		uint8_t cryptogram[8];
		uk_cmd cmd = command(sessions[0].authenticate);
		struct vc_scp scp;

		memset(&scp, 0, sizeof(scp));
		start.options = rows[i].options;
		expect_ok(vc_scp_begin(&scp, crypto, &start, cryptogram));
		cmd.p1 = rows[i].bad;
		assert_int_equal(vc_scp_authenticate(&scp, &cmd), 0x6A86);
		expect_closed(&scp);
	}
	assert_false(vc_scp_known(2, 0x05, 16));
	assert_false(vc_scp_known(3, 0x15, 16));
	assert_false(vc_scp_known(1, 0x05, 16));
	assert_false(vc_scp_known(2, 0x15, 24));
	assert_true(vc_scp_known(3, 0x70, 24));
	assert_false(vc_scp_known(3, 0x70, 8));
}

/* Errors are not protected; an empty answer has a MAC alone. */
static void test_answers(void **state)
{
	const struct session *s = &sessions[5];
	uint8_t storage[64];
	uk_buf out = UK_BUF(storage);
	struct vc_scp scp;

	(void)state;
	begin(&scp, s);
	assert_int_equal(authenticate(&scp, s->authenticate), 0x9000);
	assert_int_equal(vc_scp_wrap(&scp, 0x6A88, &out), 0x6A88);
	assert_int_equal(out.len, 0);
	assert_int_equal(vc_scp_wrap(&scp, 0x6310, &out), 0x6310);
	assert_int_equal(out.len, 8);
	/* No room: nothing may go out unprotected. */
	out = uk_buf_over(storage, 4);
	uk_put_u8(&out, 1);
	assert_int_equal(vc_scp_wrap(&scp, 0x9000, &out), 0x6581);
	expect_closed(&scp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_pseudo_random),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_every_bit_of_authenticate),
		cmocka_unit_test(test_every_bit_of_commands),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
