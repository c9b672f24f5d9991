# How many commands a PIV card gets, counted by the card, and what is remembered of
# it from one program to the next: docs/cards.md. Whatever the cache says, the
# answer is the card's.
. "$(dirname "$0")/lib.sh"

command -v yubico-piv-tool >/dev/null || skip "yubico-piv-tool is not installed"

# Held for long, so that no count depends on how fast this machine is.
printf '%s\n' 'linger = 1000' >long.conf
printf '%s\n' 'linger = 1000' 'cache = off' >off.conf
printf '%s\n' 'linger = 1000' 'cache = trust' >trust.conf
export UKEY_PKCS11_CONF=$WORK/long.conf
CACHE=$XDG_CACHE_HOME/ukey
ADMIN=010203040506070801020304050607080102030405060708
PIN=123456
HASH=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
CARD=rsa # the one in the reader

# counted COMMAND...: sets COUNT.
counted() {
	local before after
	before=$(card_control "$CARD" count)
	"$@"
	after=$(card_control "$CARD" count)
	COUNT=$((after - before))
}
tool() { foreign pkcs11-tool --module "$MODULE" "$@"; }
list_all() { run tool -O; }
yubico() { yubico-piv-tool --reader "Virtual PCD" "$@" </dev/null; }

# a_card NAME TYPE: with a key and a certificate in 9A, and a CHUID.
a_card() {
	printf '{ "applications": [ { "application": "piv-yubico", "keys": [
		{ "slot": "9A", "type": "%s" } ] } ] }\n' "$2" >"$1.json"
	"$BIN/ukey-vcard" init --profile "$1.json" "$1.card" >init.log 2>&1 &&
		card_insert "$1" && yubico -a set-chuid && card_remove
}

# mechanism and length of a signature in hexadecimal digits
declare -A how=([rsa]="0x1 512" [ec]="0x1041 128")
# one_signature: a whole program up to its signature.
one_signature() {
	local mechanism digits
	read -r mechanism digits <<<"${how[$CARD]}"
	p11_open
	p11 init
	p11 open 0
	p11 "login user $PIN"
	p11 "keyid 01"
	p11 "signinit $mechanism"
	expect_step "CKR_OK [0-9a-f]{$digits}" "signs" sign $HASH
}
another() {
	local mechanism digits
	read -r mechanism digits <<<"${how[$CARD]}"
	p11 "signinit $mechanism"
	expect_step "CKR_OK [0-9a-f]{$digits}" "signs once more" sign $HASH
}
end_it() {
	p11 fini
	p11_close
}

in_reader() { # NAME, with answers of 256 bytes
	[[ -z ${card_pids[0]:-} ]] || card_remove
	CARD=$1
	card_insert "$1" 0 --lengths chaining
}

pcsc_start
ok "a card with RSA" a_card rsa rsa2048
ok "a card with a curve" a_card ec p256

proves "cards that were never seen"
for row in "rsa 10 3" "ec 8 1"; do
	read -r name most further <<<"$row"
	in_reader "$name"
	rm -rf "$CACHE"
	counted one_signature
	ok "$name: initialise, login, one signature by id: $COUNT, $most at most" \
		test "$COUNT" -le "$most"
	counted another
	expect_equal "each further signature" "$further" "$COUNT"
	end_it
done

proves "cards seen before: CHUID, VERIFY, and the signature; SELECT if that is late"
for row in "rsa 5" "ec 3"; do
	read -r name exactly <<<"$row"
	in_reader "$name"
	one_signature
	end_it
	counted one_signature
	expect_equal "$name: initialise, login, one signature by id" "$exactly" "$COUNT"
	end_it
done

proves "listing"
in_reader rsa
rm -rf "$CACHE"
counted list_all
first=$OUT never=$COUNT
counted list_all
# CHUID; 9A; 9C, 9D, 9E and 82, and whether they have keys; the history
expect_equal "again: three SELECTs, GET VERSION and most of the certificate less" \
	$((1 + 1 + 4 * 2 + 1)) "$COUNT"
ok "than the first time ($never)" test "$COUNT" -lt "$never"
expect_equal "and the same is listed" "$first" "$OUT"
UKEY_PKCS11_CONF=$WORK/trust.conf counted list_all
expect_equal "who trusts the CHUID asks for that only" 1 "$COUNT"
expect_equal "and the same is listed" "$first" "$OUT"

proves "nothing but speed changes: no file, damaged, stale, of another card, planted"
file=$(echo "$CACHE"/piv-*.cache)
expect_equal "one file of one card" 1 "$(echo "$CACHE"/piv-*.cache | wc -w)"
listed_as_before() {
	list_all
	expect_equal "$1: the same is listed" "$first" "$OUT"
	one_signature
	end_it
	counted one_signature
	expect_equal "and remembered again" 5 "$COUNT"
	end_it
}
rm "$file"
listed_as_before "no file"
printf 'X' | dd of="$file" bs=1 seek=300 conv=notrunc status=none
listed_as_before "one byte"
: >"$file"
listed_as_before "empty"
for hint in "$CACHE"/atr-*.cache; do head -c 40 /dev/urandom >"$hint"; done
listed_as_before "another order of questions"

