# What the card deciphers and agrees on, and what the module verifies and encrypts
# in software, with openssl on the other side.
. "$(dirname "$0")/lib.sh"

tool() {
	foreign timeout 60 pkcs11-tool --module "$MODULE" "$@"
}
user() {
	tool --login --pin "$CARD_PIN" "$@"
}

# make ID ARGUMENTS: a key pair made on the card, its public half in ID.pub.
make() {
	local id=$1
	shift
	expect_exit 0 "a key pair is made" user --keypairgen --id "$id" "$@"
	expect_exit 0 "its public key is read" foreign timeout 60 p11tool \
		--provider "$MODULE" --export "pkcs11:id=%$id;type=public" \
		--outfile "$id.pub"
}

# verifies TEXT ID MECHANISM INPUT SIGNATURE [options], without a login.
verifies() {
	local text=$1 id=$2 mechanism=$3 input=$4 signature=$5
	shift 5
	run tool --verify --id "$id" -m "$mechanism" -i "$input" \
		--signature-file "$signature" "$@"
	expect_line "Signature is valid" "$text"
}

pcsc_start
new_card rsa2048-free card
card_insert card
head -c 1000 /dev/urandom >message
head -c 100 /dev/urandom >secret
openssl dgst -sha256 -binary message >hash

proves "RSA: OAEP"
make 31 --key-type rsa:2048 --usage-decrypt
for row in SHA-1:sha1:SHA1 SHA256:sha256:SHA256 SHA512:sha512:SHA512; do
	IFS=: read -r hash md mgf <<<"$row"
	openssl pkeyutl -encrypt -pubin -inkey 31.pub -in secret -out cipher \
		-pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$md" \
		-pkeyopt "rsa_mgf1_md:$md"
	rm -f plain
	expect_exit 0 "decrypts with $md" user --decrypt --id 31 \
		-m RSA-PKCS-OAEP --hash-algorithm "$hash" --mgf "MGF1-$mgf" \
		-i cipher -o plain
	ok "what openssl has encrypted" cmp secret plain
done
spoil cipher 77
expect_exit 1 "a changed one is refused" user --decrypt --id 31 \
	-m RSA-PKCS-OAEP --hash-algorithm SHA512 --mgf MGF1-SHA512 -i cipher -o bad
ok "and nothing of it is given away" test ! -s bad
expect_exit 1 "PKCS #1 v1.5 is not offered" user --decrypt --id 31 \
	-m RSA-PKCS -i cipher -o bad

proves "RSA: signatures of the card, verified in software"
make 32 --key-type rsa:2048 --usage-sign
for md in sha1 sha224 sha256 sha384 sha512; do
	m=${md^^}-RSA-PKCS
	expect_exit 0 "$m signs" user --sign --id 32 -m "$m" -i message -o sig
	ok "openssl agrees" openssl dgst "-$md" -verify 32.pub -signature sig message
	verifies "and so do we" 32 "$m" message sig
done
for md in sha1 sha256 sha512; do
	m=${md^^}-RSA-PKCS-PSS
	salt=$(($(openssl dgst "-$md" -binary </dev/null | wc -c)))
	expect_exit 0 "$m signs" user --sign --id 32 -m "$m" \
		--salt-len "$salt" -i message -o sig
	ok "openssl agrees" openssl dgst "-$md" -sigopt rsa_padding_mode:pss \
		-sigopt "rsa_pss_saltlen:$salt" -verify 32.pub -signature sig message
	verifies "and so do we" 32 "$m" message sig --salt-len "$salt"
done
spoil sig 77
run tool --verify --id 32 -m SHA512-RSA-PKCS-PSS -i message \
	--signature-file sig --salt-len 64
expect_no_line "Signature is valid" "a changed signature is not verified"

proves "ECDSA and ECDH"
for row in secp256r1:P-256:33 secp384r1:P-384:34 secp521r1:P-521:35; do
	IFS=: read -r curve name id <<<"$row"
	make "$id" --key-type "EC:$curve" --usage-derive
	openssl ecparam -name "${curve/secp256r1/prime256v1}" -genkey -noout \
		-out other.key
	openssl pkey -in other.key -pubout -outform DER -out other.der
	openssl pkeyutl -derive -inkey other.key -peerkey "$id.pub" -out wanted
	rm -f got
	expect_exit 0 "$name: a secret is derived" user --derive --id "$id" \
		-m ECDH1-DERIVE -i other.der -o got
	ok "the one that openssl derives" cmp wanted got
done
make 36 --key-type EC:secp384r1 --usage-sign
for md in sha1 sha224 sha256 sha384 sha512; do
	m=ECDSA-${md^^}
	expect_exit 0 "$m signs" user --sign --id 36 -m "$m" -i message -o sig \
		--signature-format openssl
	ok "openssl agrees" openssl dgst "-$md" -verify 36.pub -signature sig message
	verifies "and so do we" 36 "$m" message sig --signature-format openssl
done

proves "the tool's own test, with all these keys"
run user --test
ok "ends well" test "$RC" = 0
expect_line "No errors"

proves "SM2"
card_remove
vcard init --card sm2.card --label "SM2 card" --key-type sm2 --pin-fd 8 --puk-fd 9
vcard request --card sm2.card --key 1 --pin-fd 8 --subject /CN=Alice >sm2.csr
vcard activate --card sm2.card
openssl req -in sm2.csr -noout -pubkey >sm2.pub
card_insert sm2
login=$(user -O --type privkey | awk '/ID:/ { print $2; exit }')
expect_exit 0 "SM3 with SM2 signs" user --sign --id "$login" -m 0x80000b22 \
	-i message -o sig
ecdsa_der "$(to_hex <sig)" sig.der
ok "openssl agrees" openssl dgst -sm3 -sigopt distid:1234567812345678 \
	-verify sm2.pub -signature sig.der message
verifies "and so do we" "$login" 0x80000b22 message sig
printf 'gm_numbers = sansec\n' >gm.conf
export UKEY_PKCS11_CONF=$WORK/gm.conf
expect_exit 0 "by another number, too" user --sign --id "$login" \
	-m 0x80008102 -i message -o sig
unset UKEY_PKCS11_CONF
ecdsa_der "$(to_hex <sig)" sig.der
ok "openssl agrees" openssl dgst -sm3 -sigopt distid:1234567812345678 \
	-verify sm2.pub -signature sig.der message
expect_exit 1 "ECDSA does not take an SM2 key" user --sign --id "$login" \
	-m ECDSA-SHA256 -i message -o sig
expect_line "CKR_KEY_TYPE_INCONSISTENT"

proves "SM2 encryption"
sm2crypt() {
	with_secrets foreign "$UKEY_BUILD/tests/p11sm2" "$MODULE" "$1"
}
sm2crypt make >spki.der
openssl pkey -pubin -inform DER -in spki.der -out enc.pub
ok "a key pair is made for it" test -s enc.pub
openssl pkeyutl -encrypt -pubin -inkey enc.pub -in secret -out cipher
sm2crypt decrypt <cipher >plain
ok "what openssl has encrypted" cmp secret plain
sm2crypt encrypt <secret >cipher
expect_equal "we encrypt C1, C3, C2" 197 "$(wc -c <cipher)"
sm2crypt decrypt <cipher >plain
ok "and the card decrypts that, too" cmp secret plain
