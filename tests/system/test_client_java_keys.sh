# Keys that Java's keytool makes on the card or brings to it, and the certificates it
# puts beside them; openssl judges what was signed.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

needs_java

cat >java.cfg <<-END
	name = ukey
	library = $MODULE
	slotListIndex = 0
	attributes(generate, CKO_PRIVATE_KEY, *) = {
	  CKA_TOKEN = true
	}
END
java_tool() {
	foreign_java keytool "$@" -keystore NONE -storetype PKCS11 \
		-addprovider SunPKCS11 -providerArg java.cfg \
		-storepass:file pin
}
pair() { # pair ALIAS OPTIONS...
	java_tool -genkeypair -providername SunPKCS11-ukey -dname "CN=$1" \
		-alias "$1" "${@:2}" &&
		java_tool -certreq -alias "$1" -file "$1.csr" &&
		openssl req -verify -noout -in "$1.csr" &&
		java_tool -exportcert -rfc -alias "$1" -file "$1.pem" &&
		openssl verify -CAfile "$1.pem" "$1.pem"
}

pcsc_start
client_card rsa2048

proves "keytool makes keys on the card"
ok "-genkeypair, RSA" pair java-rsa -keyalg RSA -keysize 2048
ok "-genkeypair, P-256" pair java-ec -keyalg EC -groupname secp256r1
ok "they are on the card" made_here 4
ok "-changealias" java_tool -changealias -alias java-ec -destalias other
expect_exit 0 "-list" java_tool -list
expect_line "^other, PrivateKeyEntry" "has the new name"
expect_line "^java-rsa, PrivateKeyEntry" "and what was there"
expect_no_line "^java-ec" "and not the old name"
ok "-delete" java_tool -delete -alias other
ok "the key is gone, too" made_here 3

proves "keytool brings keys that Java has made"
ok "-genkeypair without the card's provider" java_tool -genkeypair \
	-keyalg RSA -keysize 2048 -dname CN=brought -alias brought
expect_exit 0 "-list" java_tool -list
expect_line "^brought, PrivateKeyEntry" "shows it"
ok "it is not said to be made here" made_here 3
