# pkcs11-tool, somebody else's client, finds slots, token, mechanisms and objects.
. "$(dirname "$0")/lib.sh"

tool() {
	foreign pkcs11-tool --module "$MODULE" "$@"
}

new_card p256 card
pcsc_start

proves "slots: every reader is one, with or without a card"
expect_exit 0 "pkcs11-tool -L without a card" tool -L
expect_line "^Slot 0 .*: $PCSC_NAME 00 00" "slot 0 is the first reader"
expect_line "^Slot 1 .*: $PCSC_NAME 00 01" "slot 1 the second"
expect_line '^ +\(empty\)' "and empty"
card_insert card
expect_exit 0 "pkcs11-tool -L with a card" tool -L
expect_line '^ +token label +: .+' "the token has a label"
expect_line '^ +token flags +: .*login required.*token initialized.*PIN initialized' "flags"
expect_line '^ +serial num +: [0-9A-Fa-f]+' "a serial number"
expect_line '^ +pin min/max +: 4/16' "PIN lengths of the card"

proves "objects: certificates and public keys without login, private keys with it"
expect_exit 0 "pkcs11-tool -O" tool -O
expect_equal "two certificates" 2 "$(grep -c '^Certificate Object' <<<"$OUT")"
expect_equal "two public keys" 2 "$(grep -c '^Public Key Object' <<<"$OUT")"
expect_equal "no private key before login" 0 "$(grep -c '^Private Key Object' <<<"$OUT")"
expect_exit 0 "pkcs11-tool -O --login" tool -O --login --pin "$CARD_PIN"
expect_equal "two private keys" 2 "$(grep -c '^Private Key Object' <<<"$OUT")"
expect_line 'Access: +always authenticate, sensitive, always sensitive, never extract' \
	"the transaction key wants the PIN every time, and no key leaves the card"
for id in $(sed -n 's/^ *ID: *//p' <<<"$OUT" | sort -u); do
	expect_equal "certificate, public and private key share ID $id" 3 \
		"$(grep -c "ID: *$id" <<<"$OUT")"
	ok "the certificate can be read" tool -r -y cert --id "$id" -o "$id.der"
	ok "and is X.509" openssl x509 -inform DER -in "$id.der" -noout
done

proves "mechanisms"
expect_exit 0 "pkcs11-tool -M" tool -M
for mechanism in RSA-PKCS RSA-PKCS-PSS SHA256-RSA-PKCS SHA256-RSA-PKCS-PSS \
	ECDSA ECDSA-SHA256; do
	expect_line "^ +$mechanism,.*sign" "$mechanism signs"
done

proves "exported names"
expect_equal "three, and nothing else" \
	"C_GetFunctionList C_GetInterface C_GetInterfaceList" \
	"$(nm -D --defined-only "$MODULE" | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' |
		sort | tr '\n' ' ' | sed 's/ $//')"

proves "other clients: p11tool of GnuTLS and p11-kit"
expect_exit 0 "p11tool lists the certificates" \
	foreign p11tool --provider "$MODULE" --list-all-certs
expect_line 'Type: X.509 Certificate' "as X.509 certificates"
