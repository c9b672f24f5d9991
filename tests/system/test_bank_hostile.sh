# A bank that is not the customer's, or that is hostile: wrong TLS certificate, a
# signing key that the card does not know, altered and malformed answers.
. "$(dirname "$0")/lib.sh"

new_bank
pcsc_start
card_insert alice

consents() {
	grep -cE '^> 00200082 \(' alice.apdus
}

# Another bank, with another CA, at the same address.
other_bank() {
	mkdir "$1"
	(
		cd "$1" || exit
		"$BIN/ukey-bankd" init --dir bank --name "Other Bank"
	) >/dev/null
}

proves "a server with another certificate: nothing is sent"
other_bank other
mv bank bank.true
cp -r other/bank bank
cp bank.true/ca.pem ca-true.pem
bank_start
sed -i "s|^ca = .*|ca = $WORK/ca-true.pem|" "$HOME/.config/ukey/config"
expect_exit 91 "ukey login" ukey login
expect_line 'does not have the bank.s certificate' "says so"
expect_exit 91 "ukey doctor" ukey doctor
bank_stop

proves "the bank's TLS key, but another signing key: the login is not signed"
cp bank.true/tls.key bank.true/tls.pem bank/
bank_start
before=$(grep -c '^> 0088' alice.apdus)
expect_exit 94 "ukey login" ukey login
expect_line 'did not prove' "says so"
expect_equal "the card signed nothing" "$before" "$(grep -c '^> 0088' alice.apdus)"
bank_stop
rm -rf bank
mv bank.true bank

proves "the bank does not prove itself to the card: no payment is signed"
cp -r bank keep
openssl ecparam -name prime256v1 -genkey -noout -out new.key
openssl req -new -key new.key -subj "/CN=Test Bank signing" -out new.csr
printf '%s\n' '[sign]' 'keyUsage=critical,digitalSignature' \
	'extendedKeyUsage=1.3.6.1.4.1.65535.1.1' >bank.cnf
openssl x509 -req -in new.csr -CA bank/ca.pem -CAkey bank/ca.key -days 20 \
	-extfile bank.cnf -extensions sign -out bank/sign.pem 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in new.key -out bank/sign.key
bank_start
expect_exit 0 "the certificate is good, so login works" ukey login
expect_exit 84 "ukey transfer" pay 1.00
expect_line 'has not proved itself to the card' "says so"
expect_equal "no consent was given" 0 "$(consents)"
expect_equal "nothing was paid" 100000 "$(balance)"
bank_stop
rm -rf bank
mv keep bank

# hostile WHAT EXIT TEXT: the true bank behind somebody who does WHAT.
hostile() {
	echo "$1" >hostile.do
	expect_exit "$2" "$3 ($1)" ukey transfer --from "$ALICE" --to "$BOB" \
		--payee Bob --currency CNY --amount 1.00 --yes
}

proves "the true bank, and somebody in its web server"
sed -i "s|\"host\"|\"origin\": \"$ORIGIN\", &|" bank/bankd.json
bank_start --port 9443
echo nothing >hostile.do
background env PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/hostile_bank.py" \
	--listen 8443 --forward "$BANK_PORT" --cert bank/tls.pem \
	--key bank/tls.key --do hostile.do >hostile.out 2>>"$WORK/hostile.log"
ok "somebody listens in its place" until_true 10 grep -q ready hostile.out
ALLOWED=$(balance)
hostile nothing 59 "who only relays, with the bank's own certificate: the login is bound to another connection"
expect_line 'does not accept the login signature' "says so"
ok "nor is it bound to nothing if he says so" not ukey --binding somehow login
echo 'binding = none' >>"$HOME/.config/ukey/config"
hostile nothing 0 "a login that is bound to nothing goes through him"
expect_equal "paid" $((ALLOWED - 100)) "$(balance)"
paid=$(balance)
before=$(consents)

proves "altered texts are not signed"
hostile more-money 95 "another amount"
hostile other-payee 95 "another account"
hostile hidden-line 95 "the amount moved to what is not shown"
proves "malformed texts are not signed"
for what in text-cut text-after text-entity text-doctype text-utf8 text-bidi text-deep; do
	hostile $what 95 "a text that is none"
done
for what in text-empty text-huge; do
	hostile $what 93 "a text of impossible length"
done
proves "malformed answers"
for what in json-cut json-garbage json-deep json-array json-twice json-types json-huge; do
	hostile $what 93 "an answer that is none"
done
expect_equal "the card was never asked to sign" "$before" "$(consents)"
proves "a proof that is not the bank's"
hostile no-proof 84 "one bit of the proof"
expect_equal "no consent was given" "$before" "$(consents)"
proves "what the customer signed is altered on its way"
hostile request-altered 72 "the text"
hostile signature-altered 73 "the signature"
expect_equal "nothing of all this was paid" "$paid" "$(balance)"
proves "a receipt that proves nothing"
hostile no-receipt 96 "one bit of the receipt"
proves "the challenge of a login"
rm -f "$XDG_RUNTIME_DIR/ukey/session.json"
hostile no-challenge 94 "one bit of the bank's signature"
hostile other-nonce 94 "another nonce"
expect_exit 0 "the books balance" audit
