/* Host side of SCP02 and SCP03. */
#include "gp_host.h"

#include "apdu.h"
#include "secret.h"

#include <stdlib.h>
#include <string.h>

enum {
	C_MAC = 0x01,
	C_DEC = 0x02,
	R_MAC = 0x10,
	R_ENC = 0x20,
	SW_TOO_LONG = 0x6f00
};

static void must(uk_err err)
{
	if (!uk_is_ok(err))
		abort();
}

void gp_host_keys(struct gp_host *h, struct vc_crypto *c, struct vc_card *card)
{
	memset(h, 0, sizeof(*h));
	h->crypto = c;
	h->card = card;
	h->n = 16;
	for (uint8_t i = 0; i < 16; i++)
		h->enc[i] = h->mac[i] = h->dek[i] = 0x40 + i;
}

/* On its logical channel, which no MAC looks at. */
static uk_bytes transmit(struct gp_host *h, uk_bytes apdu)
{
	uint8_t storage[300];
	uk_buf b = UK_BUF(storage);

	uk_put_u8(&b, apdu.p[0] | h->channel);
	uk_put(&b, uk_bytes_from(apdu, 1));
	must(uk_buf_result(&b));
	return vc_card_transmit(h->card, uk_buf_view(&b));
}

static unsigned exchange(struct gp_host *h, uk_bytes apdu)
{
	uk_buf out = UK_BUF(h->answer);
	uk_bytes part = transmit(h, apdu);
	unsigned sw;

	for (;;) {
		uk_reader r = uk_read(uk_bytes_last(part, 2));

		sw = uk_get_u16(&r);
		uk_put(&out, uk_bytes_first(part, part.n - 2));
		if ((sw & 0xff00) != 0x6100 || out.bad)
			break;
		part = transmit(h, uk_view("\x00\xc0\x00\x00\x00", 5));
	}
	h->answer_len = out.len;
	return out.bad ? SW_TOO_LONG : sw;
}

/* --- SCP02 -----------------------------------------------------------------
 */

static void derive02(struct gp_host *h, unsigned constant, const uint8_t *seq,
    const uint8_t *key, uint8_t *out)
{
	uint8_t data[16] = { (uint8_t)(constant >> 8), (uint8_t)constant,
		seq[0], seq[1] };
	struct vc_sym des = { VC_SYM_DES, uk_view(key, 16) };

	must(vc_sym_cbc(
	    h->crypto, &des, VC_SYM_ENCIPHER, UK_NONE, UK_ARRAY(data), out));
}

static void cryptogram02(
    struct gp_host *h, const uint8_t *a, const uint8_t *b, uint8_t out[8])
{
	uint8_t data[24];
	struct vc_sym des = { VC_SYM_DES, uk_view(h->s_enc, 16) };

	memcpy(data, a, 8);
	memcpy(data + 8, b, 8);
	memcpy(data + 16, "\x80\0\0\0\0\0\0", 8);
	must(vc_sym_cbc(
	    h->crypto, &des, VC_SYM_ENCIPHER, UK_NONE, UK_ARRAY(data), data));
	memcpy(out, data + 16, 8);
}

/* --- SCP03 -----------------------------------------------------------------
 */

static void derive03(struct gp_host *h, uint8_t constant, const uint8_t *host,
    const uint8_t *card, const uint8_t *key, uint8_t *out, size_t n)
{
	uint8_t mac[16];
	size_t bits = n * 8;

	for (uint8_t i = 1; n > 0; i++) {
		uint8_t data[32] = { 0 };
		uk_bytes part = UK_ARRAY(data);
		size_t take = n < 16 ? n : 16;

		data[11] = constant;
		data[13] = (uint8_t)(bits >> 8);
		data[14] = (uint8_t)bits;
		data[15] = i;
		memcpy(data + 16, host, 8);
		memcpy(data + 24, card, 8);
		must(vc_cmac(h->crypto, uk_view(key, h->n), &part, 1, mac));
		memcpy(out, mac, take);
		out += take;
		n -= take;
	}
}

/* --- opening ---------------------------------------------------------------
 */

static const uint8_t host_challenge[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
	0xcd, 0xef };

