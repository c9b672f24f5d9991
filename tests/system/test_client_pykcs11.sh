# PyKCS11: a Python script with the card.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

# Debian's package belongs to Debian's Python.
/usr/bin/python3 -c "import PyKCS11" 2>/dev/null ||
	skip "python3-pykcs11 is not installed"

head -c 5000 /dev/urandom >message
openssl dgst -sha256 -binary message >hash
pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	proves "$type: list, login, sign, verify, digest"
	expect_exit 0 "the script" foreign timeout 60 /usr/bin/python3 \
		"$HERE/client_pykcs11.py" "$MODULE" pin message
	expect_equal "saw the card" "Test card" "$(sed -n 's/^token: //p' <<<"$OUT")"
	openssl x509 -inform DER -in card.der -noout -pubkey >card.pub
	ok "read its certificate" cmp card.pub mine.auth.pub
	if [[ $type == p256 ]]; then
		ecdsa_der "$(to_hex <card.ecdsa)" ecdsa.sig
		ok "openssl verifies ECDSA" openssl dgst -sha256 \
			-verify card.pub -signature ecdsa.sig message
	else
		ok "openssl verifies PKCS #1" openssl dgst -sha256 \
			-verify card.pub -signature card.pkcs1 message
		ok "openssl verifies PSS" openssl dgst -sha256 \
			-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
			-verify card.pub -signature card.pss message
	fi
	ok "the digest is openssl's" cmp hash card.hash
done
