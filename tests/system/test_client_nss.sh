# NSS, the library of Firefox, Chromium and Thunderbird: the module in a database, its
# certificates and keys, a TLS login with the one on the card.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

DB=sql:$WORK/nssdb
nss() {
	foreign timeout 60 "$@" </dev/null
}

# nss_get VERSION: tstclnt asks for the page.
nss_get() {
	nss tstclnt -4 -h localhost -p "$TLS_PORT" -d "$DB" -V "tls$1:tls$1" \
		-n "Test card:Login" -W passwords -A request
}

printf 'GET / HTTP/1.0\r\n\r\n' >request
# A line for each token: the database of NSS itself has no password here.
printf 'Test card:%s\n' "$CARD_PIN" >passwords
chmod 600 passwords
mkdir nssdb
pcsc_start
client_card rsa2048

proves "modutil takes the module in"
certutil -N -d "$DB" --empty-password
certutil -A -d "$DB" -n test-ca -t "C,," -i "$CLIENT_CA"
expect_exit 0 "modutil -add" nss modutil -dbdir "$DB" -add ukey \
	-libfile "$MODULE" -force
# Its exit code is 32 as long as any reader is empty, with every module.
run nss modutil -dbdir "$DB" -list ukey
expect_line "Token Name: +Test card" "shows the card"
expect_line "Login Type: +Login required" "and that it wants a login"

for type in $CLIENT_TYPES; do
	client_card "$type"
	proves "$type: certutil"
	expect_exit 0 "certutil -L needs no PIN" nss certutil -L -d "$DB" \
		-h "Test card"
	expect_line "Test card:Login +u,u,u" "there is a key to the certificate"
	expect_exit 0 "certutil -L -n" nss certutil -L -d "$DB" -a \
		-n "Test card:Login"
	ok "gives the certificate" openssl verify -CAfile "$CLIENT_CA" .out
	expect_exit 0 "certutil -K" nss certutil -K -d "$DB" -h "Test card" \
		-f pin
	[[ $type == p256 ]] && kind=ec || kind=rsa
	expect_line " $kind .* Login$" "lists the private keys"

	proves "$type: tstclnt logs in"
	for version in 1.2 1.3; do
		tls_serve $version
		run nss_get $version
		expect_page $version "with TLS $version"
		tls_stop
	done
done
