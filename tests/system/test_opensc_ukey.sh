# The U-key application in the hands of OpenSC's generic PKCS#15 reader, which
# knows no more of it than ISO/IEC 7816-4 and 7816-15 say: EF.DIR, EF.OD, the
# directories. What it can do is expected here, and what it cannot. No line of
# the module is involved; openssl judges.
. "$(dirname "$0")/lib.sh"

command -v pkcs15-tool >/dev/null || skip "no pkcs15-tool"
AID=F0756B65792E3031
cat >opensc.conf <<'EOF'
app default {
	enable_default_driver = yes;
	card_drivers = default;
}
EOF
export OPENSC_CONF=$WORK/opensc.conf

tool() { foreign pkcs15-tool "$@"; }
# The first certificate's: that of key 01.
first_id() {
	tool --list-certificates | sed -n 's/.*ID *: \([0-9a-f]*\)$/\1/p' |
		head -n 1
}

new_card p256 card
pcsc_start
card_insert card

proves "it finds the application and reads its directories"
expect_exit 0 "applications" tool --list-applications
expect_line "AID: *$AID" "ours, from EF.DIR"
expect_exit 0 "everything" tool -D
expect_line "^PKCS#15 Card" "is a PKCS#15 card"
expect_line "Manufacturer ID: ukey" "EF.CIAInfo"
expect_line "^PIN \[PIN\]" "the PIN"
expect_line "Reference +: 129 \(0x81\)" "its reference"
expect_line "^PIN \[PUK\]" "the PUK"
expect_line "needs-padding, unblockingPin, soPin" "what it is for"
expect_line "^Private EC Key" "private keys"
expect_line "Key ref +: 1 \(0x01\)" "key 01"
expect_line "Key ref +: 2 \(0x02\)" "key 02"
expect_line "nonRepudiation" "which is for transactions"
expect_line "^X.509 Certificate" "certificates"

proves "certificates and public keys"
id=$(first_id)
expect_exit 0 "the certificate is read" tool --read-certificate "$id" \
	-o cert.pem
expect_exit 0 "its public key" tool --read-public-key "$id" -o key.pub
ok "openssl finds the same key in it" cmp key.pub \
	<(openssl x509 -in cert.pem -pubkey -noout)

proves "PINs, in their padding"
expect_exit 0 "the PIN is right" tool --verify-pin --pin "$CARD_PIN"
not_right() { ! tool --verify-pin --pin "$1"; }
ok "another one is wrong" not_right 999999
expect_exit 0 "it is changed" tool --change-pin --pin "$CARD_PIN" \
	--new-pin 12345678
ok "the old one is wrong" not_right "$CARD_PIN"
expect_exit 0 "the new one is right" tool --verify-pin --pin 12345678

proves "signatures are not for a reader that knows no card's algorithms"
head -c 32 /dev/urandom >hash
run foreign pkcs15-crypt --sign --pin 12345678 -k "$id" -i hash -o sig \
	--sha-256
expect_line "Not supported" "says so"

proves "after another program has left the application selected"
card_open
expect_sw 9000 "SELECT" 00A4040008${AID}00
expect_sw 9000 "EF.DIR by path" 00A40800022F0000
expect_sw 6D00 "leaves it" 00200081
card_close 2>/dev/null || true
expect_exit 0 "all is there" tool -D
expect_line "Key ref +: 2 \(0x02\)" "to the last key"

proves "opensc-explorer goes where it is told"
cat >script <<EOF
cat 2F00
cd aid:$AID
get 5031 od.bin
get 4402 prkdf.bin
quit
EOF
expect_exit 0 "script" foreign opensc-explorer script
ok "EF.OD is DER" openssl asn1parse -inform DER -in od.bin
ok "EF.PrKD is DER" openssl asn1parse -inform DER -in prkdf.bin
card_remove
