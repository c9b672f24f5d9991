# The IsoApplet application, judged by those it is for: OpenSC's driver (the
# isoApplet one, found by the name of the application) with pkcs15-init,
# pkcs15-tool, pkcs15-crypt and opensc-pkcs11, and openssl for what it signs.
#
# OpenSC 0.23 knows version 0.6. With version 1.0 it does what it did with
# versions before 0.5, so that hashing on the card and chaining go wrong as they
# do with the real one; what needs neither works.
. "$(dirname "$0")/lib.sh"

for tool in pkcs15-init pkcs15-tool pkcs15-crypt pkcs11-tool opensc-tool; do
	command -v $tool >/dev/null || skip "no $tool"
done

PIN=482915
PUK=7351940273519402
OPENSC=(pkcs11-tool --login --pin "$PIN")

# judge TOOL...: somebody else's program, with what it says in a log.
judge() {
	ok "$*" "$@"
}

personalise_with_opensc() {
	judge pkcs15-init --create-pkcs15 --no-so-pin
	judge pkcs15-init --store-pin --id 01 --auth-id 01 --label Mine \
		--pin "$PIN" --puk "$PUK"
}

make_key() {
	judge pkcs15-init --generate-key "$1" --id "$2" --auth-id 01 \
		--label "$1" --pin "$PIN" "${@:3}"
	judge pkcs15-tool --read-public-key "$2" -o "$2.pub"
}

verify_with_openssl() {
	expect_exit 0 "openssl verifies $3 by key $1" \
		openssl dgst "-$2" -verify "$1.pub" -signature "$3" data
	expect_line 'Verified OK'
}

sign_ecdsa() {
	judge "${OPENSC[@]}" --sign -m ECDSA-SHA1 --id "$1" -i data \
		--signature-format openssl -o "$1.sig"
	verify_with_openssl "$1" sha1 "$1.sig"
}

sign_rsa() {
	judge "${OPENSC[@]}" --sign -m SHA256-RSA-PKCS --id "$1" -i data \
		-o "$1.sig"
	verify_with_openssl "$1" sha256 "$1.sig"
	judge pkcs15-crypt --sign --pkcs1 --sha-256 -k "$1" --pin "$PIN" \
		-i data.sha256 -o "$1.sig"
	verify_with_openssl "$1" sha256 "$1.sig"
}

pcsc_start
head -c 1000 /dev/urandom >data
openssl dgst -sha256 -binary data >data.sha256

proves "version 0.6: pkcs15-init makes a PKCS#15 card of it"
ok "a new card" "$BIN/ukey-vcard" init --app isoapplet0 v0.card
card_insert v0
expect_exit 0 "opensc-tool finds its driver" opensc-tool -n
expect_line 'Javacard with IsoApplet'
personalise_with_opensc
expect_exit 0 "pkcs15-tool reads it" pkcs15-tool --dump
expect_line '^PIN \[Mine\]'
expect_line 'Reference +: 1'
expect_line 'min_len:4, max_len:16, stored_len:16'

proves "keys of every kind that OpenSC makes, and what they sign"
make_key rsa/2048 01 --key-usage sign,decrypt
sign_rsa 01
id=2
for curve in prime256v1 secp384r1 brainpoolP256r1 secp256k1; do
	make_key ec/$curve 0$id
	sign_ecdsa 0$id
	id=$((id + 1))
done

proves "deciphering, with the padding taken off by the card"
printf 'a secret' >plain
openssl pkeyutl -encrypt -pubin -inkey 01.pub -in plain -out cipher
expect_exit 0 "opensc-pkcs11 deciphers" \
	"${OPENSC[@]}" --decrypt -m RSA-PKCS --id 01 -i cipher -o deciphered
expect_equal "it is the text" "a secret" "$(cat deciphered)"
expect_exit 0 "pkcs15-crypt deciphers" pkcs15-crypt --decipher --pkcs1 --raw \
	-k 01 --pin "$PIN" -i cipher
expect_line '^a secret'
head -c 256 /dev/zero >cipher
expect_exit 1 "what is no cipher text is refused" \
	"${OPENSC[@]}" --decrypt -m RSA-PKCS --id 01 -i cipher

proves "certificates and data come and go"
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -subj "/CN=Alice" \
	-out cert.pem 2>/dev/null
judge pkcs15-init --store-certificate cert.pem --id 01 --pin "$PIN" --auth-id 01
expect_exit 0 "the certificate" pkcs15-tool --read-certificate 01
expect_equal "is the one that was stored" "$(cat cert.pem)" "$OUT"
judge pkcs15-init --store-data data --label stuff --application-id 1.2.3 \
	--pin "$PIN"
