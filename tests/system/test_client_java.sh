# Java's SunPKCS11 provider: keytool, Signature, HTTPS with the certificate on the
# card.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

needs_java

printf '%s\n' "name = ukey" "library = $MODULE" "slotListIndex = 0" >java.cfg
javac -d . "$HERE/ClientJava.java" || not_met "the program compiles"
program() {
	foreign_java java -cp . ClientJava java.cfg pin "$@"
}

head -c 5000 /dev/urandom >message
pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	proves "$type: keytool"
	expect_exit 0 "keytool -list" foreign_java keytool -list -keystore NONE \
		-storetype PKCS11 -addprovider SunPKCS11 -providerArg java.cfg \
		-storepass:file pin
	expect_line "^Login, PrivateKeyEntry" "shows the login key"
	expect_line "^Transactions, PrivateKeyEntry" "and the other"

	proves "$type: Signature"
	expect_exit 0 "signs, and verifies what it signed" program sign message
	for file in message.*; do
		options=(-sha256)
		case $file in
		*384*) options=(-sha384) ;;
		*512*) options=(-sha512) ;;
		*PSS*) options+=(-sigopt rsa_padding_mode:pss) ;;
		esac
		ok "openssl verifies ${file#message.}" openssl dgst \
			"${options[@]}" -verify mine.auth.pub \
			-signature "$file" message
	done
	rm -f message.*

	proves "$type: HttpsURLConnection"
	for version in 1.2 1.3; do
		tls_serve $version
		run program get "$CLIENT_CA" "https://localhost:$TLS_PORT/"
		expect_page $version "logs in with TLS $version"
		tls_stop
	done
done
