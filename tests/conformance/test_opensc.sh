# The same rules for OpenSC, with a card that it has personalised itself: IsoApplet,
# as pkcs15-init leaves it.
. "$(dirname "$0")/conformance.sh"

module=
for file in /usr/lib/*/opensc-pkcs11.so; do
	[[ ! -r $file ]] || module=$file
done
[[ -n $module ]] || skip "OpenSC is not installed (package opensc)"
known_version opensc "$(opensc-tool --info | head -n 1 | cut -d '[' -f 1 | sed 's/ *$//')"

init() {
	pkcs15-init --pin "$CARD_PIN" --auth-id 01 "$@"
}
make_card() {
	pkcs15-init --create-pkcs15 --no-so-pin &&
		init --store-pin --id 01 --label Mine --puk 7351940273519402 &&
		init --generate-key rsa/2048 --id 45 --label testrsa \
			--key-usage sign,decrypt &&
		openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem \
			-days 30 -subj /CN=x -out cert.pem &&
		init --store-certificate cert.pem --id 45 --label testrsa
}

ok "a card" "$BIN/ukey-vcard" init --app isoapplet0 card.card
pcsc_start
card_insert card
ok "with a PIN, a key and a certificate" make_card
card_program card
officer=()
conform opensc "$module" --destructive --timeout 10 --card-program ./card-program \
	--public-label testrsa --private-label testrsa
expect_known opensc
ok "many rules were tried" test "$(passed opensc)" -ge 450
