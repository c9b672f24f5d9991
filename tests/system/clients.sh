# What the tests of other people's programs (test_client_*.sh) share: one card, and
# openssl as a TLS server that wants the certificate on it. Sourced after lib.sh.

# Both kinds of key, the sizes that every TLS client knows.
CLIENT_TYPES="rsa2048 p256"
CLIENT_CA=$FIXTURES/ca.pem

# client_card TYPE: the card mine.card, alone in the reader, with its certificates
# and public keys in files beside it for the judges.
client_card() {
	[[ -z ${card_pids[0]:-} ]] || card_remove
	rm -f mine.*
	new_card "$1-free" mine
	card_insert mine
}

# made_here N: so many keys on the card were made by it, and cannot leave it. The
# bank's two are among them.
made_here() {
	local n
	n=$(foreign timeout 60 pkcs11-tool --module "$MODULE" --login \
		--pin "$CARD_PIN" --list-objects --type privkey 2>/dev/null |
		grep -c "never extractable, local")
	[[ $n == "$1" ]]
}

# PKCS#11 URIs (RFC 7512) of the login key and its certificate; the PIN is in a
# file, so that it never becomes an argument.
printf '%s' "$CARD_PIN" >pin
chmod 600 pin
LOGIN="pkcs11:token=Test%20card;object=Login"
LOGIN_KEY="$LOGIN;type=private?pin-source=file:$WORK/pin"
LOGIN_CERT="$LOGIN;type=cert"

make_server_certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout server.key -out server.csr -subj /CN=localhost &&
		openssl x509 -req -in server.csr -CA "$CLIENT_CA" \
			-CAkey "$FIXTURES/ca.key" -days 20 -out server.pem \
			-extfile <(cat "$FIXTURES/ext.cnf" - \
				<<<"subjectAltName=DNS:localhost") \
			-extensions server
}

# tls_serve VERSION: the server speaks TLS 1.2 or 1.3 only, shuts the door on
# whoever has no certificate of the test CA, and answers GET / with a page about the
# connection. No session is resumed: the card signs for each. Sets TLS_PORT.
tls_serve() {
	[[ -s server.pem ]] || make_server_certificate >server.log 2>&1
	: >tls.out
	openssl s_server -accept 127.0.0.1:0 "-tls${1/./_}" -www -Verify 1 \
		-no_ticket -no_cache -num_tickets 0 -verify_return_error \
		-CAfile "$CLIENT_CA" -cert server.pem -key server.key \
		>tls.out 2>>tls.log &
	TLS_PID=$!
	children+=("$TLS_PID")
	until_true 10 grep -q '^ACCEPT .*:' tls.out ||
		not_met "the TLS server starts"
	TLS_PORT=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' tls.out)
}

tls_stop() {
	kill "$TLS_PID"
	wait "$TLS_PID" 2>/dev/null || : # of the signal
}

# expect_page VERSION TEXT: the last output is the page of tls_serve, and the
# server saw the card's certificate.
expect_page() {
	if [[ $OUT == *"TLSv$1, Cipher is "* &&
		$OUT =~ "Client certificate".*"Subject: CN=Alice auth" ]]; then
		met "$2"
	else
		not_met "$2: exit code $RC"
		show_output
	fi
}

# get: the request for that page, from somebody who does not hang up. To be used as
# `client < <(get)`: nobody waits for it.
get() {
	exec 2>/dev/null
	printf 'GET / HTTP/1.0\r\n\r\n'
	sleep 30
}

needs_java() {
	command -v java javac keytool >/dev/null ||
		skip "there is no Java development kit here (openjdk-17-jdk-headless)"
	[[ ${UKEY_SANITIZE:-} != *thread* ]] ||
		skip "Java does not run with the thread sanitizer in its process"
}

# foreign_java COMMAND...: Java catches SIGSEGV itself, and means no harm by it.
foreign_java() {
	FOREIGN_ASAN=:handle_segv=0 foreign timeout 90 "$@"
}
