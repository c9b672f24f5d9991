/* PKCS#15: curves as IsoApplet wants them, number by number. */
#include "p15_driver.h"

#include "hex.h"
#include "tlv.h"

/* SEC 2, 2.4.2 and 2.5.1, as openssl ecparam -param_enc explicit prints them:
 * p, a, b, G, n. */
static const struct curve_row {
	enum uk_key_type type;
	const char *numbers[5];
} curves[] = {
	/* clang-format off */
	{ UK_KEY_P256,
	    {
		"ffffffff00000001000000000000000000000000ffffffff"
		"ffffffffffffffff",
		"ffffffff00000001000000000000000000000000ffffffff"
		"fffffffffffffffc",
		"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f6"
		"3bce3c3e27d2604b",
		"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33"
		"a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e"
		"162bce33576b315ececbb6406837bf51f5",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84"
		"f3b9cac2fc632551",
	    } },
	{ UK_KEY_P384,
	    {
		"ffffffffffffffffffffffffffffffffffffffffffffffff"
		"fffffffffffffffeffffffff0000000000000000ffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffff"
		"fffffffffffffffeffffffff0000000000000000fffffffc",
		"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"
		"0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
		"04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b"
		"9859f741e082542a385502f25dbf55296c3a545e3872760a"
		"b73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a14"
		"7ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e"
		"5f",
		"ffffffffffffffffffffffffffffffffffffffffffffffff"
		"c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
	    } },
	/* clang-format on */
};

uk_err p15_put_curve(enum uk_key_type type, uk_buf *out)
{
	static const uint8_t tags[] = { 0x81, 0x82, 0x83, 0x84, 0x85 };

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (curves[i].type != type)
			continue;
		for (size_t j = 0; j < sizeof(tags); j++) {
			size_t at = uk_tlv_begin(out, tags[j]);

			UK_TRY(uk_hex_decode(
			    uk_view_str(curves[i].numbers[j]), out));
			uk_tlv_end(out, at);
		}
		uk_put_tlv_u16(out, 0x87, 1); /* cofactor */
		return uk_buf_result(out);
	}
	return uk_fail(UK_ERR_UNSUPPORTED);
}
