# Objects and keys made, changed and destroyed by other people's programs:
# pkcs11-tool and GnuTLS's p11tool; openssl judges what comes out.
. "$(dirname "$0")/lib.sh"

tool() {
	foreign timeout 60 pkcs11-tool --module "$MODULE" "$@"
}
user() {
	tool --login --pin "$CARD_PIN" "$@"
}
officer() {
	tool --login --login-type so --so-pin "$CARD_PUK" "$@"
}
gnutls() {
	GNUTLS_PIN=$CARD_PIN foreign timeout 60 p11tool \
		--provider "$MODULE" --login --batch "$@"
}

# shows TYPE ID REGEX: what the card says of the object with this id.
shows() {
	user --list-objects --type "$1" 2>/dev/null |
		awk -v id="$2" 'BEGIN { RS = "\n[A-Z][a-zA-Z]* [A-Za-z]*[;, ]" }
			$0 ~ "ID: *" id "\n"' | grep -E -- "$3" >/dev/null
}
has() { user --list-objects --type "$1" 2>/dev/null | grep -E -- "$2" >/dev/null; }
lacks() { not has "$@"; }

# public ID: the public key with this id. (pkcs11-tool 0.23 makes EC keys of memory
# that it has given back.)
public() {
	foreign timeout 60 p11tool --provider "$MODULE" \
		--export "pkcs11:id=%$1;type=public" --outfile "$1.pub.pem" &&
		openssl pkey -pubin -in "$1.pub.pem" -outform DER -out "$1.spki"
}

# signs ID KIND: the card's signature by this key, checked by openssl.
signs() {
	local id=$1 mechanism=SHA256-RSA-PKCS
	local -a options=()
	[[ $2 == rsa ]] || mechanism=ECDSA-SHA256 options=(--signature-format openssl)
	rm -f "$id".sig "$id".spki
	public "$id" &&
		user --sign --id "$id" --mechanism "$mechanism" \
			"${options[@]}" -i message -o "$id.sig" &&
		openssl dgst -sha256 -verify "$id.spki" -keyform DER \
			-signature "$id.sig" message
}

# same_key ID FILE: the public key on the card is that of the private key.
same_key() {
	public "$1" &&
		cmp "$1.spki" <(openssl pkey -in "$2" -pubout -outform DER)
}

echo "something to sign" >message
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-out rsa.pem 2>/dev/null ||
	openssl genrsa -out rsa.pem 2048 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem
for kind in rsa ec; do
	openssl pkey -in $kind.pem -out $kind.p8 -outform DER
	openssl pkey -in $kind.pem -pubout -outform DER -out $kind.pub
done
openssl rsa -in rsa.pem -outform DER -out rsa.der 2>/dev/null
openssl ec -in ec.pem -outform DER -out ec.der 2>/dev/null

pcsc_start
new_card p256-free mine
openssl x509 -in mine.auth.pem -outform DER -out cert.der
card_insert mine

proves "pkcs11-tool --keypairgen"
expect_exit 0 "RSA 2048" user --keypairgen --key-type rsa:2048 --id 11 --label made
ok "it signs" signs 11 rsa
ok "it was made on the card" shows privkey 11 "never extractable, local"
for curve in prime256v1:12 secp384r1:13 secp521r1:14; do
	expect_exit 0 "${curve%:*}" user --keypairgen --key-type "EC:${curve%:*}" \
		--id "${curve#*:}" --label made
	ok "it signs" signs "${curve#*:}" ec
done
expect_exit 1 "another curve is refused" \
	user --keypairgen --key-type EC:secp256k1 --id 15
expect_exit 1 "RSA 1024 is refused" user --keypairgen --key-type rsa:1024 --id 15
ok "nothing is left of these" lacks privkey "ID: *15$"

proves "pkcs11-tool --write-object"
expect_exit 0 "certificate" \
	user --write-object cert.der --type cert --id 11 --label mine
user --read-object --type cert --id 11 -o read.der 2>/dev/null
ok "it is read as it was written" cmp cert.der read.der
expect_exit 0 "RSA private key" \
	user --write-object rsa.der --type privkey --id 21 --label brought
ok "its public half is right" same_key 21 rsa.pem
ok "it signs" signs 21 rsa
ok "it is not said to be made here" not shows privkey 21 "local|always|never"
expect_exit 0 "EC private key" \
	user --write-object ec.der --type privkey --id 22 --label brought
ok "its public half is right" same_key 22 ec.pem
ok "it signs" signs 22 ec
for kind in rsa:31 ec:32; do
	expect_exit 0 "public key (${kind%:*})" user --write-object \
		"${kind%:*}.pub" --type pubkey --id "${kind#*:}" --label public
	ok "it is read as it was written" same_key "${kind#*:}" "${kind%:*}.pem"
done
expect_exit 0 "data" user --write-object message --type data \
	--label note --application-label notes
user --read-object --type data --label note -o read.data 2>/dev/null
ok "they are read as they were written" cmp message read.data
expect_exit 0 "private data" user --write-object message --type data \
	--label hidden --application-label secrets --private
