# The PIV application in the hands of Yubico's programs: yubico-piv-tool, and
# ykcs11 through pkcs11-tool; openssl judges what the keys made.
. "$(dirname "$0")/lib.sh"

command -v yubico-piv-tool >/dev/null || skip "yubico-piv-tool is not installed"
YKCS11=$(echo /usr/lib/*/libykcs11.so)
[[ -e $YKCS11 ]] || skip "ykcs11 is not installed"

# Both want a reader of this name.
PCSC_NAME="Yubico YubiKey"
PIN=123456 PUK=12345678
MGM=010203040506070801020304050607080102030405060708

piv() {
	yubico-piv-tool "$@" </dev/null
}

ok "a card as it is delivered" "$BIN/ukey-vcard" init --app piv-yubico k.card
pcsc_start
card_insert k

proves "status, serial number, first objects"
expect_exit 0 "status" piv -a status
expect_line '^Version:[[:space:]]*5\.4\.3'
expect_line '^Serial Number:[[:space:]]*[0-9]+$'
expect_line '^PIN tries left:[[:space:]]*3'
expect_line '^CHUID:[[:space:]]*No data'
ok "set-chuid, set-ccc" piv -a set-chuid -a set-ccc
expect_exit 0 "status" piv -a status
expect_line '^CHUID:[[:space:]]*3019'
expect_exit 1 "a wrong management key" piv -a set-chuid "-k${MGM//1/2}"

proves "key pairs made on the card"
# Certificates are openssl's: with OpenSSL 3 this version of yubico-piv-tool
# cannot sign any (its issue 388).
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -days 2 -subj "/CN=CA" 2>ca.log
for slot in "9a ECCP256" "9c ECCP384 -HSHA384" "9d RSA2048" "9e RSA1024" \
	"82 ECCP256"; do
	read -r slot alg hash <<<"$slot"
	ok "generate $alg in $slot" piv -a generate -s "$slot" -A "$alg" \
		-o "$slot.pub"
	openssl x509 -new -subj "/CN=Key $slot" -force_pubkey "$slot.pub" \
		-CA ca.pem -CAkey ca.key -days 2 -out "$slot.pem"
	ok "import its certificate" piv -a import-certificate -s "$slot" \
		-i "$slot.pem"
	ok "test-signature" piv -a verify-pin -P $PIN -a test-signature \
		-s "$slot" -i "$slot.pem" ${hash:+"$hash"}
done
ok "test-decipher, RSA" piv -a verify-pin -P $PIN -a test-decipher -s 9d -i 9d.pem
ok "test-decipher, ECDH" piv -a verify-pin -P $PIN -a test-decipher -s 82 \
	-i 82.pem
expect_exit 0 "status" piv -a status
expect_line 'Subject DN:[[:space:]]*CN=Key 9c'
expect_exit 1 "no PIN, no signature" piv -a test-signature -s 9a -i 9a.pem
ok "9e needs none" piv -a test-signature -s 9e -i 9e.pem

proves "keys and certificates brought; a certificate that is compressed"
openssl genrsa -out rsa.key 2048 2>rsa.log
openssl req -x509 -new -key rsa.key -subj "/CN=Brought" -days 2 -out rsa.pem
ok "import an RSA key" piv -a import-key -s 83 -i rsa.key
openssl x509 -in rsa.pem -outform DER | gzip -9 >rsa.gz
ok "its certificate, compressed" piv -a import-certificate -s 83 -K GZIP -i rsa.gz
ok "is read back" piv -a read-object --id 0x5fc10e -f binary -o back
expect_equal "as it came, and said to be compressed" \
	"7082$(printf %04X "$(stat -c %s rsa.gz)")$(to_hex <rsa.gz)710101FE00" \
	"$(to_hex <back)"
ok "the key signs" piv -a verify-pin -P $PIN -a test-signature -s 83 -i rsa.pem
openssl ecparam -name secp384r1 -genkey -noout -out ec.key
openssl req -x509 -new -key ec.key -subj "/CN=Brought" -days 2 -out ec.pem
ok "import an EC key that needs no PIN" piv -a import-key -s 84 -i ec.key \
	--pin-policy never
ok "it signs without" piv -a test-signature -s 84 -i ec.pem -H SHA384
ok "write an object" piv -a write-object --id 0x5fc106 -i rsa.pem -f binary
ok "read it" piv -a read-object --id 0x5fc106 -o object -f binary
ok "the same" cmp rsa.pem object
ok "delete a certificate" piv -a delete-certificate -s 84
expect_exit 1 "it is gone" piv -a read-certificate -s 84

proves "ykcs11: lists, signs, derives, deciphers"
yk() {
	pkcs11-tool --module "$YKCS11" "$@" </dev/null
}
expect_exit 0 "token" yk -L
expect_line 'YubiKey PIV #[0-9]+'
expect_exit 0 "objects" yk -O --login --pin $PIN
expect_line 'Certificate Object'
head -c 32 /dev/urandom >digest
head -c 48 /dev/urandom >digest48
yk_sign() { # ID PUBLIC-KEY HASH-FILE
	yk --sign -m ECDSA --id "$1" --login --pin $PIN -i "$3" -o sig \
		--signature-format openssl &&
		openssl pkeyutl -verify -pubin -inkey "$2" -in "$3" -sigfile sig
}
ok "ECDSA with 9a" yk_sign 1 9a.pub digest
ok "ECDSA with a retired key" yk_sign 5 82.pub digest
echo "text" >text
ok "RSA with 9d" yk --sign -m SHA256-RSA-PKCS --id 3 --login --pin $PIN \
	-i text -o sig
ok "openssl verifies" openssl dgst -sha256 -verify 9d.pub -signature sig text
ok "RSA-PSS with 9d" yk --sign -m SHA256-RSA-PKCS-PSS --id 3 --login \
	--pin $PIN -i text -o sig
ok "openssl verifies" openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
	-verify 9d.pub -signature sig text
openssl pkeyutl -encrypt -pubin -inkey 9d.pub -in text -out cipher
ok "deciphers" yk --decrypt -m RSA-PKCS --id 3 --login --pin $PIN -i cipher \
	-o plain
ok "the text" cmp text plain
openssl ecparam -name prime256v1 -genkey -noout -out peer.key
openssl ec -in peer.key -pubout -outform DER -out peer.der 2>peer.log
ok "derives" yk --derive -m ECDH1-DERIVE --id 5 --login --pin $PIN \
	-i peer.der -o secret
openssl pkeyutl -derive -inkey peer.key -peerkey 82.pub -out theirs
ok "what openssl derives" cmp secret theirs
ok "its signing key wants the PIN again, and gets it" \
	yk_sign 2 9c.pub digest48

proves "PIN and PUK: change, block, unblock, reset"
ok "change-pin" piv -a change-pin -P $PIN -N 654321
expect_exit 1 "the old one is wrong" piv -a verify-pin -P $PIN
expect_line '2 tries left'
ok "change-puk" piv -a change-puk -P $PUK -N 87654321
expect_exit 1 "wrong" piv -a verify-pin -P $PIN
expect_exit 1 "wrong" piv -a verify-pin -P $PIN
expect_exit 1 "blocked" piv -a verify-pin -P 654321
expect_line 'blocked'
expect_exit 1 "the old PUK" piv -a unblock-pin -P $PUK -N 111111
ok "unblock-pin" piv -a unblock-pin -P 87654321 -N 111111
ok "pin-retries" piv -a verify-pin -P 111111 -a pin-retries --pin-retries 5 \
	--puk-retries 4
expect_exit 0 "status" piv -a status
expect_line '^PIN tries left:[[:space:]]*5'
ok "the PIN is as delivered" piv -a verify-pin -P $PIN
ok "set-mgm-key" piv -a set-mgm-key -n "${MGM//08/a8}"
expect_exit 1 "the old one is wrong" piv -a set-chuid
ok "the new one opens" piv -a set-chuid "-k${MGM//08/a8}"
expect_exit 1 "no reset while PIN or PUK are good" piv -a reset
for try in 5 4 3 2 1; do
	expect_exit 1 "wrong PIN, $try tries left" piv -a verify-pin -P 999999
done
for try in 4 3 2 1; do
	expect_exit 1 "wrong PUK, $try tries left" piv -a unblock-pin -P 99999999 -N 111111
done
ok "reset" piv -a reset
expect_exit 0 "status" piv -a status
expect_line '^PIN tries left:[[:space:]]*3'
expect_no_line 'Subject DN'

proves "a management key of AES, with OpenSC as its administrator"
colons() { sed 's/../&:/g; s/:$//' <<<"$1"; }
export PIV_EXT_AUTH_KEY=$WORK/mgm.key
old=$MGM old_alg=03
for row in "08 10 $MGM" "0A 18 $MGM" "0C 20 $MGM$MGM"; do
	read -r alg size new <<<"$row"
	new=${new:0:$((2 * 16#$size))}
	colons "$old" >mgm.key
	ok "set to algorithm $alg" piv-tool -A "M:9B:$old_alg" \
		-s "$(colons "00FFFFFF$(printf %02X $((16#$size + 3)))${alg}9B$size$new")"
	old=$new old_alg=$alg
	colons "$new" >mgm.key
	ok "it opens" piv-tool -A "M:9B:$alg"
done
