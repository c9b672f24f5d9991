# The virtual card against docs/card-profile.md, in plain APDUs through pcscd: no
# line of the middleware is involved, and openssl judges signatures.
. "$(dirname "$0")/lib.sh"

SELECT=00A4040008F0756B65792E303100
PIN_HEX=$(printf '%s' "$CARD_PIN" | to_hex)
PUK_HEX=$(printf '%s' "$CARD_PUK" | to_hex)
PADDED=FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF

padded() {
	local value=$1$PADDED
	printf '%s' "${value:0:32}"
}

verify() {
	printf '002000%s%s%s' "$1" "$(len_of "$2")" "$2"
}

new_card p256 card
pcsc_start
card_insert card
card_open

proves "profile 1: selection, classes, instructions"
expect_sw 9000 "SELECT by AID" $SELECT
expect_equal "the FCI names AID and lifecycle" "8408F0756B65792E30318A0105A5" \
	"${DATA:4:28}"
template=${DATA:34}
expect_equal "profile version 1.2" 80020102 "${template:0:8}"
serial=${template:12:16}
expect_equal "eight bytes of serial number" 8108 "${template:8:4}"
expect_equal "a content version" 8204 "${template:28:4}"
content=${template:32:8}
expect_equal "PIN, consent and PUK with their tries" 8309810303820303830505 \
	"${template:40:22}"
expect_sw 9000 "SELECT by partial name" 00A4040004F0756B6500
expect_sw 6A82 "another name" 00A4040008F0756B65792E303900
expect_sw 9000 "the application again" $SELECT
expect_sw 6881 "logical channels are refused" 01CA010100
expect_sw 6E00 "other classes are refused" 80CA010100
expect_sw 6D00 "an unknown instruction" 00FE000000
expect_sw 9000 "GET DATA gives the template" 00CA010100
expect_equal "the same as in SELECT" "$template" "$DATA"

proves "profile 3: the honest empty form of VERIFY never counts"
for i in 1 2 3 4 5; do
	expect_sw 63C3 "status $i" 00200081
done

proves "profile 3: wrong PINs are counted, a good one restores the counter"
expect_sw 63C2 "wrong PIN" "$(verify 81 39393939)"
expect_sw 63C2 "status says so" 00200081
expect_sw 6A80 "too short is refused" "$(verify 81 313233)"
expect_sw 6A80 "too long is refused" "$(verify 81 3131313131313131313131313131313131)"
expect_sw 63C2 "and not counted" 00200081
expect_sw 9000 "the right PIN" "$(verify 81 "$PIN_HEX")"
expect_sw 9000 "status: verified" 00200081
expect_sw 63C3 "consent is something else" 00200082
expect_sw 9000 "logout" 0020FF81
expect_sw 63C3 "no longer verified, three tries" 00200081
expect_sw 9000 "the right PIN, padded" "$(verify 81 "$(padded "$PIN_HEX")")"
expect_sw 9000 "consent as well" "$(verify 82 "$PIN_HEX")"
expect_sw 9000 "SELECT of what is selected" $SELECT
expect_sw 9000 "keeps the login" 00200081
expect_sw 63C3 "and ends the consent" 00200082
expect_sw 9000 "SELECT of the MF" 00A4000C023F00
expect_sw 9000 "and of the application" $SELECT
expect_sw 63C3 "end every status" 00200081

proves "profile 2: files"
expect_sw 9000 "EF.OD by SFI" 00B0910000
expect_sw 9000 "private keys by SFI" 00B0820000
expect_sw 9000 "SELECT FILE" 00A4020C024404
expect_sw 9000 "and READ BINARY" 00B0000000
expect_sw 6B00 "an offset beyond the end" 00B07FFF00
expect_sw 6A82 "no such file" 00A4020C024477
expect_sw 6982 "writing needs the PIN" 00D6850001AA
expect_sw '6982|6986|6A81' "the object directory is never written" 00D6910001AA

proves "profile 4: the login key signs after login, and does nothing else"
hash=$(printf 'a login' | openssl dgst -sha256 -binary | to_hex)
printf 'a login' >login.txt
expect_sw 6982 "not without login" "0088300120${hash}00"
apdu "$(verify 81 "$PIN_HEX")"
expect_sw 9000 "INTERNAL AUTHENTICATE with login" "0088300120${hash}00"
ecdsa_der "$DATA" login.sig
ok "openssl verifies it" openssl dgst -sha256 -verify card.auth.pub \
	-signature login.sig login.txt