static void derive_session(struct gp_host *h, const uint8_t *a,
    uint8_t card_cryptogram[8], uint8_t host_cryptogram[8])
{
	h->protocol = a[11];
	if (h->protocol == 2) {
		const uint8_t *seq = a + 12;

		derive02(h, 0x0182, seq, h->enc, h->s_enc);
		derive02(h, 0x0101, seq, h->mac, h->s_mac);
		derive02(h, 0x0181, seq, h->dek, h->s_dek);
		cryptogram02(h, host_challenge, seq, card_cryptogram);
		cryptogram02(h, seq, host_challenge, host_cryptogram);
		return;
	}
	derive03(h, 0x04, host_challenge, a + 13, h->enc, h->s_enc, h->n);
	derive03(h, 0x06, host_challenge, a + 13, h->mac, h->s_mac, h->n);
	derive03(h, 0x07, host_challenge, a + 13, h->mac, h->s_rmac, h->n);
	derive03(h, 0x00, host_challenge, a + 13, h->s_mac, card_cryptogram, 8);
	derive03(h, 0x01, host_challenge, a + 13, h->s_mac, host_cryptogram, 8);
}

static unsigned begin(struct gp_host *h, uint8_t version, uint8_t proof[8])
{
	uint8_t apdu[14] = { 0x80, 0x50, version, 0x00, 0x08 };
	uint8_t card[8];
	unsigned sw;

	memcpy(apdu + 5, host_challenge, 8);
	sw = exchange(h, UK_ARRAY(apdu));
	if (sw != 0x9000)
		return sw;
	if (h->answer_len < 28)
		return 0;
	memset(h->chain, 0, sizeof(h->chain));
	h->chained = false;
	h->counter = 0;
	derive_session(h, h->answer, card, proof);
	/* Both have it at the same place: 12 + 8, 13 + 8. */
	return memcmp(h->answer + (h->protocol == 2 ? 20 : 21), card, 8) == 0
		   ? sw
		   : 0;
}

unsigned gp_begin(struct gp_host *h, uint8_t version)
{
	uint8_t proof[8];

	return begin(h, version, proof);
}

unsigned gp_open(struct gp_host *h, uint8_t version, uint8_t level)
{
	uint8_t storage[300], proof[8];
	uk_buf out = UK_BUF(storage);
	uk_cmd cmd = { .cla = 0x80, .ins = 0x82, .p1 = level };
	unsigned sw = begin(h, version, proof);

	if (sw != 0x9000)
		return sw;
	cmd.data = UK_ARRAY(proof);
	h->level = C_MAC;
	gp_wrap(h, &cmd, &out);
	h->level = level;
	return exchange(h, uk_buf_view(&out));
}

/* --- commands --------------------------------------------------------------
 */

static void icv03(struct gp_host *h, uint8_t first, uint8_t icv[16])
{
	struct vc_sym aes = { VC_SYM_AES, uk_view(h->s_enc, h->n) };

	memset(icv, 0, 16);
	icv[0] = first;
	icv[14] = (uint8_t)(h->counter >> 8);
	icv[15] = (uint8_t)h->counter;
	must(vc_sym_ecb(
	    h->crypto, &aes, VC_SYM_ENCIPHER, uk_view(icv, 16), icv));
}

static void mac_of(
    struct gp_host *h, uk_bytes header, uk_bytes data, uint8_t mac[16])
{
	uint8_t icv[8] = { 0 };
	struct vc_sym left = { VC_SYM_DES, uk_view(h->s_mac, 8) };
	uk_bytes parts[3] = { UK_ARRAY(h->chain), header, data };

	if (h->protocol == 3) {
		must(
		    vc_cmac(h->crypto, uk_view(h->s_mac, h->n), parts, 3, mac));
	} else {
		if (h->chained)
			must(vc_sym_ecb(h->crypto, &left, VC_SYM_ENCIPHER,
			    uk_view(h->chain, 8), icv));
		must(vc_retail_mac(h->crypto, uk_view(h->s_mac, 16),
		    UK_ARRAY(icv), parts + 1, 2, mac));
	}
	h->chained = true;
	memcpy(h->chain, mac, h->protocol == 3 ? 16 : 8);
}

/* Padded by 80 and enciphered. */
static uk_bytes encipher(struct gp_host *h, uk_bytes data, uk_buf *out)
{
	size_t block = h->protocol == 3 ? 16 : 8;
	uint8_t icv[16];
	struct vc_sym key = { h->protocol == 3 ? VC_SYM_AES : VC_SYM_DES,
		uk_view(h->s_enc, h->n) };

	uk_put(out, data);
	uk_put_u8(out, 0x80);
	while (out->len % block != 0)
		uk_put_u8(out, 0);
	if (h->protocol == 3)
		icv03(h, 0, icv);
	must(vc_sym_cbc(h->crypto, &key, VC_SYM_ENCIPHER,
	    h->protocol == 3 ? uk_view(icv, 16) : UK_NONE, uk_buf_view(out),
	    out->p));
	return uk_buf_view(out);
}

