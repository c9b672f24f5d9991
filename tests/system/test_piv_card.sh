# A PIV card in the module: made by it, used by pkcs11-tool, judged by openssl and
# by OpenSC's own driver; and the other way round.
. "$(dirname "$0")/lib.sh"

ADMIN=010203040506070801020304050607080102030405060708
PIN=123456
PUK=12345678
OPENSC=$(find /usr/lib -name opensc-pkcs11.so | head -1)

tool() { foreign pkcs11-tool --module "$MODULE" "$@"; }
user() { tool --login --pin "$PIN" "$@"; }
so() { tool --login --login-type so --so-pin "$ADMIN" "$@"; }

# piv_key ID TYPE: a key made on the card and a certificate for it, by openssl.
piv_key() {
	expect_exit 0 "key $1, $2, is made on the card" so --keypairgen \
		--key-type "$2" --id "$1"
	# pkcs11-tool itself reads freed memory when it writes an EC key.
	FOREIGN_ASAN=:halt_on_error=0 expect_exit 0 "its public half is seen" \
		tool --read-object --type pubkey --id "$1" -o "$1.der"
	openssl pkey -pubin -inform DER -in "$1.der" -out "$1.pub"
	openssl x509 -new -force_pubkey "$1.pub" -CA ca.pem -CAkey ca.key \
		-subj "/CN=Key $1" -days 5 -outform DER -out "$1.cer"
	expect_exit 0 "its certificate is written" so --write-object "$1.cer" \
		--type cert --id "$1"
}

# sign ID MECHANISM [options]: of message, into sig.
sign() {
	local id=$1 mechanism=$2
	shift 2
	rm -f sig
	expect_exit 0 "key $id: $mechanism" user --sign --id "$id" \
		-m "$mechanism" -i message -o sig "$@"
}
good() {
	ok "openssl verifies it" openssl dgst -sha256 -verify "$1.pub" \
		-signature sig "${@:2}" message
}

head -c 1000 /dev/urandom >message
head -c 32 /dev/urandom >secret
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -days 30 -subj "/CN=Test CA" 2>/dev/null
pcsc_start

proves "keys are made, and certificates written, with the management key"
"$BIN/ukey-vcard" init --app piv-yubico --card piv.card
card_insert piv
piv_key 01 rsa:2048
piv_key 02 EC:prime256v1
piv_key 03 rsa:2048
piv_key 05 EC:prime256v1

proves "signatures"
sign 01 SHA256-RSA-PKCS
good 01
sign 01 SHA256-RSA-PKCS-PSS
good 01 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
sign 01 SHA256-RSA-PKCS-PSS --salt-len 10
good 01 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:10
sign 02 ECDSA-SHA256 --signature-format openssl
good 02
sign 05 ECDSA-SHA256 --signature-format openssl
good 05
expect_exit 0 "pkcs11-tool tries everything else" user --test
expect_line "No errors"

proves "secrets"
openssl pkeyutl -encrypt -pubin -inkey 03.pub -in secret -out cipher \
	-pkeyopt rsa_padding_mode:oaep
expect_exit 0 "OAEP" user --decrypt --id 03 -m RSA-PKCS-OAEP \
	--hash-algorithm SHA-1 -i cipher -o plain
ok "is the secret" cmp secret plain
openssl ecparam -name prime256v1 -genkey -noout -out other.key
openssl pkey -in other.key -pubout -outform DER -out other.der
expect_exit 0 "ECDH" user --derive --id 05 -m ECDH1-DERIVE -i other.der -o shared
openssl pkeyutl -derive -inkey other.key -peerkey 05.pub -out shared2
ok "is what openssl derives" cmp shared shared2

proves "OpenSC sees the same card"
expect_exit 0 "it lists" foreign pkcs11-tool --module "$OPENSC" -O
expect_line "Certificate for PIV Authentication" "the same label"
rm -f sig
expect_exit 0 "it signs" foreign pkcs11-tool --module "$OPENSC" --login \
	--pin "$PIN" --sign --id 01 -m SHA256-RSA-PKCS -i message -o sig
good 01

if command -v yubico-piv-tool >/dev/null; then
	proves "yubico-piv-tool reads what we wrote, and we use what it makes"
	yubico() { yubico-piv-tool --reader "Virtual PCD" "$@"; }
	for slot in 9a:01 9c:02 9d:03; do
		id=${slot#*:}
		expect_exit 0 "certificate of ${slot%:*}" yubico -s "${slot%:*}" \
			-a read-certificate -K DER -o read.der
		ok "is the one we wrote" cmp read.der "$id.cer"
	done
	expect_exit 0 "it makes a key in 9e" yubico -a generate -s 9e -A ECCP256 \
		-o 04.pub
	openssl x509 -new -force_pubkey 04.pub -CA ca.pem -CAkey ca.key \
		-subj "/CN=Key 04" -days 5 -out 04.pem
	expect_exit 0 "and writes a certificate" yubico -a import-certificate \
		-s 9e -i 04.pem
	expect_exit 0 "and a GUID" yubico -a set-chuid
	sign 04 ECDSA-SHA256 --signature-format openssl
	good 04
	expect_exit 0 "the GUID is the serial number" tool -L
	expect_line "serial num *: [0-9a-f]{16}" "all of the sixteen digits"
fi

proves "PINs"
expect_exit 1 "a wrong PIN" tool --login --pin 000000 -O
expect_line "CKR_PIN_INCORRECT" "is called so"
expect_exit 0 "the PIN is changed" tool --login --pin "$PIN" --change-pin \
	--new-pin 654321
PIN=654321
sign 01 SHA256-RSA-PKCS
for _ in 1 2 3; do tool --login --pin 000000 -O >/dev/null 2>&1; done
expect_exit 1 "three wrong ones block it" tool --login --pin "$PIN" -O
expect_line "CKR_PIN_LOCKED" "it is locked"
expect_exit 0 "the PUK opens it" tool --unlock-pin --puk "$PUK" --new-pin 123456
PIN=123456
sign 01 SHA256-RSA-PKCS
good 01
expect_exit 1 "a wrong management key" tool --login --login-type so \
	--so-pin "${ADMIN/01/02}" --keypairgen --key-type rsa:2048 --id 04
expect_line "CKR_PIN_INCORRECT" "is a wrong PIN"

proves "a certificate goes, and its key stays where the card tells of it"
expect_exit 0 "deleted" so --delete-object --type cert --id 05
expect_exit 0 "listed" tool -O
expect_no_line "Retired Certificate for Key Management 1" "not there any more"
expect_line "Retired KEY MAN 1" "the key is"
card_remove
