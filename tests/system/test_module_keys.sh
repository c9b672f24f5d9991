# Keys larger than the bank's: RSA-3072, RSA-4096, P-384 and P-521, made by openssl
# and brought to the card; every mechanism that signs, and OAEP with parameters,
# through pkcs11-tool and PyKCS11, judged by openssl.
. "$(dirname "$0")/lib.sh"

tool() {
	foreign timeout 60 pkcs11-tool --module "$MODULE" --login \
		--pin "$CARD_PIN" "$@"
}

# Keys do not grow old: made once for a build.
KEYS=$UKEY_BUILD/tests/keys
make_keys() {
	local kind
	mkdir -p "$KEYS" && cd "$KEYS" || return
	for kind in 3072 4096; do
		[[ -s rsa$kind.der ]] || openssl genrsa $kind |
			openssl rsa -outform DER -out rsa$kind.der || return
	done
	for kind in 384 521; do
		[[ -s p$kind.der ]] || openssl ecparam -name secp${kind}r1 \
			-genkey -noout -outform DER -out p$kind.der || return
	done
}
(flock 9 && make_keys) 9>"$UKEY_BUILD/tests/.keys.lock" >keys.log 2>&1 ||
	not_met "openssl makes keys"

# bring NAME ID USE...: the key pair NAME, as ID; its public half is NAME.pub.
bring() {
	local name=$1 id=$2
	shift 2
	openssl pkey -inform DER -in "$KEYS/$name.der" -pubout -out "$name.pub"
	expect_exit 0 "$name is brought to the card" tool --type privkey \
		--write-object "$KEYS/$name.der" --id "$id" --label "$name" "$@"
}

# signs NAME ID MECHANISM INPUT [options of pkcs11-tool] -- COMMAND...: the
# command finds the signature good.
signs() {
	local name=$1 id=$2 mechanism=$3 input=$4 options=()
	shift 4
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	rm -f sig
	expect_exit 0 "$name: $mechanism" tool --sign --id "$id" -m "$mechanism" \
		-i "$input" -o sig "${options[@]}"
	ok "openssl agrees" "$@"
}

# recovers PUBLIC FILE: sig, raised to the public exponent, is the file.
recovers() {
	openssl pkeyutl -verifyrecover -pubin -inkey "$1" -in sig \
		-pkeyopt rsa_padding_mode:none -out recovered &&
		cmp recovered "$2"
}

rsa_signs() {
	local name=$1 id=$2 bytes=$3 md salt
	{
		printf '\0'
		head -c $((bytes - 1)) /dev/urandom
	} >whole
	signs "$name" "$id" RSA-PKCS short -- openssl pkeyutl -verify -pubin \
		-inkey "$name.pub" -in short -sigfile sig
	signs "$name" "$id" RSA-X-509 whole -- recovers "$name.pub" whole
	for md in sha1 sha224 sha256 sha384 sha512; do
		salt=$(openssl dgst "-$md" -binary </dev/null | wc -c)
		signs "$name" "$id" "${md^^}-RSA-PKCS" message -- openssl dgst \
			"-$md" -verify "$name.pub" -signature sig message
		signs "$name" "$id" "${md^^}-RSA-PKCS-PSS" message \
			--salt-len "$salt" -- openssl dgst "-$md" \
			-sigopt rsa_padding_mode:pss \
			-sigopt "rsa_pss_saltlen:$salt" \
			-verify "$name.pub" -signature sig message
	done
	signs "$name" "$id" RSA-PKCS-PSS hash --hash-algorithm SHA384 \
		--mgf MGF1-SHA384 --salt-len 48 -- openssl dgst -sha384 \
		-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 \
		-verify "$name.pub" -signature sig message
}

# RSA-OAEP (RFC 8017, 7.1) with a hash, a mask generation function of another
# hash, and a label.
oaep() {
	local name=$1 id=$2 md=$3 mgf=$4 label=$5
	openssl pkeyutl -encrypt -pubin -inkey "$name.pub" -in secret -out cipher \
		-pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$md" \
		-pkeyopt "rsa_mgf1_md:$mgf" ${label:+-pkeyopt "rsa_oaep_label:$label"}
	decrypts "$id" "$md" "$mgf" "$label" <cipher >plain
	ok "$name: OAEP, $md, MGF1 of $mgf${label:+, a label}" cmp secret plain
}

decrypts() {
	foreign timeout 60 /usr/bin/python3 "$HERE/client_oaep.py" "$MODULE" "$@" \
		8< <(printf '%s' "$CARD_PIN") 2>>oaep.log
}

ec_signs() {
	local name=$1 id=$2 md
	signs "$name" "$id" ECDSA hash --signature-format openssl -- openssl dgst \
		-sha384 -verify "$name.pub" -signature sig message
	for md in sha1 sha224 sha256 sha384 sha512; do
		signs "$name" "$id" "ECDSA-${md^^}" message \
			--signature-format openssl -- openssl dgst "-$md" \
			-verify "$name.pub" -signature sig message
	done
}

head -c 51 /dev/urandom >short
head -c 1000 /dev/urandom >message
head -c 64 /dev/urandom >secret
openssl dgst -sha384 -binary message >hash
pcsc_start
new_card p256-free card
card_insert card

proves "RSA-3072, RSA-4096"
for row in rsa3072:41:384 rsa4096:42:512; do
	IFS=: read -r name id bytes <<<"$row"
	bring "$name" "$id" --usage-sign --usage-decrypt
	rsa_signs "$name" "$id" "$bytes"
	oaep "$name" "$id" sha256 sha256 ""
	oaep "$name" "$id" sha256 sha1 616263
	oaep "$name" "$id" sha512 sha384 00ff
done
decrypts 42 sha512 sha384 00fe <cipher >plain
ok "another label is refused" test ! -s plain
decrypts 42 sha512 sha512 00ff <cipher >plain
ok "another mask, too" test ! -s plain

proves "P-384, P-521"
for row in p384:43 p521:44; do
	IFS=: read -r name id <<<"$row"
	bring "$name" "$id" --usage-sign
	ec_signs "$name" "$id"
done

proves "pkcs11-tool's own test, with all these keys"
expect_exit 0 "ends well" tool --test
expect_line "No errors" "says so"
card_remove

proves "cards whose own keys are P-384, P-521"
cp "$FIXTURES"/{ca.pem,ca.key,ext.cnf} .
for type in p384 p521; do
	personalise "$type" "$type" >init.log 2>&1 || not_met "a $type card is made"
	card_insert "$type"
	expect_exit 0 "$type: pkcs11-tool --test" tool --test
	expect_line "No errors" "ends well"
	id=$(openssl x509 -in "$type.auth.pem" -noout -pubkey >"$type.pub" &&
		tool -O --type cert 2>/dev/null | awk '/label: *Login/ { login = 1 }
			login && /ID:/ { print $2; exit }')
	ec_signs "$type" "$id"
	card_remove
done
