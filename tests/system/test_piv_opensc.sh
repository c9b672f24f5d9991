# The PIV application without additions in the hands of OpenSC: piv-tool makes
# keys and writes objects, pkcs11-tool and pkcs15-tool use them, openssl judges.
. "$(dirname "$0")/lib.sh"

PIN=123456 PUK=12345678
OPENSC=$(echo /usr/lib/*/opensc-pkcs11.so)
MGM=01:02:03:04:05:06:07:08
export PIV_EXT_AUTH_KEY=$WORK/mgm.key
echo $MGM:$MGM:$MGM >mgm.key
echo $MGM:$MGM:11:12:13:14:15:16:17:18 >wrong.key

p11() {
	pkcs11-tool --module "$OPENSC" "$@" </dev/null
}
# Mutual authentication first: external authentication by OpenSC 0.23 stumbles
# over a length of its own.
admin() {
	piv-tool -A M:9B:03 "$@" </dev/null
}
# Content with a length of three bytes before it.
long() {
	printf '82%04X%s' $((${#1} / 2)) "$1"
}
# ID CONTENT: writes the object with OpenSC's number for it. The exit code of
# piv-tool is of the length that it wrote: what counts is what is read later.
object() {
	from_hex "53$(long "$2")" >object.bin
	admin -O "$1" -i object.bin >object.log 2>&1
}

# What the card answered to GENERATE: the content of 7F49.
answer_to_generate() {
	awk '/^> 0047/ { all = ""; on = 1; next } /^> 00c0/ { next }
		/^>/ { on = 0 } on && /^</ { all = all substr($2, 1, length($2) - 4) }
		END { print all }' p.apdus
}

# SubjectPublicKeyInfo by openssl from that: curve, or rsa.
spki() {
	local answer conf
	answer=$(answer_to_generate)
	if [[ $1 == rsa ]]; then # 7F49 82 xxxx 81 82 0100 n(256) 82 03 e(3)
		conf="o=OID:rsaEncryption
p=NULL
[b]
n=INTEGER:0x${answer:18:512}
e=INTEGER:0x${answer: -6}"
		conf="asn1=SEQUENCE:k
[k]
a=SEQUENCE:a
b=BITWRAP,SEQUENCE:b
[a]
$conf"
	else
		conf="asn1=SEQUENCE:k
[k]
a=SEQUENCE:a
b=FORMAT:HEX,BITSTRING:04${answer#*04}
[a]
o=OID:id-ecPublicKey
c=OID:$1"
	fi
	openssl asn1parse -genconf <(printf '%s\n' "$conf") -noout -out spki.der &&
		openssl pkey -pubin -inform DER -in spki.der -out "$2"
}

# REF ALGORITHM CURVE: a key made on the card, a certificate of openssl's. By
# plain APDU: piv-tool 0.23 makes the key, but with OpenSSL 3 it cannot say what
# it made.
make_key() {
	admin -s "00:47:00:$1:05:AC:03:80:01:$2:00" && spki "$3" "$1.pub" &&
		openssl x509 -new -subj "/CN=Key $1" -force_pubkey "$1.pub" \
			-CA ca.pem -CAkey ca.key -days 2 -out "$1.pem" &&
		openssl x509 -in "$1.pem" -outform DER -out "$1.der"
}

ok "a card as it is delivered" "$BIN/ukey-vcard" init --app piv p.card
pcsc_start
card_insert p
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -days 2 -subj "/CN=CA" 2>ca.log

proves "the card is recognised, and its administrator"
expect_exit 0 "opensc-tool -n" opensc-tool -n
expect_line '^Personal Identity Verification Card'
ok "mutual authentication" admin
ok "not with a wrong key" not env PIV_EXT_AUTH_KEY="$WORK/wrong.key" \
	piv-tool -A M:9B:03

proves "keys, certificates, objects"
ok "RSA-2048 in 9A" make_key 9A 07 rsa
ok "P-384 in 9C" make_key 9C 14 secp384r1
ok "RSA-2048 in 9D" make_key 9D 07 rsa
ok "P-256 in 9E" make_key 9E 11 prime256v1
ok "P-256 in the retired slot 82" make_key 82 11 prime256v1
for ref in 9A 9C 9D; do
	admin -C $ref -i $ref.pem >cert.log 2>&1
done
gzip -9 <9E.der >9E.gz
admin -Z 9E -i 9E.gz >cert.log 2>&1
object 1001 "70$(long "$(to_hex <82.der)")710100FE00"
# Part 1, 3.3.3: one retired key with its certificate on the card, none off.
object 6060 C10101C20100FE00
object 3001 0105416C696365FE00 # printed information
expect_exit 0 "certificates" pkcs15-tool -c
expect_line 'Retired Certificate for Key Management 1'
for id in 01:9A 02:9C 03:9D 04:9E 05:82; do
	pkcs15-tool --read-certificate "${id%:*}" -o read.pem 2>read.log
	openssl x509 -in read.pem -outform DER -out read.der
	ok "the certificate of ${id#*:} comes back" cmp read.der "${id#*:}.der"
done

proves "keys at work: sign, derive, decipher"
head -c 32 /dev/urandom >digest
head -c 48 /dev/urandom >digest48
sign() { # ID PUBLIC-KEY FILE
	p11 --sign -m ECDSA --id "$1" --login --pin $PIN -i "$3" -o sig \
		--signature-format openssl &&
		openssl pkeyutl -verify -pubin -inkey "$2" -in "$3" -sigfile sig
}
ok "ECDSA with 9C, whose PIN is asked for again" sign 02 9C.pub digest48
ok "ECDSA with 9E" sign 04 9E.pub digest
echo "text" >text
ok "RSA with 9A" p11 --sign -m SHA256-RSA-PKCS --id 01 --login --pin $PIN \
	-i text -o sig
ok "openssl verifies" openssl dgst -sha256 -verify 9A.pub -signature sig text
openssl pkeyutl -encrypt -pubin -inkey 9D.pub -in text -out cipher
ok "9D deciphers" p11 --decrypt -m RSA-PKCS --id 03 --login --pin $PIN \
	-i cipher -o plain
ok "the text" cmp text plain
openssl ecparam -name prime256v1 -genkey -noout -out peer.key
openssl ec -in peer.key -pubout -outform DER -out peer.der 2>peer.log
ok "82 derives" p11 --derive -m ECDH1-DERIVE --id 05 --login --pin $PIN \
	-i peer.der -o secret
openssl pkeyutl -derive -inkey peer.key -peerkey 82.pub -out theirs
ok "what openssl derives" cmp secret theirs
expect_exit 0 "pkcs11-tool --test" p11 --test --login --pin $PIN
expect_line '^No errors'

proves "PIN: change, lockout, unblocking"
ok "change" p11 --change-pin --login --pin $PIN --new-pin 654321
ok "the old one is wrong" not p11 --login --pin $PIN --test
for _ in 1 2 3 4; do
	p11 --login --pin 999999 -O >pin.log 2>&1
done
expect_exit 1 "blocked" p11 --login --pin 654321 -O
expect_line 'CKR_PIN_LOCKED'
ok "unblock" pkcs15-tool --unblock-pin --auth-id 01 --puk $PUK --new-pin 111111
ok "the new one opens" p11 --login --pin 111111 -O

proves "a card whose discovery object says: ask for the global PIN"
card_remove
cat >global.json <<'END'
{ "applications": { "application": "piv", "pin": "123456",
  "global-pin": "777777", "global-pin-first": true,
  "keys": { "slot": "9A", "type": "p256" } } }
END
ok "made by a profile" "$BIN/ukey-vcard" init --profile global.json g.card
card_insert g
expect_exit 0 "a certificate" pkcs15-tool --read-certificate 01 -o g.pem
openssl x509 -in g.pem -noout -pubkey >g.pub
PIN=777777
ok "the global PIN opens 9A" sign 01 g.pub digest
PIN=123456
ok "the card's own is not asked for" not sign 01 g.pub digest
