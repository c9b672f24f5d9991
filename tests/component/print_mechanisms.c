/*
 * Prints docs/mechanisms.md from the mechanism table itself. With a file as
 * argument: compares, and says how to make it anew.
 */
#include "gm.h"
#include "mech.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "# Mechanisms\n"
    "\n"
    "This page is printed by `tests/component/print_mechanisms.c` from the "
    "module's\n"
    "own table (`pkcs11/core/mech.c`); a test compares the two. A token offers "
    "of it\n"
    "what its card can do: see the notes below the table.\n"
    "\n"
    "Where: **card** = with the private key, on the card; *here* = in "
    "software, with\n"
    "public keys and data, without a login.\n"
    "\n"
    "| mechanism | number | key bits | sign, decrypt, derive, generate | "
    "verify, encrypt, digest | parameter |\n"
    "| --- | --- | --- | --- | --- | --- |\n";

static const char notes[] =
    "\n"
    "## Notes\n"
    "\n"
    "* **Every mechanism that hashes** takes its message in parts "
    "(C_SignUpdate,\n"
    "  C_VerifyUpdate). So do those that hash nothing, up to 512 bytes. "
    "Encryption and\n"
    "  decryption are single-part, as the standard has it.\n"
    "* **Every mechanism that signs** also signs and verifies one message "
    "after the other\n"
    "  (C_MessageSignInit, C_MessageVerifyInit; 3.0), without a parameter for "
    "the single\n"
    "  message, and verifies with the signature given first "
    "(C_VerifySignatureInit; 3.2).\n"
    "* **Decryption with CKM_RSA_PKCS is not offered.** Whoever can tell good "
    "from bad\n"
    "  padding of PKCS #1 v1.5, be it by an error, a length or the time it "
    "takes, can read\n"
    "  messages and forge signatures with a few thousand questions "
    "(Bleichenbacher 1998;\n"
    "  found again and again since). An interface that must say "
    "CKR_ENCRYPTED_DATA_INVALID\n"
    "  and the length of the message has no way to keep that secret. "
    "CKM_RSA_PKCS_OAEP\n"
    "  has one answer for everything that can be wrong, and its padding is "
    "removed in\n"
    "  constant time. Programs that need the old padding can use "
    "CKM_RSA_X_509 and\n"
    "  answer for it themselves.\n"
    "* **CKM_RSA_X_509** signs only with keys of which the card says that "
    "they sign raw;\n"
    "  other keys answer CKR_MECHANISM_INVALID, and as long as no such key "
    "was seen,\n"
    "  the token's mechanism information is without CKF_SIGN.\n"
    "* **PSS**: the card signs with MGF1 over the same hash and a salt as "
    "long as it.\n"
    "  Verifying takes any.\n"
    "* **OAEP**: SHA-1, SHA-224, SHA-256, SHA-384, SHA-512 for hash and "
    "MGF1; a label of\n"
    "  up to 64 bytes.\n"
    "* **CKM_ECDH1_DERIVE**: CKD_NULL, no shared data; the other side's "
    "point as it is\n"
    "  (04 || x || y) or as DER OCTET STRING. The result is a session "
    "object,\n"
    "  CKK_GENERIC_SECRET; a smaller CKA_VALUE_LEN keeps the last bytes. It "
    "can be read\n"
    "  if CKA_EXTRACTABLE is true and CKA_SENSITIVE is not.\n"
    "* **CKM_ECDSA** takes 1 byte or more and uses the leftmost bits (FIPS "
    "186-5, 6.4.1).\n"
    "  It refuses SM2 keys: CKR_KEY_TYPE_INCONSISTENT.\n"
    "* **Random numbers**: SHA-256 over 32 bytes of the card and 32 fresh "
    "bytes of the\n"
    "  system, for every 32 bytes of output. If the card fails, the system's "
    "alone; if\n"
    "  it is gone, CKR_DEVICE_REMOVED. C_SeedRandom: "
    "CKR_RANDOM_SEED_NOT_SUPPORTED.\n"
    "* **Not there**: C_GetOperationState, C_SetOperationState, "
    "C_DigestEncryptUpdate and\n"
    "  its three sisters, C_WrapKey, C_UnwrapKey, C_GenerateKey, encryption "
    "and decryption\n"
    "  of messages (3.0), C_EncapsulateKey and C_DecapsulateKey, "
    "C_WrapKeyAuthenticated and\n"
    "  C_UnwrapKeyAuthenticated (3.2): CKR_FUNCTION_NOT_SUPPORTED. "
    "Asynchronous sessions\n"
    "  (3.2): CKR_SESSION_ASYNC_NOT_SUPPORTED.\n"
    "\n"
    "## SM2 and SM3\n"
    "\n"
    "No version of PKCS #11 has numbers for them. `gm_numbers` in "
    "pkcs11.conf chooses:\n"
    "\n"
    "| gm_numbers | CKA_KEY_TYPE | key pair | signature of e | signature "
    "with SM3 | encryption | SM3 |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n";

