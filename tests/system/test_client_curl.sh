# curl with the certificate on the card, through libp11's engine.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

export PKCS11_MODULE_PATH=$MODULE
curl() {
	foreign timeout 60 curl --silent --show-error --cacert "$CLIENT_CA" "$@"
}

pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	proves "$type: curl logs in"
	for version in 1.2 1.3; do
		tls_serve $version
		run curl --cert "$LOGIN_CERT" --key "$LOGIN_KEY" \
			"https://localhost:$TLS_PORT/"
		expect_page $version "with TLS $version"
		expect_exit 0 "again, with every option spelt out" curl \
			--engine pkcs11 --cert-type ENG --cert "$LOGIN_CERT" \
			--key-type ENG --key "$LOGIN_KEY" \
			"https://localhost:$TLS_PORT/"
		run curl "https://localhost:$TLS_PORT/"
		ok "without the card the server refuses" test "$RC" != 0
		tls_stop
	done
done
card_remove

proves "no card, no connection"
tls_serve 1.3
run curl --cert "$LOGIN_CERT" --key "$LOGIN_KEY" "https://localhost:$TLS_PORT/"
expect_equal "curl cannot load the certificate" 58 "$RC"
