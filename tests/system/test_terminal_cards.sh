# Other cards in the terminal, over a pair of ttys: PIV, and one that speaks T=0. And a
# card that is pulled while an order is on the screen.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"
terminal_tty

# SP 800-73-4, part 1, table 9: FASC-N of zeros, GUID, expiry date.
CHUID=3019$(printf %050d 0)341000112233445566778899AABBCCDDEEFF35083230333030313031
CHUID+=3E00FE00

# next_card: takes the terminal and its card away.
next_card() {
	terminal_stop
	kill "$CARD_PID"
	wait "$CARD_PID" 2>/dev/null
	ok "the card is gone" computer_sees empty
}

proves "a PIV card: login key, by our module and by Yubico's tool"
cat >piv.json <<END
{ "applications": [ { "application": "piv-yubico",
    "keys": [ { "slot": "9A", "type": "p256" }, { "slot": "9C", "type": "p256" } ],
    "objects": [ { "tag": "5FC102", "value": "$CHUID" } ] } ] }
END
ok "it is made" "$BIN/ukey-vcard" init --profile piv.json piv.card
terminal_card piv
terminal_start
pcsc_start 0
ok "the computer sees the card" computer_sees card
for id in 01 02; do
	ok "the certificate of key $id" tool -r -y cert --id "$id" -o "$id.der"
	openssl x509 -inform DER -in "$id.der" -noout -pubkey >"$id.pub"
done
echo "something to sign" >input
pin_typed 123456
expect_exit 0 "pkcs11-tool, PIN typed at the terminal" tool --login --sign \
	-m ECDSA-SHA256 --id 01 -i input -o sig --signature-format openssl
ok "openssl accepts the signature" openssl dgst -sha256 -verify 01.pub \
	-signature sig input
if command -v yubico-piv-tool >/dev/null; then
	openssl x509 -inform DER -in 01.der -out 01.pem
	expect_exit 0 "yubico-piv-tool signs, too" foreign yubico-piv-tool -r Phone \
		-a verify-pin -P 123456 -a test-signature -s 9a -i 01.pem
fi

proves "and its signature key: only what was read and approved"
person "<always> 123456 PIN for card.*: "
expect_exit 1 "pkcs11-tool and key 9C" tool --login --sign -m ECDSA-SHA256 \
	--id 02 -i input -o refused
expect_line "0x200|CKR_FUNCTION_REJECTED" "CKR_FUNCTION_REJECTED"
A='<T><D><M><k>To</k><v>Bob</v></M></D></T>'
B='<T><D><M><k>To</k><v>Eve</v></M></D></T>'
hex_of() { printf '%s' "$1" | to_hex; }
# SP 800-73-4, part 2, 3.2.4: GENERAL AUTHENTICATE, P-256, key 9C.
sign_9c() {
	echo "0087119C267C2482008120$(printf '%s' "$1" | sha256sum | cut -d' ' -f1)00"
}
VERIFY=0020008008313233343536FFFF
piv_hostile() {
	printf '%s\n' 00A404000BA00000030800001000010000 "$@" |
		foreign "$UKEY_BUILD/tests/scapdu" "$TERM_READER"
}
person '<sees> Approve\?' yes
run piv_hostile "control 3841 $(hex_of "$A")" $VERIFY "$(sign_9c "$B")" \
	"$(sign_9c "$A")" "control 3842"
expect_line '^9000$' "A is approved"
expect_equal "neither B is signed, nor A after it" 2 "$(grep -c '^6985$' <<<"$OUT")"
expect_line '^error' "and nothing is stated"
person '<sees> Approve\?' yes
run piv_hostile "control 3841 $(hex_of "$A")" $VERIFY "$(sign_9c "$A")" \
	"control 3842" $VERIFY "$(sign_9c "$A")"
sed -n 's/ 9000$//p' <<<"$OUT" | sed -n '/^7C/{s/^7C..82..//;p}' >made
from_hex "$(<made)" >made.der
printf '%s' "$A" >text
ok "A is signed: openssl verifies it" openssl dgst -sha256 -verify 02.pub \
	-signature made.der text
ok "and stated, in 112 bytes" grep -qE '^[0-9A-F]{220} [0-9A-F]{4}$' <<<"$OUT"
expect_equal "and not a second time" 6985 "$(tail -n 1 <<<"$OUT")"
next_card

proves "a card that speaks T=0, in the slot's own contacts"
new_card p256-free alice
terminal_card alice
terminal_start --contact "line:t0:unix:$WORK/card.sock"
ok "the computer sees the card" computer_sees card
signs_well "login and signature through T=0"
next_card

proves "the card is pulled while an order is on the screen"
terminal_card alice
terminal_start
ok "the computer sees the card" computer_sees card
asks() {
	foreign "$UKEY_BUILD/tests/p11text" "$MODULE" 0x1044 yes <text 8<&- 2>&1
}
signatures() { grep -ciE '^> 0?0?.?.?2A9E9A' alice.apdus; }
before=$(signatures)
person '<sees> Approve\?' \
	"<runs> $BIN/ukey-vcard control --control $WORK/alice.ctl remove"
run asks
expect_line '^0x32$' "CKR_DEVICE_REMOVED"
ok "the order is off the screen" screen_says 'Not asked any more'
card_control alice insert >/dev/null
ok "the card is back" computer_sees card
person '<sees> Approve\?' '<esc>'
run asks
expect_line '^0x200$' "the next one is rejected: CKR_FUNCTION_REJECTED"
expect_equal "nothing is signed" "$before" "$(signatures)"