static const char sm2_notes[] =
    "\n"
    "The first row is the default: Thales Luna, and OpenSC's pull request "
    "3343; its\n"
    "number for encryption, which Luna has none for, is that of Sansec and "
    "TASS. The\n"
    "numbers differ, what they do is the same:\n"
    "\n"
    "* signatures are r || s, 64 bytes (TASS's own modules make DER of it);\n"
    "  \"signature of e\" takes the 32 bytes that are to be signed; \"with "
    "SM3\" takes the\n"
    "  message and hashes Z in front of it (GB/T 32918.2, 5.5), with the "
    "identity that the\n"
    "  mechanism's parameter holds, or without one with 1234567812345678;\n"
    "* encryption makes 04 || x || y || C3 || C2 (GB/T 32918.4) of up to 4096 "
    "bytes;\n"
    "  decryption takes this and the DER form of GM/T 0009;\n"
    "* CKA_EC_PARAMS is the curve 1.2.156.10197.1.301, CKA_EC_POINT as for "
    "other curves;\n"
    "* SM2 keys are found by the chosen CKA_KEY_TYPE and by CKK_EC.\n";

/* --- rows ---------------------------------------------------------------- */

struct word {
	CK_FLAGS flag;
	const char *text;
};

static void put_words(
    FILE *f, CK_FLAGS flags, const struct word *w, const char *mark)
{
	bool any = false;

	for (; w->text != NULL; w++) {
		if ((flags & w->flag) == 0)
			continue;
		fprintf(f, "%s%s", any ? ", " : mark, w->text);
		any = true;
	}
	fprintf(f, "%s | ", any ? mark : "-");
}

static void put_row(FILE *f, const struct p11_mech *m)
{
	static const struct word card[] = { { CKF_SIGN, "sign" },
		{ CKF_SIGN_RECOVER, "sign-recover" },
		{ CKF_DECRYPT, "decrypt" }, { CKF_DERIVE, "derive" },
		{ CKF_GENERATE_KEY_PAIR, "generate" }, { 0, NULL } };
	static const struct word here[] = { { CKF_VERIFY, "verify" },
		{ CKF_VERIFY_RECOVER, "verify-recover" },
		{ CKF_ENCRYPT, "encrypt" }, { CKF_DIGEST, "digest" },
		{ 0, NULL } };
	static const char *const params[] = { "-", "CK_RSA_PKCS_PSS_PARAMS",
		"CK_RSA_PKCS_OAEP_PARAMS", "CK_ECDH1_DERIVE_PARAMS",
		"identity, or none" };

	fprintf(f, "| %s | 0x%lx | ", m->name, m->type);
	if (m->max_size == 0)
		fprintf(f, "- | ");
	else if (m->min_size == m->max_size)
		fprintf(f, "%lu | ", m->min_size);
	else
		fprintf(f, "%lu to %lu | ", m->min_size, m->max_size);
	put_words(f, m->flags, card, "**");
	put_words(f, m->flags, here, "*");
	fprintf(f, "%s |\n", params[m->params]);
}

static void put_all(FILE *f)
{
	const struct p11_mech *m;
	const struct p11_gm *gm;

	fputs(head, f);
	for (size_t i = 0; (m = p11_mech_at(i)) != NULL; i++)
		put_row(f, m);
	fputs(notes, f);
	for (size_t i = 0; (gm = p11_gm_at(i)) != NULL; i++)
		fprintf(f,
		    "| %s | 0x%lx | 0x%lx | 0x%lx | 0x%lx | 0x%lx | 0x%lx |\n",
		    gm->name, gm->key, gm->generate, gm->sign, gm->sign_sm3,
		    gm->encrypt, gm->sm3);
	fputs(sm2_notes, f);
}

/* --- comparing ----------------------------------------------------------- */

static bool same(const char *path, const char *wanted, size_t n)
{
	char *there = calloc(1, n + 2);
	FILE *f = fopen(path, "rb");
	size_t got = 0;

	if (f != NULL && there != NULL)
		got = fread(there, 1, n + 1, f);
	if (f != NULL)
		fclose(f);
	n = got == n && memcmp(there, wanted, n) == 0;
	free(there);
	return n != 0;
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f;
	bool good;

	if (argc < 2) {
		put_all(stdout);
		return 0;
	}
	if ((f = open_memstream(&text, &n)) == NULL)
		return 2;
	put_all(f);
	fclose(f);
	good = same(argv[1], text, n);
	free(text);
	if (!good)
		fprintf(stderr, "%s is not what the table says: %s >%s\n",
		    argv[1], argv[0], argv[1]);
	return good ? 0 : 1;
}