expect_exit 0 "the data object" pkcs15-tool --raw --read-data-object 1.2.3 \
	-o data.back
ok "is the one that was stored" cmp data data.back
judge pkcs15-init --delete-objects cert --id 01 --pin "$PIN" --auth-id 01
expect_exit 0 "it is gone" pkcs15-tool --list-certificates
expect_no_line 'Alice|X.509'

proves "opensc-pkcs11's own test, with random numbers of the card"
expect_exit 0 "pkcs11-tool --test" "${OPENSC[@]}" --test
expect_line 'No errors'

proves "the PIN: wrong, changed, blocked, unblocked"
expect_exit 1 "a wrong PIN" pkcs11-tool --login --pin 111111 -O
expect_line 'CKR_PIN_INCORRECT'
judge pkcs11-tool --login --pin "$PIN" --change-pin --new-pin 99887766
expect_exit 1 "the old one" "${OPENSC[@]}" -O
judge pkcs15-tool --unblock-pin --puk "$PUK" --new-pin "$PIN" --auth-id 01
sign_rsa 01
for _ in 1 2 3; do
	expect_exit 1 "a wrong PIN" pkcs11-tool --login --pin 111111 -O
done
expect_exit 1 "the right one, too late" "${OPENSC[@]}" -O
judge pkcs15-tool --unblock-pin --puk "$PUK" --new-pin "$PIN" --auth-id 01
sign_rsa 01

proves "private keys stay outside, unless the card was made for them"
expect_exit 1 "pkcs15-init --store-private-key" pkcs15-init \
	--store-private-key other.key --id 09 --auth-id 01 --pin "$PIN"
card_remove
ok "a card for imports" "$BIN/ukey-vcard" init --app isoapplet0-import imp.card
card_insert imp
personalise_with_opensc
openssl ecparam -name prime256v1 -genkey -noout -out curve.key
judge pkcs15-init --store-private-key other.key --id 05 --auth-id 01 --pin "$PIN"
judge pkcs15-init --store-private-key curve.key --id 06 --auth-id 01 --pin "$PIN"
openssl pkey -in other.key -pubout -out 05.pub
openssl pkey -in curve.key -pubout -out 06.pub
sign_rsa 05
sign_ecdsa 06
card_remove

proves "version 1.0, with a driver that is older"
ok "a new card" "$BIN/ukey-vcard" init --app isoapplet v1.card
card_insert v1
card_open
expect_sw 9000 "SELECT" 00A404000CF276A288BCFBA69D34F3100100
expect_equal "tells nothing" "" "$DATA"
expect_sw 9000 "GET DATA" 00CA010100
expect_equal "tells the version" 01002F "$DATA"
expect_sw 6884 "chaining is refused" 102A80860400000000
card_close
personalise_with_opensc
make_key rsa/2048 01 --key-usage sign,decrypt
sign_rsa 01
make_key ec/prime256v1 02
expect_exit 1 "hashing on the card" "${OPENSC[@]}" --sign -m ECDSA-SHA1 --id 02 \
	-i data -o none.sig
openssl pkeyutl -encrypt -pubin -inkey 01.pub -in plain -out cipher
expect_exit 1 "deciphering by chaining" \
	"${OPENSC[@]}" --decrypt -m RSA-PKCS --id 01 -i cipher

proves "version 1.0: extended APDUs by hand"
card_open
expect_sw 9000 "SELECT" 00A404000CF276A288BCFBA69D34F3100100
expect_sw 9000 "the PIN" "0020000106$(printf %s "$PIN" | to_hex)"
expect_sw 9000 "MSE for the curve" 002241B606800121840101
expect_sw 9000 "a hash is signed" "002A9E9A20$(to_hex <data.sha256)00"
from_hex "$DATA" >02.sig
verify_with_openssl 02 sha256 02.sig
expect_sw 9000 "MSE for deciphering" 002241B806800111840100
expect_sw 9000 "an extended APDU" "002A80860001 0100$(to_hex <cipher)0000"
expect_equal "is deciphered" "$(printf 'a secret' | to_hex)" "$DATA"
expect_sw 9000 "MSE for PSS" 002241B606800112840100
expect_sw 9000 "a hash is signed" "002A9E9A20$(to_hex <data.sha256)00"
from_hex "$DATA" >pss.sig
expect_exit 0 "openssl verifies PSS" openssl dgst -sha256 -verify 01.pub \
	-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
	-signature pss.sig data
card_close
