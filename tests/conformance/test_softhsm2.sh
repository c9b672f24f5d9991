# The same rules for SoftHSM: what it breaks is known and explained, and so the
# rules themselves are tried on somebody else's module.
. "$(dirname "$0")/conformance.sh"

module=
for file in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[[ ! -r $file ]] || module=$file
done
[[ -n $module ]] || skip "SoftHSM is not installed (package softhsm2)"
known_version softhsm2 "SoftHSM $(softhsm2-util --version)"

export SOFTHSM2_CONF=$WORK/softhsm2.conf
mkdir tokens
printf '%s\n' "directories.tokendir = $WORK/tokens" 'log.level = ERROR' \
	>"$SOFTHSM2_CONF"
tool() {
	pkcs11-tool --module "$module" --login --pin "$CARD_PIN" "$@"
}
make_token() {
	softhsm2-util --init-token --free --label Soft --pin "$CARD_PIN" \
		--so-pin "$CARD_PUK" &&
		tool --keypairgen --key-type rsa:2048 --label testrsa --id 01 &&
		openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -days 30 \
			-subj /CN=x -outform DER -out cert.der &&
		tool --write-object cert.der --type cert --id 01 --label testrsa
}
ok "a token with a key and a certificate" make_token
conform softhsm2 "$module" --destructive --public-label testrsa \
	--private-label testrsa
expect_known softhsm2
ok "most rules were tried" test "$(passed softhsm2)" -ge 500
