# What is remembered of IsoApplet cards: commands are counted by the card, its
# content is OpenSC's and is changed by OpenSC, openssl verifies.
. "$(dirname "$0")/lib.sh"

command -v pkcs15-init >/dev/null || skip "no pkcs15-init"
PIN=482915
PUK=7351940273519402
CACHE=$XDG_CACHE_HOME/ukey
printf '%s\n' 'linger = 1000' >long.conf
export UKEY_PKCS11_CONF=$WORK/long.conf

# counted COMMAND...: sets COUNT.
counted() {
	local before
	before=$(card_control "$now" count)
	"$@"
	COUNT=$(($(card_control "$now" count) - before))
}
tool() { foreign pkcs11-tool --module "$MODULE" "$@"; }
user() { tool --login --pin "$PIN" "$@"; }
init() { pkcs15-init --auth-id 01 --pin "$PIN" "$@"; }
list_all() { run tool -O; }
file() { echo "$CACHE"/p15-*.cache; }
newest() {
	find "$CACHE" -name 'p15-*.cache' -printf '%T@ %p\n' | sort -n |
		tail -n 1 | cut -d' ' -f2-
}

# pkcs15-init leaves the time of its work on the card, in seconds; within that
# second nothing is believed. later COMMAND...: afterwards.
second_over() { [[ $(date +%s) -gt $1 ]]; }
later() { until_true 5 second_over "$(date +%s)"; }

make_card() {
	"$BIN/ukey-vcard" init --app isoapplet --card "$1.card"
	card_insert "$1"
	pkcs15-init --create-pkcs15 --no-so-pin &&
		init --store-pin --id 01 --label Mine --puk "$PUK" &&
		init --generate-key rsa/2048 --id 11 --label rsa &&
		init --generate-key ec/prime256v1 --id 22 --label ec &&
		pkcs15-tool --read-public-key 11 -o "$1.11.pub" &&
		pkcs15-tool --read-public-key 22 -o "$1.22.pub" &&
		openssl x509 -new -force_pubkey "$1.11.pub" -CA ca.pem \
			-CAkey ca.key -subj "/CN=$1" -days 5 -out "$1.pem" &&
		init --store-certificate "$1.pem" --id 11
	later
}

HASH=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
INFO=3031300d060960864801650304020105000420$HASH
from_hex $HASH >digest