expect_sw 6A88 "it is not a key of PSO" 002241B606800130840101
expect_sw 6985 "PSO without environment" "002A9E9A20${hash}00"
expect_sw '6A88|6982|6985' "the transaction key is not a key of INTERNAL AUTHENTICATE" \
	"0088300220${hash}00"
expect_sw 6A88 "neither by MSE SET" 002241A406800130840102

proves "profile 4 and 6: the transaction key wants bank proof and consent, every time"
printf 'a transfer' >order.txt
hash=$(openssl dgst -sha256 -binary order.txt | to_hex)
other=$(printf 'another' | openssl dgst -sha256 -binary | to_hex)
pso="002A9E9A20${hash}00"

# prove HASH [KEY]: the bank's proof for HASH over a fresh challenge.
prove() {
	apdu 0084000010
	{
		printf 'ukey bank proof 1'
		from_hex "$serial$DATA$1"
	} >proof.bin
	openssl dgst -sha256 -sign "${2:-$BANK_KEY}" -out proof.der proof.bin
	local data
	data=$1$(ecdsa_raw proof.der)
	apdu "00823010$(len_of "$data")$data"
}

apdu 002241B606800130840102
expect_equal "MSE SET with the transaction key" 9000 "$SW"
expect_sw 6985 "login alone does not open it" "$pso"
expect_sw 9000 "consent" "$(verify 82 "$PIN_HEX")"
expect_sw 6985 "consent without bank proof does not open it" "$pso"
prove "$hash"
expect_equal "the bank proves itself" 9000 "$SW"
expect_sw 9000 "consent again" "$(verify 82 "$PIN_HEX")"
expect_sw 6985 "another hash than the proof's is not signed" "002A9E9A20${other}00"
expect_sw 9000 "now the hash that was proved" $SELECT
apdu "$(verify 81 "$PIN_HEX")"
apdu 002241B606800130840102
prove "$hash"
expect_sw 6982 "bank proof without consent does not open it" "$pso"
prove "$hash"
apdu "$(verify 82 "$PIN_HEX")"
expect_sw 9000 "both open it" "$pso"
ecdsa_der "$DATA" order.sig
ok "openssl verifies it" openssl dgst -sha256 -verify card.sign.pub \
	-signature order.sig order.txt
expect_sw 6985 "once" "$pso"
openssl ecparam -name prime256v1 -genkey -noout -out foreign.key
prove "$hash" foreign.key
expect_equal "another bank's proof is refused" 6300 "$SW"
apdu "00823010$(len_of "$hash$hash$hash")$hash$hash$hash"
expect_equal "without a challenge there is no proof" 6985 "$SW"

proves "profile 3: three wrong tries block, the PUK opens again"
apdu $SELECT
expect_sw 63C2 "first" "$(verify 82 39393939)"
expect_sw 63C1 "second" "$(verify 81 39393939)"
expect_sw '63C0|6983' "third" "$(verify 81 39393939)"
expect_sw 6983 "blocked" "$(verify 81 "$PIN_HEX")"
expect_sw 6983 "also for consent" "$(verify 82 "$PIN_HEX")"
expect_sw 6983 "status says so" 00200081
expect_sw 63C4 "a wrong PUK" "002C008120$(padded 3030303030303030)$(padded "$PIN_HEX")"
expect_sw 9000 "the PUK" "002C008120$(padded "$PUK_HEX")$(padded "$PIN_HEX")"
expect_sw 63C3 "three tries again" 00200081

proves "state survives a restart and a kill -9 of the card"
expect_sw 63C2 "a wrong PIN" "$(verify 81 39393939)"
card_close
card_kill
card_insert card
card_open
apdu $SELECT
expect_equal "the serial number is the same" "$serial" "${DATA:46:16}"
expect_sw 63C2 "the try is still spent" 00200081
expect_sw 9000 "the right PIN" "$(verify 81 "$PIN_HEX")"
apdu 00CA010100
expect_equal "the content version changes with content only" "$content" "${DATA:32:8}"
card_close
