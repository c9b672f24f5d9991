# Private keys that somebody brings to PIV and IsoApplet cards: by the module,
# for OpenSC and Yubico's programs to use; and by those, for the module. openssl
# makes the keys and judges.
. "$(dirname "$0")/lib.sh"

command -v pkcs15-init >/dev/null || skip "no pkcs15-init"
command -v yubico-piv-tool >/dev/null || skip "no yubico-piv-tool"
OPENSC=$(find /usr/lib -name opensc-pkcs11.so | head -1)
PCSC_NAME="Yubico YubiKey" # Yubico's programs want a reader of this name
ADMIN=010203040506070801020304050607080102030405060708

tool() { foreign pkcs11-tool --module "$MODULE" "$@"; }
user() { tool --login --pin "$PIN" "$@"; }
so() { tool --login --login-type so --so-pin "$ADMIN" "$@"; }
piv() { yubico-piv-tool "$@" </dev/null; }

# Keys of openssl's, and certificates for them.
make_keys() {
	openssl genrsa -out rsa.key 2048 2>/dev/null
	openssl ecparam -name prime256v1 -genkey -noout -out ec.key
	openssl ecparam -name secp384r1 -genkey -noout -out ec384.key
	for key in rsa ec ec384; do
		openssl pkey -in $key.key -pubout -out $key.pub
		openssl pkey -in $key.key -outform DER -out $key.der
		openssl req -x509 -new -key $key.key -subj "/CN=$key" -days 5 \
			-outform DER -out $key.cer
	done
}

# signs KEY MECHANISM COMMAND...: the command signs, openssl verifies.
signs() {
	local key=$1 mechanism=$2
	shift 2
	rm -f sig
	expect_exit 0 "$key: $mechanism" "$@" --sign -m "$mechanism" \
		-i message -o sig --signature-format openssl
	ok "openssl verifies it" openssl dgst \
		"$([[ $mechanism == *SHA1 ]] && echo -sha1 || echo -sha256)" \
		-verify "$key.pub" -signature sig message
}
theirs() { pkcs11-tool --module "$OPENSC" --login --pin "$PIN" "$@"; }

# bring KEY ID COMMAND...
bring() {
	local key=$1 id=$2
	shift 2
	expect_exit 0 "$key is brought as $id" "$@" --write-object "$key.der" \
		--type privkey --id "$id" --label "my $key" --usage-sign
}

head -c 1000 /dev/urandom >message
make_keys
pcsc_start

proves "PIV: by the module, with the management key; Yubico's program sees the same"
PIN=123456
"$BIN/ukey-vcard" init --app piv-yubico --card piv.card
card_insert piv
bring rsa 01 so
bring ec 03 so
bring ec384 05 so
expect_exit 0 "certificate of 01" so --write-object rsa.cer --type cert --id 01
signs rsa SHA256-RSA-PKCS user --id 01
signs ec ECDSA-SHA256 user --id 03
signs ec384 ECDSA-SHA256 user --id 05
# OpenSC 0.23's pkcs11-tool uses memory that it has freed when it prints a curve's
# key; the sanitizer's allocator ends it there.
if [[ -z $sanitizer_runtime ]]; then
	expect_exit 0 "the public key is told" tool --read-object --type pubkey \
		--id 03 -o read.der
	openssl pkey -pubin -in ec.pub -outform DER -out ec.pub.der
	ok "and is the one of the key" cmp read.der ec.pub.der
fi
made_here() { user -O --type privkey | sed -n "/ID: *$1/,/Access/p" | grep local; }
expect_exit 1 "it was not made on the card: the card says so" made_here 03
openssl x509 -inform DER -in rsa.cer -out rsa.pem
ok "yubico-piv-tool signs with it" piv -a verify-pin -P $PIN -a test-signature \
	-s 9a -i rsa.pem
openssl x509 -inform DER -in ec384.cer -out ec384.pem
ok "and with a retired one" piv -a verify-pin -P $PIN -a test-signature -s 82 \
	-H SHA384 -i ec384.pem
expect_exit 1 "a place that is none" so --write-object ec.der --type privkey \
	--id 77 --usage-sign
expect_line CKR_ATTRIBUTE_VALUE_INVALID

proves "PIV: what Yubico's program brings"
for row in 9d:ec:03 83:ec384:06 9e:rsa:04; do
	IFS=: read -r slot key id <<<"$row"
	ok "$key to $slot" piv -a import-key -s "$slot" -i "$key.key"
	signs "$key" "$([[ $key == rsa ]] && echo SHA256-RSA-PKCS ||
		echo ECDSA-SHA256)" user --id "$id"
done
card_remove

proves "PIV without additions tells nothing of its keys: their certificates do"
"$BIN/ukey-vcard" init --app piv --card bare.card
card_insert bare
PCSC_NAME=
expect_exit 1 "and has no command for it" so --write-object ec.der \
	--type privkey --id 01 --usage-sign
expect_line CKR_FUNCTION_NOT_SUPPORTED
card_remove

for version in 1 0; do
	app=isoapplet
	[[ $version == 1 ]] || app=isoapplet0
	PIN=482915
	proves "IsoApplet $version: by the module, and OpenSC signs; and the other way"
	"$BIN/ukey-vcard" init --app $app-import --card $app.card
	card_insert $app
	ok "pkcs15-init prepares it" pkcs15-init --create-pkcs15 --no-so-pin
	ok "and its PIN" pkcs15-init --store-pin --id 01 --auth-id 01 \
		--label Mine --pin "$PIN" --puk 7351940273519402
	bring rsa a1 user
	bring ec a2 user
	bring ec384 a3 user
	signs rsa SHA256-RSA-PKCS user --id a1
	signs rsa SHA256-RSA-PKCS theirs --id a1
	expect_exit 0 "OpenSC's list" pkcs15-tool --list-keys
	expect_line "my ec384"
	for key in rsa:a1 ec:a2 ec384:a3; do
		ok "OpenSC reads public key ${key#*:}" pkcs15-tool \
			--read-public-key "${key#*:}" -o read.pub
		ok "the key's own" cmp read.pub "${key%:*}.pub"
	done
	if [[ $version == 1 ]]; then
		signs ec ECDSA-SHA256 user --id a2
		signs ec384 ECDSA-SHA256 user --id a3
	else # OpenSC 0.23 chains, which version 1 refuses
		ok "pkcs15-init brings RSA" pkcs15-init --store-private-key \
			rsa.key --id b1 --auth-id 01 --pin "$PIN"
		signs rsa SHA256-RSA-PKCS user --id b1
		ok "pkcs15-init brings P-256" pkcs15-init --store-private-key \
			ec.key --id b2 --auth-id 01 --pin "$PIN"
		signs ec ECDSA-SHA1 theirs --id a2
	fi
	card_remove
done

proves "an applet that takes no keys"
"$BIN/ukey-vcard" init --app isoapplet --card closed.card
card_insert closed
ok "pkcs15-init prepares it" pkcs15-init --create-pkcs15 --no-so-pin
ok "and its PIN" pkcs15-init --store-pin --id 01 --auth-id 01 --label Mine \
	--pin "$PIN" --puk 7351940273519402
expect_exit 1 "says so" user --write-object ec.der --type privkey --id a2 \
	--usage-sign
expect_line CKR_FUNCTION_NOT_SUPPORTED
expect_exit 0 "and has nothing half-made" tool -O
expect_no_line "a2"
