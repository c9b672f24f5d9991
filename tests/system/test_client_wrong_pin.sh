# A wrong PIN in a file, an option or an answer costs one try, in every program: none
# of them makes the module ask the card again on its own.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

tries_left() {
	"$BIN/ukey" --module "$MODULE" cards --json |
		sed -n 's/.*"pinTriesLeft": *\([0-9]*\).*/\1/p'
}

# costs_one_try COMMAND...: a good login has given the card all its tries back.
costs_one_try() {
	foreign pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" -O \
		>good.log 2>&1
	run foreign timeout 60 "$@" </dev/null
	ok "$1 does not succeed" test "$RC" != 0
	expect_equal "$1 cost one try" 2 "$(tries_left)"
}

printf 000000 >pin
printf 'Test card:000000\n' >passwords
printf 'GET / HTTP/1.0\r\n\r\n' >request
export PKCS11_MODULE_PATH=$MODULE GNUTLS_PIN=000000
pcsc_start
client_card p256
expect_equal "three tries at first" 3 "$(tries_left)"
tls_serve 1.3

proves "OpenSSL, curl, stunnel"
costs_one_try openssl dgst -engine pkcs11 -keyform engine -sha256 \
	-sign "$LOGIN_KEY" -out sig request
costs_one_try curl -s --cacert "$CLIENT_CA" --cert "$LOGIN_CERT" \
	--key "$LOGIN_KEY" "https://localhost:$TLS_PORT/"
printf '%s\n' "foreground = yes" "pid =" "engine = pkcs11" \
	"engineCtrl = PIN:000000" "[bank]" "client = yes" \
	"accept = 127.0.0.1:0" "connect = 127.0.0.1:$TLS_PORT" \
	"engineId = pkcs11" "key = $LOGIN;type=private" \
	"cert = $LOGIN;type=cert" >stunnel.conf
costs_one_try stunnel stunnel.conf

proves "GnuTLS"
costs_one_try gnutls-cli --provider "$MODULE" --x509cafile "$CLIENT_CA" \
	--x509certfile "$LOGIN_CERT" --x509keyfile "$LOGIN;type=private" \
	--port "$TLS_PORT" localhost
costs_one_try p11tool --batch --provider "$MODULE" --login --test-sign \
	"$LOGIN;type=private"

proves "NSS"
mkdir nssdb
certutil -N -d sql:nssdb --empty-password
certutil -A -d sql:nssdb -n test-ca -t "C,," -i "$CLIENT_CA"
foreign modutil -dbdir sql:nssdb -add ukey -libfile "$MODULE" -force \
	>modutil.log 2>&1
costs_one_try certutil -K -d sql:nssdb -h "Test card" -f pin
costs_one_try tstclnt -4 -h localhost -p "$TLS_PORT" -d sql:nssdb \
	-n "Test card:Login" -W passwords -A request

proves "OpenSSH's agent"
cp "$(command -v ssh-agent)" agent # without the bit that keeps preloads out
foreign_start ./agent -D -a "$WORK/agent.socket" -P "$MODULE" >agent.log 2>&1
until_true 10 test -S agent.socket || not_met "the agent starts"
printf '#!/bin/sh\ncat "%s"\n' "$WORK/pin" >askpass
chmod 700 askpass
export SSH_AUTH_SOCK=$WORK/agent.socket SSH_ASKPASS=$WORK/askpass
export SSH_ASKPASS_REQUIRE=force
costs_one_try ssh-add -s "$MODULE"

proves "PyKCS11, pkcs11-tool"
costs_one_try /usr/bin/python3 "$HERE/client_pykcs11.py" "$MODULE" pin request
costs_one_try pkcs11-tool --module "$MODULE" --login --pin 000000 -O

if [[ ${UKEY_SANITIZE:-} != *thread* ]] && command -v keytool >/dev/null; then
	proves "Java"
	printf '%s\n' "name = ukey" "library = $MODULE" "slotListIndex = 0" \
		>java.cfg
	FOREIGN_ASAN=:handle_segv=0 costs_one_try keytool -list -keystore NONE -storetype PKCS11 \
		-addprovider SunPKCS11 -providerArg java.cfg -storepass:file pin
fi
