# sign_transaction of the interface "Vendor ukey": what is shown is what is signed.
# OpenSSL is the judge.
. "$(dirname "$0")/lib.sh"

V=$BIN/ukey-vcard
order=$WORK/text
# A display key's message out of public code (tests/unit/test_txtext.c).
printf '%s' '<?xml version="1.0" encoding="utf-8"?><T><D><M><k>Remitter Name:</k>' \
	'<v>Alan</v></M><M><k>Remitter Account:</k><v>1234567890123456</v></M><M>' \
	'<k>Amount:</k><v>123.23</v></M></D><E><M><k>Trade ID:</k><v>1234567890' \
	'</v></M></E></T>' >text

# on PROFILE MECHANISM ANSWER [COMMAND...]: with a fresh card; leaves what it signed
# in sig, its certificate's key in pub, and the card's commands in apdus.
on() {
	local profile=$1
	shift
	rm -f sig pub apdus
	"$V" exec --transcript "$WORK/apdus" --profile "$profile" -- bash -c '
		cd "$1" && text=$2 module=$3 program=$4
		shift 4
		"$program" "$module" "$@" <"$text" 8<<<"${PIN:-123456}" >sig
		rc=$?
		LD_PRELOAD=$UKEY_RUNTIME pkcs11-tool --module "$module" -r -y cert \
			--label Transactions -o cert.der >/dev/null 2>&1 &&
			openssl x509 -inform DER -in cert.der -noout -pubkey >pub
		exit $rc' on "$WORK" "$order" "$MODULE" \
		"$UKEY_BUILD/tests/p11text" "$@"
}
export UKEY_RUNTIME=${sanitizer_runtime:-}

# r||s as X9.62 has it, from a signature of two numbers of the same length.
to_der() {
	local hex half
	hex=$(to_hex <"$1")
	half=$((${#hex} / 2))
	printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' \
		"${hex:0:half}" "${hex:half}" >der.conf
	openssl asn1parse -genconf der.conf -noout -out "$1.der"
}
consents() { grep -cE '^> 00200082' apdus; }
signatures() { grep -ciE '^> 002A9E9A' apdus; }

proves "shown, then signed"
for row in "p256 0x1044 sha256" "p384 0x1045 sha384" "p521 0x1046 sha512" \
	"rsa2048 0x40 sha256"; do
	# shellcheck disable=SC2086
	set -- $row
	expect_exit 0 "$1" on "$1" "$2" yes
	expect_line '^Remitter Name:: Alan$'
	expect_line '^Amount:: 123.23$'
	expect_no_line 'Trade ID'
	expect_line '^0x0 display 1, shown 3 of 4$' "says how far it went"
	case $1 in
	rsa*) cp sig sig.der ;;
	*) to_der sig ;;
	esac
	ok "OpenSSL verifies it" openssl dgst "-$3" -verify pub -signature sig.der text
	expect_equal "one consent" 1 "$(consents)"
	expect_equal "one signature" 1 "$(signatures)"
done

proves "SM2 with SM3, as display keys sign"
expect_exit 0 "sm2" on sm2 0x80000b22 yes
to_der sig
ok "OpenSSL verifies it" openssl dgst -sm3 -verify pub \
	-sigopt distid:1234567812345678 -signature sig.der text

proves "no, and nobody there"
expect_exit 1 "no" on p256 0x1044 no
expect_line '^0x200$' "CKR_FUNCTION_REJECTED"
expect_equal "no PIN was used" 0 "$(consents)"
expect_equal "nothing was signed" 0 "$(signatures)"
expect_exit 0 "nobody to be asked" on p256 0x1044 none
expect_line '^0x0 display 0, shown 0 of 4$' "says so"

proves "texts that cannot be shown exactly"
sed 's/Alan/Alan \&amp; Bob/' text >odd
order=$WORK/odd
expect_exit 1 "an entity" on p256 0x1044 yes
expect_line '^0x20$' "CKR_DATA_INVALID"
expect_no_line 'Remitter' "nothing was shown"
expect_equal "nothing was signed" 0 "$(signatures)"
order=$WORK/text
expect_exit 1 "a mechanism that does not hash" on p256 0x1041 yes
expect_line '^0x70$' "CKR_MECHANISM_INVALID"

proves "while the person thinks"
# shellcheck disable=SC2016
expect_exit 1 "the card is pulled and put back" on p256 0x1044 in \
	bash -c '"$1" control remove && "$1" control insert' - "$V"
expect_line '^0x32$' "CKR_DEVICE_REMOVED"
expect_equal "no PIN was used" 0 "$(consents)"
expect_equal "nothing was signed" 0 "$(signatures)"
# shellcheck disable=SC2016
expect_exit 0 "another program uses the card" on p256 0x1044 yes \
	env LD_PRELOAD="$UKEY_RUNTIME" pkcs11-tool --module "$MODULE" -l \
	--pin 123456 -s -m ECDSA-SHA256 --label Login -i text -o other
to_der sig
ok "its signature is there" test -s other
ok "and ours is good" openssl dgst -sha256 -verify pub -signature sig.der text

proves "a wrong PIN"
PIN=999999 expect_exit 1 "is used once" on p256 0x1044 yes
expect_line '^0xA0$' "CKR_PIN_INCORRECT"
expect_equal "and nothing is signed" 0 "$(signatures)"
