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
ok "a login is two commands" grep -q "C_Login CKR_OK .* 2 commands" debug.log
ok "the PIN is not there" not grep -q "$CARD_PIN" debug.log
printf 'debug = %s\ndebug_level = debug\n' "$WORK/config.log" >pkcs11.conf
run foreign env -u UKEY_PKCS11_DEBUG UKEY_PKCS11_CONF="$WORK/pkcs11.conf" \
	timeout 60 pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" -O
ok "the file switches it on, too" grep -q "apdu 00a40400" config.log
ok "VERIFY is shown by its length" grep -q "apdu secret: [0-9]* bytes" config.log
ok "the PIN is not there either" not grep -qi \
	-e "$CARD_PIN" -e "$(printf '%s' "$CARD_PIN" | to_hex)" config.log
