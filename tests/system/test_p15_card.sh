# IsoApplet cards that pkcs15-init has made, in the module: pkcs11-tool uses them,
# openssl judges.
. "$(dirname "$0")/lib.sh"

command -v pkcs15-init >/dev/null || skip "no pkcs15-init"
PIN=482915
PUK=7351940273519402

tool() { foreign pkcs11-tool --module "$MODULE" "$@"; }
user() { tool --login --pin "$PIN" "$@"; }

make_card() {
	"$BIN/ukey-vcard" init --app "$1" --card "$1.card"
	card_insert "$1"
	pkcs15-init --create-pkcs15 --no-so-pin &&
		pkcs15-init --store-pin --id 01 --auth-id 01 --label Mine \
			--pin "$PIN" --puk "$PUK" &&
		pkcs15-init --generate-key rsa/2048 --id 11 --auth-id 01 \
			--label rsa --pin "$PIN" &&
		pkcs15-init --generate-key ec/prime256v1 --id 22 --auth-id 01 \
			--label ec --pin "$PIN" &&
		pkcs15-tool --read-public-key 11 -o 11.pub &&
		pkcs15-tool --read-public-key 22 -o 22.pub &&
		openssl x509 -new -force_pubkey 11.pub -CA ca.pem \
			-CAkey ca.key -subj "/CN=iso" -days 5 -out 11.pem &&
		pkcs15-init --store-certificate 11.pem --id 11 --auth-id 01 \
			--pin "$PIN"
}

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

# What both versions do alike.
use_card() {
	expect_exit 0 "listed" tool -O
	expect_line "CN=iso" "the certificate"
	expect_line "EC_POINT: *0441" "the public key that has none"
	expect_exit 0 "the certificate is read" tool --read-object --type cert \
		--id 11 -o read.der
	openssl x509 -in 11.pem -outform DER -out 11.der
	ok "and is the one that was written" cmp read.der 11.der
	sign 11 SHA256-RSA-PKCS
	good 11
	expect_exit 1 "a wrong PIN" tool --login --pin 0000 -O
	expect_line CKR_PIN_INCORRECT "is called so"
	expect_exit 0 "the PIN is changed" user --change-pin --new-pin 12345678
	PIN=12345678
	sign 11 SHA256-RSA-PKCS
	good 11
	for _ in 1 2 3; do tool --login --pin 0000 -O >/dev/null 2>&1; done
	expect_exit 1 "three wrong ones block it" user -O
	expect_line CKR_PIN_LOCKED "it is locked"
	PIN=482915
	expect_exit 0 "the PUK opens it" tool --unlock-pin --puk "$PUK" \
		--new-pin "$PIN"
	sign 11 SHA256-RSA-PKCS
	good 11
}

head -c 1000 /dev/urandom >message
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -days 30 -subj "/CN=Test CA" 2>/dev/null
pcsc_start

proves "version 1.0"
ok "pkcs15-init makes it" make_card isoapplet
use_card
sign 11 SHA256-RSA-PKCS-PSS
good 11 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
sign 22 ECDSA-SHA256 --signature-format openssl
good 22
card_remove

proves "version 0.6, which hashes for ECDSA itself"
ok "pkcs15-init makes it" make_card isoapplet0
use_card
expect_exit 1 "so it is not asked to" user --sign --id 22 -m ECDSA-SHA256 \
	-i message -o sig
expect_line CKR_KEY_FUNCTION_NOT_PERMITTED
card_remove

proves "keys and certificates that the module makes, for OpenSC to read"
rm -f isoapplet.card
"$BIN/ukey-vcard" init --app isoapplet --card isoapplet.card
card_insert isoapplet
ok "pkcs15-init prepares the card" pkcs15-init --create-pkcs15 --no-so-pin
ok "and its PIN" pkcs15-init --store-pin --id 01 --auth-id 01 --label Mine \
	--pin "$PIN" --puk "$PUK"
expect_exit 0 "RSA" user --keypairgen --key-type rsa:2048 --id a1 \
	--label "my rsa" --usage-sign
expect_exit 0 "P-256" user --keypairgen --key-type EC:prime256v1 --id a2 \
	--label "my ec" --usage-sign
for id in a1 a2; do
	ok "OpenSC reads public key $id" pkcs15-tool --read-public-key $id -o $id.pub
	openssl x509 -new -force_pubkey $id.pub -CA ca.pem -CAkey ca.key \
		-subj "/CN=Key $id" -days 5 -outform DER -out $id.cer
	expect_exit 0 "certificate $id is written" user --write-object $id.cer \
		--type cert --id $id --label "cert $id"
	pkcs15-tool --read-certificate $id |
		openssl x509 -outform DER -out $id.read
	ok "OpenSC reads the same" cmp $id.cer $id.read
done
sign a1 SHA256-RSA-PKCS
good a1
sign a2 ECDSA-SHA256 --signature-format openssl
good a2
rm -f sig
ok "OpenSC signs with the key" pkcs11-tool --login --pin "$PIN" --sign --id a1 \
	-m SHA256-RSA-PKCS -i message -o sig
good a1
expect_exit 0 "a certificate is deleted" user --delete-object --type cert --id a1
expect_exit 0 "OpenSC's list" pkcs15-tool --list-certificates
expect_no_line "cert a1" "has it no more"
expect_line "cert a2" "has the other one"
ok "pkcs15-init goes on from there" pkcs15-init --generate-key rsa/2048 \
	--id b1 --auth-id 01 --label theirs --pin "$PIN"
expect_exit 0 "listed" tool -O
expect_line "theirs" "its key is seen"
card_remove
