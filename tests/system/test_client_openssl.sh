# OpenSSL through libp11's engine: signatures, requests, TLS with the certificate
# on the card.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

export PKCS11_MODULE_PATH=$MODULE
engine() {
	local command=$1
	shift
	foreign timeout 60 openssl "$command" -engine pkcs11 "$@"
}
engine_of_file() {
	(
		unset PKCS11_MODULE_PATH
		export OPENSSL_CONF=$WORK/engine.cnf
		engine "$@"
	)
}

# What a configuration file says; the PIN only because nobody else reads it here.
cat >engine.cnf <<-END
	openssl_conf = all
	[all]
	engines = engines
	[engines]
	pkcs11 = card
	[card]
	engine_id = pkcs11
	MODULE_PATH = $MODULE
	PIN = $CARD_PIN
	init = 0
END

head -c 100000 /dev/urandom >message
printf '[req]\ndistinguished_name=dn\n[dn]\n' >req.cnf
pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	proves "$type: signatures with openssl -engine pkcs11"
	for hash in sha256 sha384 sha512; do
		expect_exit 0 "dgst -$hash -sign" engine dgst -keyform engine \
			"-$hash" -sign "$LOGIN_KEY" -out sig message
		ok "openssl verifies it" openssl dgst "-$hash" \
			-verify mine.auth.pub -signature sig message
	done
	expect_exit 0 "dgst -verify with the public key of the card" engine dgst \
		-keyform engine -sha512 -verify "$LOGIN;type=public" \
		-signature sig message
	printf x >>message
	expect_exit 1 "and it sees a change" engine dgst \
		-keyform engine -sha512 -verify "$LOGIN;type=public" \
		-signature sig message
	expect_exit 0 "dgst -sign, all from a configuration file" engine_of_file \
		dgst -keyform engine -sha256 -sign "$LOGIN;type=private" \
		-out sig message
	ok "openssl verifies it" openssl dgst -sha256 \
		-verify mine.auth.pub -signature sig message
	if [[ $type == rsa* ]]; then
		pss=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32)
		expect_exit 0 "RSA-PSS" engine dgst -keyform engine -sha256 \
			"${pss[@]}" -sign "$LOGIN_KEY" -out sig message
		ok "openssl verifies it" openssl dgst -sha256 "${pss[@]}" \
			-verify mine.auth.pub -signature sig message
	fi
	expect_exit 0 "req -new" engine req -new -keyform engine \
		-key "$LOGIN_KEY" -subj "/CN=Alice" -config req.cnf -out new.csr
	ok "openssl verifies the request" openssl req -in new.csr -verify -noout
	ok "it is for the key on the card" cmp mine.auth.pub \
		<(openssl req -in new.csr -noout -pubkey)

	foreign pkcs11-tool --module "$MODULE" --read-object --type cert \
		--label Login -o cert.der >/dev/null 2>&1
	openssl x509 -inform DER -in cert.der -out cert.pem
	for version in 1.2 1.3; do
		tls_serve $version
		run engine s_client -keyform engine -key "$LOGIN_KEY" \
			-cert cert.pem -CAfile "$CLIENT_CA" -verify_return_error \
			-connect "localhost:$TLS_PORT" -quiet < <(get)
		expect_page $version "s_client logs in with TLS $version"
		tls_stop
	done
done
