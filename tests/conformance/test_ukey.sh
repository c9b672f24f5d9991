# Our module, with an RSA and with a P-256 card.
. "$(dirname "$0")/conformance.sh"

# The thread sanitizer knows no fork of a process with threads.
list=ukey
[[ ${UKEY_SANITIZE:-} != *thread* ]] || list=ukey-tsan
pcsc_start
tool() {
	foreign pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" "$@"
}
for type in rsa2048 p256; do
	new_card "$type-free" "$type"
	card_insert "$type"
	proves "$type: every rule that is about something we offer"
	# The card's labels stand in for those of the OASIS sample token.
	run tool -O
	label=$(sed -n '/^Private Key/,$s/^  label: *//p' <<<"$OUT" | head -n 1)
	ok "a key that deciphers" tool --keypairgen --key-type rsa:2048 \
		--usage-decrypt --id 77 --label decipher
	card_program "$type"
	conform "$type" "$MODULE" --destructive --card-program ./card-program \
		--public-label "$label" --private-label "$label"
	expect_known "$type" "$list"
	ok "and most were tried" test "$(passed "$type")" -ge 600
	card_remove
done

proves "an SM2 card: rules of SM2 and SM3"
vcard init --card sm2.card --label "SM2 card" --key-type sm2 --pin-fd 8 --puk-fd 9
vcard activate --card sm2.card
card_insert sm2
conform sm2 "$MODULE" --only sm/
expect_equal "all of them pass" 3 "$(passed sm2)"
card_remove

proves "OASIS profile cases"
for case in BL EXT AUTH CERT; do
	ok "$case-M-1-32" grep -q "^pass  profiles/$case-M-1-32 " rsa2048.txt
done

proves "AUTH-M-1-32 with the labels that it names"
card_insert rsa2048
ok "the private key" tool --keypairgen --key-type rsa:2048 \
	--label testrsa-pri --id 32
ok "its public half" tool --read-object --type pubkey --id 32 -o pub.der
ok "by a name of its own" tool --write-object pub.der --type pubkey \
	--label testrsa-pub --id 33
conform auth "$MODULE" --only profiles/AUTH \
	--public-label testrsa-pub --private-label testrsa-pri
ok "AUTH-M-1-32" grep -q "^pass  profiles/AUTH-M-1-32 " auth.txt

proves "no rule leaves the card without its PIN"
ok "the PIN is still good" tool -O

proves "the program itself"
conform json "$MODULE" --json --only library/
ok "--json is JSON" python3 -m json.tool json.txt
expect_exit 2 "no module" "$CONFORM"
expect_exit 2 "an option that is none" "$CONFORM" --module "$MODULE" --fast
expect_exit 2 "no such rule" "$CONFORM" --module "$MODULE" --only nothing/
expect_exit 1 "a module that is none" "$CONFORM" --module /bin/true --only library/
