# GnuTLS: p11tool, and gnutls-cli with the certificate on the card against
# gnutls-serv and openssl.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

export GNUTLS_PIN=$CARD_PIN
p11tool() {
	foreign timeout 60 p11tool --batch --provider "$MODULE" "$@"
}

# gnutls_get PORT [options]
gnutls_get() {
	local port=$1
	shift
	foreign timeout 60 gnutls-cli --provider "$MODULE" --verbose \
		--x509cafile "$CLIENT_CA" --x509certfile "$LOGIN_CERT" \
		--x509keyfile "$LOGIN;type=private" --port "$port" "$@" \
		localhost < <(get)
}

gnutls_serv_listens() {
	ss -Hltn "sport = $SERV_PORT" | grep -q .
}

pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	proves "$type: p11tool"
	expect_exit 0 "--list-all" p11tool --list-all
	expect_line "URL: pkcs11:model=.*;object=Login;type=cert" "the certificate"
	expect_exit 0 "--list-privkeys" p11tool --login --list-privkeys
	expect_line "Flags:.*NEVER_EXTRACTABLE" "the key cannot leave the card"
	expect_exit 0 "--test-sign" p11tool --login --test-sign \
		"$LOGIN;type=private"
	expect_line "Verifying against public key in the token.*ok" "is verified"
	run p11tool --export "$LOGIN_CERT"
	ok "--export gives the certificate of openssl's making" \
		openssl verify -CAfile "$CLIENT_CA" .out
	expect_exit 0 "--generate-random" p11tool --generate-random 64

	proves "$type: gnutls-cli logs in"
	for version in 1.2 1.3; do
		tls_serve $version
		run gnutls_get "$TLS_PORT" \
			--priority "NORMAL:-VERS-ALL:+VERS-TLS$version"
		expect_page $version "at openssl with TLS $version"
		tls_stop
	done
done

proves "gnutls-serv asks for the certificate"
SERV_PORT=$((20000 + RANDOM % 10000))
background gnutls-serv --http --port "$SERV_PORT" --require-client-cert \
	--verify-client-cert --x509cafile "$CLIENT_CA" \
	--x509certfile server.pem --x509keyfile server.key >serv.log 2>&1
until_true 10 gnutls_serv_listens
run gnutls_get "$SERV_PORT"
expect_line "HTTP/1.0 200 OK" "and is content with it"
expect_line "CN=Alice auth" "it knows whose it is"
run timeout 20 gnutls-cli --x509cafile "$CLIENT_CA" --port "$SERV_PORT" \
	localhost < <(get)
expect_line "error|[Cc]ertificate is required" "without a card it is not"
