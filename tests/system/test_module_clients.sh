# The module in other people's programs: pkcs11-tool's own test, GnuTLS's p11tool;
# and what the debug log says about them. More of them: test_client_*.sh.
. "$(dirname "$0")/lib.sh"

user() {
	foreign timeout 60 pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" "$@"
}
shows() { grep -q -- "$1" <<<"$OUT"; }

pcsc_start
for type in rsa2048 p256; do
	new_card "$type-free" mine
	card_insert mine
	proves "$type: clients find nothing to complain about"
	run user --test
	ok "pkcs11-tool --test --login" test "$RC" = 0
	ok "without an error" shows "No errors"
	run foreign timeout 60 p11tool --provider "$MODULE" --list-tokens
	ok "p11tool --list-tokens" shows "token=Test%20card"
	run foreign timeout 60 p11tool --provider "$MODULE" --list-all
	ok "p11tool --list-all" shows "Type: X.509 Certificate"
	url=$(sed -n 's/.*\(pkcs11:.*type=cert\).*/\1/p' <<<"$OUT" | head -1)
	run foreign timeout 60 p11tool --provider "$MODULE" --export "$url"
	printf '%s\n' "$OUT" >exported.pem
	ok "p11tool --export gives the certificate of openssl's making" \
		openssl verify -CAfile "$FIXTURES/ca.pem" exported.pem
	[[ $type == p256 ]] || card_remove
done

proves "the debug log names calls, results and commands, and nothing else"
export UKEY_PKCS11_DEBUG=$WORK/debug.log
run user -O
ok "a login is one command or two" grep -qE "C_Login CKR_OK .* [12] commands" debug.log
ok "the PIN is not there" not grep -q "$CARD_PIN" debug.log
printf 'debug = %s\ndebug_level = debug\n' "$WORK/config.log" >pkcs11.conf
run foreign env -u UKEY_PKCS11_DEBUG UKEY_PKCS11_CONF="$WORK/pkcs11.conf" \
	timeout 60 pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" -O
ok "the file switches it on, too" grep -q "apdu 00a40400" config.log
ok "VERIFY is shown by its length" grep -q "apdu secret: [0-9]* bytes" config.log
ok "the PIN is not there either" not grep -qi \
	-e "$CARD_PIN" -e "$(printf '%s' "$CARD_PIN" | to_hex)" config.log

proves "nor is what is signed, deciphered, or brought to the card"
logged() {
	UKEY_PKCS11_CONF=$WORK/pkcs11.conf user "$@"
}
hidden() { # hidden FILE
	not grep -qi "$(to_hex <"$1")" config.log
}
unset UKEY_PKCS11_DEBUG
rm config.log
printf 'an order: 1000.00 CNY to Bob 001' >order # as long as a SHA-256
ok "a key that deciphers" logged --keypairgen --key-type rsa:2048 \
	--usage-decrypt --id 71 --label decipher
foreign timeout 60 p11tool --provider "$MODULE" \
	--export "pkcs11:id=%71;type=public" --outfile 71.pem
openssl pkeyutl -encrypt -pubin -inkey 71.pem -in order -out cipher \
	-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256
ok "deciphers" logged --decrypt --id 71 --mechanism RSA-PKCS-OAEP \
	--hash-algorithm SHA256 --mgf MGF1-SHA256 -i cipher -o plain
ok "the order" cmp order plain
ok "the same is signed" logged --sign --mechanism ECDSA --label Login \
	-i order -o order.sig
openssl ecparam -name prime256v1 -genkey -noout -outform DER -out own.der
ok "a key of one's own is brought" logged --write-object own.der \
	--type privkey --id 72 --label brought
dd if=own.der of=scalar bs=1 skip=7 count=32 status=none # RFC 5915
ok "the log tells of all that" grep -q "C_Decrypt CKR_OK .* commands" config.log
for file in order scalar; do
	ok "and not the $file" hidden "$file"
done
head -c 40 cipher >cipher.start
ok "nor the order as it is" not grep -q "CNY to Bob" config.log
ok "and not the cipher text" hidden cipher.start

proves "one's own configuration comes before the system's"
mkdir -p "$WORK/home/.config/ukey" "$WORK/xdg/ukey"
printf 'debug = %s\n' "$WORK/home.log" >"$WORK/home/.config/ukey/pkcs11.conf"
printf 'debug = %s\n' "$WORK/xdg.log" >"$WORK/xdg/ukey/pkcs11.conf"
run foreign env -u XDG_CONFIG_HOME HOME="$WORK/home" pkcs11-tool --module "$MODULE" -L
ok "in the home folder" grep -q C_GetSlotList home.log
run foreign env XDG_CONFIG_HOME="$WORK/xdg" HOME="$WORK/home" \
	pkcs11-tool --module "$MODULE" -L
ok "or where XDG_CONFIG_HOME says" grep -q C_GetSlotList xdg.log