ok "they are listed after login" has data hidden
expect_exit 0 "without a login" tool --list-objects --type data
expect_line "label: +'note'" "the others are"
expect_no_line hidden "they are not"
run tool --read-object --type data --label hidden -o stolen.data
ok "nor read" not cmp message stolen.data
user --read-object --type data --label hidden -o hidden.data 2>/dev/null
ok "after login they are read as they were written" cmp message hidden.data
p11_open
p11 init
p11 open 0
expect_step 'CKR_OK of=0' "before login" data
expect_step CKR_OK "login" login user "$CARD_PIN"
expect_step 'CKR_OK of=1 [0-9a-f]*' "after login" data
expect_step CKR_OK "logout" logout
expect_step 'CKR_OK of=0' "and gone after logout" data
p11_close
card_open
apdu 00A4040008F0756B65792E303100
expect_sw 6982 "the card itself keeps them" 00A4020C024601
expect_sw 6982 "however they are asked for" 00B146010354010000
card_close
expect_exit 0 "they are destroyed" user --delete-object --type data --label hidden
expect_exit 1 "no login, no object" tool --write-object message --type data \
	--label note2
ok "nothing is left of these" lacks data "hidden|note2"

proves "changes"
expect_exit 0 "--set-id of a key" user --set-id 44 --type privkey --id 12
ok "both halves have it" signs 44 ec
expect_exit 0 "--delete-object of a key" user --delete-object --type privkey --id 21
ok "both halves are gone" lacks 'pubkey' "ID: *21$"
expect_exit 0 "of a certificate" user --delete-object --type cert --id 11
expect_exit 0 "of a public key" user --delete-object --type pubkey --id 31
expect_exit 0 "of data" user --delete-object --type data --label note
ok "the certificate is gone" lacks cert "ID: *11$"
ok "the public key is gone" lacks pubkey "ID: *31$"
ok "the data are gone" lacks data note
expect_exit 1 "the bank's keys stay" user --delete-object --type privkey --label Login
ok "they do" has privkey "label: *Login"

proves "p11tool"
expect_exit 0 "--generate-privkey" gnutls --generate-privkey=ecdsa \
	--curve=secp256r1 --label gnutls --id 51 --outfile 51.pem \
	"pkcs11:token=Test%20card"
public 51 >/dev/null 2>&1
ok "it gives the card's public key" \
	cmp 51.spki <(openssl pkey -pubin -in 51.pem -outform DER)
ok "it signs" signs 51 ec
expect_exit 0 "--generate-privkey=rsa" gnutls --generate-privkey=rsa \
	--bits=2048 --label gnutls --id 52 "pkcs11:token=Test%20card"
ok "it signs" signs 52 rsa
expect_exit 0 "--write --load-certificate" gnutls --write --no-mark-private \
	--load-certificate mine.auth.pem --label gnutls --id 52 \
	"pkcs11:token=Test%20card"
user --read-object --type cert --id 52 -o read.der 2>/dev/null
ok "it is read as it was written" cmp cert.der read.der
expect_exit 0 "--write --load-privkey" gnutls --write --mark-private \
	--load-privkey ec.pem --label gnutls --id 53 "pkcs11:token=Test%20card"
ok "it signs" signs 53 ec
expect_exit 0 "--set-label" gnutls --set-label "another name" \
	"pkcs11:token=Test%20card;id=%52;type=cert"
ok "it has it" has cert "label: *another name"
expect_exit 0 "--delete" gnutls --delete \
	"pkcs11:token=Test%20card;id=%52;type=cert"
ok "the certificate is gone" lacks cert "ID: *52$"

proves "PINs"
expect_exit 0 "--change-pin" user --change-pin --new-pin 593026
CARD_PIN=593026
ok "the new PIN is good" user --list-objects
expect_exit 0 "the officer's --change-pin" officer --change-pin --new-pin 60482715
CARD_PUK=60482715
expect_exit 0 "--init-pin" officer --init-pin --new-pin 264810
CARD_PIN=264810
ok "the new PIN is good" user --list-objects
for _ in 1 2 3; do
	tool --login --pin 000000 --list-objects >/dev/null 2>&1
done
run tool --list-token-slots
ok "three wrong ones lock it" grep -q "user PIN locked" <<<"$OUT"
expect_exit 1 "an old PIN does not unlock it" \
	tool --unlock-pin --puk 264810 --new-pin 771204
expect_exit 0 "--unlock-pin" \
	tool --unlock-pin --puk "$CARD_PUK" --new-pin 771204
CARD_PIN=771204
run tool --list-token-slots
ok "it is not locked" not grep -qE "locked|count low|final" <<<"$OUT"
ok "the new PIN is good" user --list-objects

proves "--init-token"
expect_exit 1 "with a wrong PUK" \
	tool --init-token --so-pin 00000000 --label "No card"
run tool --list-token-slots
ok "the flags say so" grep -q "SO PIN count low" <<<"$OUT"
expect_exit 0 "with the PUK" \
	tool --init-token --so-pin "$CARD_PUK" --label "Renamed card"
run tool --list-token-slots
ok "it has a new name" grep -q "Renamed card" <<<"$OUT"
ok "the owner's keys are gone" lacks privkey "label: *(made|brought|gnutls)"
ok "so is the rest" lacks pubkey "label: *public"
ok "the bank's keys stay" has privkey "label: *Login"
ok "and its certificates" has cert "CN=Alice sign"