proves "a certificate that another program writes is seen"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -days 30 -subj "/CN=Test CA" 2>/dev/null
tool --read-object --type cert --id 01 -o old.der >/dev/null 2>&1
openssl x509 -inform DER -in old.der -noout -pubkey >9a.pub
certificate() { # NAME: of the same key
	openssl x509 -new -force_pubkey 9a.pub -CA ca.pem -CAkey ca.key \
		-subj "/CN=$1" -days 5 -out "$1.pem" &&
		openssl x509 -in "$1.pem" -outform DER -out "$1.der"
}
cp "$file" stale
# twice, so that one replaces another of the same length
for name in one two; do
	ok "certificate $name" certificate $name
	ok "yubico-piv-tool writes it" yubico -a import-certificate -s 9a -i $name.pem
	rm -f got.der
	tool --read-object --type cert --id 01 -o got.der >/dev/null 2>&1
	ok "it is read" cmp $name.der got.der
	cp stale "$file"
	tool --read-object --type cert --id 01 -o got.der >/dev/null 2>&1
	ok "also with the file of before" cmp $name.der got.der
done
ok "one more, which OpenSC writes" certificate three
PIV_EXT_AUTH_KEY=$WORK/mgm.key
sed 's/../&:/g; s/:$//' <<<"$ADMIN" >mgm.key
export PIV_EXT_AUTH_KEY
# its exit code says what it wrote
piv-tool -A M:9B:03 -C 9A -i three.pem </dev/null >/dev/null 2>&1
tool --read-object --type cert --id 01 -o got.der >/dev/null 2>&1
ok "it is read" cmp three.der got.der
ok "a key that was not there" yubico -a generate -s 9d -A ECCP256 -o 9d.pub
ok "and its certificate" yubico -a import-certificate -s 9d -i one.pem
list_all
expect_line "Certificate for Key Management" "is listed"
ok "it goes again" yubico -a delete-certificate -s 9d
list_all
expect_no_line "Certificate for Key Management" "and is not"
ok "yubico-piv-tool gives the card another GUID" yubico -a set-chuid
UKEY_PKCS11_CONF=$WORK/trust.conf tool --read-object --type cert --id 01 \
	-o got.der >/dev/null 2>&1
ok "now who trusts the CHUID reads again, too" cmp three.der got.der

proves "two cards with the same CHUID, and other keys"
yubico -a read-object --id 0x5fc102 -f binary -o chuid >/dev/null 2>&1
in_reader ec
ok "the CHUID of the other card" yubico -a write-object --id 0x5fc102 -i chuid -f binary
list_all
expect_line "EC  *EC_POINT" "a curve"
ec_list=$OUT
counted one_signature
end_it
in_reader rsa
list_all
expect_line "RSA 2048" "RSA"
in_reader ec
list_all
expect_equal "the curve again" "$ec_list" "$OUT"
in_reader rsa
one_signature # remembered: the curve
end_it
in_reader ec
one_signature
end_it
# both keys on curves: what is remembered is the other's certificate
ok "another key on this card" yubico -a generate -s 9a -A ECCP256 -o new.pub
cp new.pub 9a.pub
ok "and its certificate" certificate four
ok "is written" yubico -a import-certificate -s 9a -i four.pem
# OpenSC 0.23's pkcs11-tool uses memory that it has freed when it prints a curve's
# key; the sanitizer's allocator ends it there.
if [[ -z $sanitizer_runtime ]]; then
	tool --read-object --type pubkey --id 01 -o got.pub >/dev/null 2>&1
	openssl pkey -pubin -in new.pub -outform DER -out new.der
	ok "the public key is this card's" cmp new.der got.pub
fi
head -c 32 /dev/urandom >digest
tool --login --pin "$PIN" --sign --id 01 -m ECDSA --signature-format openssl \
	-i digest -o sig >/dev/null 2>&1
ok "and so is the signature" openssl pkeyutl -verify -pubin -inkey new.pub \
	-in digest -sigfile sig

proves "nothing that needs a login is remembered; off by configuration"
ok "no PIN" not grep -rqa "$PIN" "$CACHE"
expect_equal "files are the user's alone" 600 "$(stat -c %a "$CACHE"/* | sort -u)"
rm -rf "$CACHE"
UKEY_PKCS11_CONF=$WORK/off.conf list_all
ok "nothing is written" not test -e "$CACHE"
card_remove
