# PKCS#11 URIs: what `ukey cards` prints chooses the card wherever ukey takes a URI,
# and GnuTLS understands it.
. "$(dirname "$0")/lib.sh"

proves "two cards, two URIs"
new_bank
new_card p256 bob
pcsc_start
card_insert alice 0
card_insert bob 1
bank_start
run ukey cards --json
uris=()
while read -r uri; do
	uris+=("$uri")
done < <(python3 -c 'import json, sys
for reader in json.load(sys.stdin)["readers"]:
    if reader["token"]: print(reader["token"]["uri"])' <<<"$OUT")
expect_equal "one for each" 2 "${#uris[@]}"
ok "they differ" test "${uris[0]}" != "${uris[1]}"
for uri in "${uris[@]}"; do
	ok "p11tool finds the card" foreign p11tool --provider "$MODULE" \
		--list-all-certs "$uri"
done

proves "--token"
expect_exit 83 "none: which one?" ukey login
expect_exit 0 "the customer's card" ukey login --token "${uris[0]}"
expect_exit 0 "by the number of its slot" ukey login --token pkcs11:slot-id=0
expect_exit 0 "by the URI of an object on it" \
	ukey login --token "${uris[0]};object=Login;type=private"
expect_exit 24 "another slot" ukey login --token "${uris[0]};slot-id=1"
expect_exit 24 "nobody's card" ukey login --token 'pkcs11:token=No%20card'

proves "what is refused"
touch_me='pkcs11:slot-id=0?pin-source=%7Ctouch%20'$WORK/run
expect_exit 3 "a program for the PIN" ukey login --token "$touch_me"
ok "which did not run" test ! -e run
expect_line "--pin-fd" "says what to do instead"
expect_exit 3 "the PIN itself" \
	ukey login --token "pkcs11:slot-id=0?pin-value=$CARD_PIN"
expect_no_line "$CARD_PIN" "does not repeat it"
expect_exit 3 "an attribute that no card has" \
	ukey login --token 'pkcs11:slot-id=0;colour=blue'
expect_exit 3 "no URI" ukey login --token 'Test card'

proves "the configuration"
printf '%s\n' "token = ${uris[0]}" >>"$HOME/.config/ukey/config"
expect_exit 0 "chooses the card" ukey login