# A whole program, from C_Initialize to C_Finalize. raw ID MECHANISM INPUT
begin_signing() {
	p11_open
	p11 init
	p11 open 0
	p11 "login user $PIN"
	p11 "keyid $1"
	p11 "signinit $2"
	p11 "sign $3"
}
end_it() {
	p11 fini
	p11_close
}
# good_rsa CARD: ANSWER is that card's signature.
good_rsa() {
	from_hex "${ANSWER#CKR_OK }" >sig
	ok "openssl verifies it with the key of $1" openssl pkeyutl -verify \
		-pubin -inkey "$1.11.pub" -in digest -sigfile sig \
		-pkeyopt digest:sha256
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -days 30 -subj "/CN=Test CA" 2>/dev/null
pcsc_start
now=one
ok "pkcs15-init makes a card" make_card one

proves "never seen, and seen before"
counted list_all
ok "list everything: $COUNT commands, 20 at most" test "$COUNT" -le 20
first=$OUT
counted list_all
expect_equal "in a new program: SELECT, TokenInfo, four directories" 7 "$COUNT"
expect_equal "the same is listed" "$first" "$OUT"
expect_line "CN=one" "with the certificate"
rm -rf "$CACHE"
counted begin_signing 11 0x1 $INFO
ok "login, signature by id, never seen: $COUNT, 16 at most" test "$COUNT" -le 16
good_rsa one
counted end_it
expect_equal "logout" 1 "$COUNT"
counted begin_signing 11 0x1 $INFO
expect_equal "seen before: SELECT, TokenInfo, keys, VERIFY, MSE, signature" 7 "$COUNT"
good_rsa one
p11 "signinit 0x1"
counted p11 "sign $INFO"
expect_equal "another one is one command" 1 "$COUNT"
end_it
printf '%s\n' 'linger = 1000' 'cache = trust' >trust.conf
UKEY_PKCS11_CONF=$WORK/trust.conf
list_all
counted list_all
expect_equal "cache = trust: SELECT, TokenInfo" 3 "$COUNT"
counted begin_signing 11 0x1 $INFO
expect_equal "and VERIFY, MSE, signature" 6 "$COUNT"
good_rsa one
end_it
UKEY_PKCS11_CONF=$WORK/long.conf
expect_equal "the file" 600 "$(stat -c %a "$(file)")"

proves "nothing but speed changes: damaged, empty, a link, for others to read"
listed_as_before() {
	list_all
	expect_equal "$1: the same is listed" "$first" "$OUT"
	counted list_all
	expect_equal "and remembered again" 7 "$COUNT"
}
list_all
listed_as_before "nothing"
f=$(file)
cp "$f" good
printf 'X' | dd of="$f" bs=1 seek=300 conv=notrunc status=none
listed_as_before "one byte"
: >"$f"
listed_as_before "empty"
head -c 100 good >"$f"
listed_as_before "cut short"
chmod 644 "$f"
list_all
expect_equal "readable for others: the same is listed" "$first" "$OUT"
rm "$f"
ln -s "$WORK/good" "$f"
listed_as_before "a link"

# Each change by another program, between two of ours, is seen: also in the same
# second.
proves "what OpenSC changes is seen"
changed() {
	ok "$1" "${@:4}"
	list_all
	"$2" "$3" "afterwards, at once"
	later
	list_all
	"$2" "$3" "afterwards"
	list_all
	"$2" "$3" "and remembered"
}
echo note >note
changed "a certificate more" expect_line "CN=two" init --store-certificate <(
	openssl x509 -new -force_pubkey one.22.pub -CA ca.pem -CAkey ca.key \
		-subj "/CN=two" -days 5
) --id 22
changed "a certificate less" expect_no_line "CN=two" init --delete-objects cert --id 22
changed "a key more" expect_line "third" init --generate-key ec/prime256v1 \
	--id 33 --label third
changed "another label" expect_line "renamed" init --change-attributes privkey \
	--id 33 --label renamed
changed "data, by opensc-pkcs11" expect_line "label: +'note'" pkcs11-tool --login \
	--pin "$PIN" --write-object note --type data --label note
sign_with_33() {
	rm -f sig
	run user --sign --id 33 -m ECDSA -i digest -o sig
	expect_exit 0 "$1: its key signs" test -s sig
}
sign_with_33 "renamed"
changed "no data" expect_no_line "label: +'note'" pkcs11-tool --login \
	--pin "$PIN" --delete-object --type data --label note

proves "what our module changes is seen, too"
list_all
expect_no_line "mine" "before"
changed "a key" expect_line "label: +mine" user --keypairgen --key-type \
	EC:prime256v1 --id 44 --label mine --usage-sign

proves "off by configuration; nothing that needs a login"
rm -rf "$CACHE"
printf '%s\n' 'cache = off' 'linger = 1000' >off.conf
UKEY_PKCS11_CONF=$WORK/off.conf list_all
ok "nothing is written" not test -e "$CACHE"
echo "a secret of mine" >secret
ok "OpenSC stores private data" pkcs11-tool --login --pin "$PIN" --write-object \
	secret --type data --label hidden --private
later
user --read-object --type data --label hidden -o got >/dev/null 2>&1
ok "which are read" cmp secret got
run user -O
ok "and are in no file" not grep -rqa "secret of mine" "$CACHE"
ok "nor is the PIN" not grep -rqa "$PIN" "$CACHE"
card_remove

proves "another card with the same TokenInfo, and what was remembered of the first"
now=first
ok "a card" make_card first
card_open
apdu 00A404000CF276A288BCFBA69D34F3100100
apdu 00A4000002503200
apdu 00B0000000
INFO_OF_FIRST=$DATA
card_close
list_all
expect_line "CN=first" "the first card"
cp "$(newest)" kept
card_remove
now=second
ok "another card" make_card second
make_it_look_the_same() {
	card_open
	apdu 00A404000CF276A288BCFBA69D34F3100100
	apdu 00A4000002503200
	expect_sw 9000 "the same TokenInfo" \
		"00D60000$(len_of "$INFO_OF_FIRST")$INFO_OF_FIRST"
	card_close
}
make_it_look_the_same
counted list_all
expect_line "CN=first" "nobody can tell them apart by it"
begin_signing 11 0x1 $INFO
good_rsa second
end_it
list_all
expect_line "CN=second" "but by the first signature; then all is read"
cp kept "$(newest)"
p11_open
p11 init
p11 open 0
p11 "login user $PIN"
p11 "keyid 11"
expect_step 'CKR_OK.*' "a program is told of the first card's key" attr 0x120
p11 "signinit 0x1"
expect_step 'CKR_DEVICE_REMOVED.*' "and never signs with the second one's" sign $INFO
p11 "open 0"
p11 "login user $PIN"
p11 "keyid 11"
p11 "signinit 0x1"
p11 "sign $INFO"
good_rsa second
end_it
card_remove