void gp_wrap(struct gp_host *h, const uk_cmd *cmd, uk_buf *out)
{
	uint8_t mac[16], storage[300];
	uk_buf secret = UK_BUF(storage);
	bool enciphers = (h->level & C_DEC) != 0;
	uk_bytes data = cmd->data, plain = cmd->data;
	uint8_t header[] = { cmd->cla | 0x04, cmd->ins, cmd->p1, cmd->p2, 0 };

	if (enciphers)
		h->counter++;
	if (enciphers && data.n > 0)
		data = encipher(h, data, &secret);
	/* SCP03: of what is sent; SCP02: of what is meant. */
	header[4] = (uint8_t)((h->protocol == 3 ? data.n : plain.n) + 8);
	mac_of(h, UK_ARRAY(header), h->protocol == 3 ? data : plain, mac);
	header[4] = (uint8_t)(data.n + 8);
	uk_put(out, UK_ARRAY(header));
	uk_put(out, data);
	uk_put(out, uk_view(mac, 8));
	if (cmd->le > 0)
		uk_put_u8(out, 0);
}

static bool check_answer(struct gp_host *h, unsigned sw)
{
	uint8_t mac[16], icv[16];
	uint8_t status[2] = { (uint8_t)(sw >> 8), (uint8_t)sw };
	struct vc_sym key = { VC_SYM_AES, uk_view(h->s_enc, h->n) };
	uk_bytes parts[3] = { UK_ARRAY(h->chain), UK_NONE, UK_ARRAY(status) };

	if (h->answer_len < 8)
		return false;
	h->answer_len -= 8;
	parts[1] = uk_view(h->answer, h->answer_len);
	must(vc_cmac(h->crypto, uk_view(h->s_rmac, h->n), parts, 3, mac));
	if (memcmp(mac, h->answer + h->answer_len, 8) != 0)
		return false;
	if ((h->level & R_ENC) == 0 || h->answer_len == 0)
		return true;
	icv03(h, 0x80, icv);
	must(vc_sym_cbc(h->crypto, &key, VC_SYM_DECIPHER, UK_ARRAY(icv),
	    uk_view(h->answer, h->answer_len), h->answer));
	while (h->answer_len > 0 && h->answer[h->answer_len - 1] == 0)
		h->answer_len--;
	if (h->answer_len == 0 || h->answer[h->answer_len - 1] != 0x80)
		return false;
	h->answer_len--;
	return true;
}

unsigned gp_send(struct gp_host *h, uk_bytes apdu)
{
	uint8_t storage[300];
	uk_buf out = UK_BUF(storage);
	unsigned sw, sw1;
	uk_cmd cmd;

	must(uk_cmd_decode(apdu, &cmd));
	if ((h->level & C_MAC) == 0)
		return exchange(h, apdu);
	gp_wrap(h, &cmd, &out);
	must(uk_buf_result(&out));
	sw = exchange(h, uk_buf_view(&out));
	sw1 = sw >> 8;
	if ((h->level & R_MAC) == 0 ||
	    (sw1 != 0x90 && sw1 != 0x62 && sw1 != 0x63))
		return sw;
	return check_answer(h, sw) ? sw : 0;
}

void gp_put_key(struct gp_host *h, uint8_t type, uk_bytes key, uk_buf *out)
{
	bool aes = h->protocol == 3;
	struct vc_sym dek = { aes ? VC_SYM_AES : VC_SYM_DES,
		uk_view(aes ? h->dek : h->s_dek, h->n) };
	struct vc_sym self = { type == 0x88 ? VC_SYM_AES : VC_SYM_DES, key };
	uint8_t block[32] = { 0 }, kcv[3];
	size_t n = aes ? (key.n + 15) / 16 * 16 : key.n;
	bool prefixed = type == 0x88;

	memcpy(block, key.p, key.n);
	if (aes)
		must(vc_sym_cbc(h->crypto, &dek, VC_SYM_ENCIPHER, UK_NONE,
		    uk_view(block, n), block));
	else
		must(vc_sym_ecb(h->crypto, &dek, VC_SYM_ENCIPHER,
		    uk_view(block, n), block));
	must(vc_sym_kcv(h->crypto, &self, kcv));
	uk_put_u8(out, type);
	uk_put_u8(out, (uint8_t)(n + prefixed));
	if (prefixed)
		uk_put_u8(out, (uint8_t)key.n);
	uk_put(out, uk_view(block, n));
	uk_put_u8(out, 3);
	uk_put(out, UK_ARRAY(kcv));
}
