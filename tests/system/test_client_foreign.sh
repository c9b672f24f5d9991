# ukey with somebody else's module: SoftHSM knows nothing of texts and of banks that
# prove themselves, and still a customer logs in and pays with less comfort.
. "$(dirname "$0")/lib.sh"

module=
for file in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[[ ! -r $file ]] || module=$file
done
[[ -n $module ]] || skip "SoftHSM is not installed (package softhsm2)"

new_bank
sed -i "s|^module = .*|module = $module|" "$HOME/.config/ukey/config"
export SOFTHSM2_CONF=$WORK/softhsm2.conf
mkdir tokens
printf '%s\n' "directories.tokendir = $WORK/tokens" 'log.level = ERROR' \
	>"$SOFTHSM2_CONF"

# put NAME ID [OPTIONS]: a key out of a file, and its certificate.
put() {
	local name=$1 id=$2
	shift 2
	openssl pkcs8 -topk8 -nocrypt -in "soft/$name.key" -outform DER -out key.der &&
		openssl x509 -in "soft/$name.pem" -outform DER -out cert.der &&
		tool --write-object key.der --type privkey --id "$id" --usage-sign "$@" &&
		tool --write-object cert.der --type cert --id "$id"
}
tool() {
	pkcs11-tool --module "$module" --login --pin "$CARD_PIN" "$@"
}
ok "a token" softhsm2-util --init-token --free --label Alice \
	--pin "$CARD_PIN" --so-pin "$CARD_PUK"
ok "the key for logging in" put alice-auth 01
ok "the key for transactions, which asks for every signature" \
	put alice-sign 02 --always-auth
bank_start

expect_exit 0 "ukey login" ukey login
expect_line "$ALICE +1000.00 CNY" "shows the account"
expect_exit 0 "ukey transfer" pay 12.34
expect_line 'Amount: 12.34 CNY' "the order was shown"
expect_line '^Display: none' "and nobody was asked, because of --yes"
mkdir customer
printf '%s\n' "$CARD_PIN" >customer/pin
expect_exit 0 "confirmed by a person" env DEMO_CUSTOMER="$WORK/customer" \
	"$BIN/ukey" --json --pinentry "$TOP/scripts/lib/demo-pinentry" transfer \
	--to "$BOB" --payee Bob --amount 1.00 --currency CNY </dev/null
expect_line '"display": *"host"' "on this computer"
expect_equal "paid" $((100000 - 1334)) "$(balance)"
expect_exit 0 "the books balance" audit
