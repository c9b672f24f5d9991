# Login and signatures through pkcs11-tool, judged by openssl: every mechanism of
# RSA-2048 and P-256 cards.
. "$(dirname "$0")/lib.sh"

tool() {
	foreign pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" "$@"
}

# The CKA_ID whose private key asks for the PIN always (or not).
id_of() {
	foreign pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" -O |
		awk -v wanted="$1" '
		/^Private Key/ { key = 1; id = ""; always = 0 }
		/^[A-Z].*Object/ && !/^Private Key/ { key = 0 }
		key && / ID: / { id = $2 }
		key && /always authenticate/ { always = 1 }
		key && /Access:/ { if (always == wanted) print id }'
}

# sign TEXT ID MECHANISM INPUT [options]: leaves the signature in sig.
sign() {
	local text=$1 id=$2 mechanism=$3 input=$4
	shift 4
	rm -f sig
	expect_exit 0 "$text" tool --sign --id "$id" -m "$mechanism" -i "$input" \
		-o sig "$@"
}

head -c 1000 /dev/urandom >message
openssl dgst -sha256 -binary message >hash
pcsc_start

proves "RSA-2048"
new_card rsa2048-free rsa
card_insert rsa
login=$(id_of 0)
signing=$(id_of 1)
head -c 51 /dev/urandom >short
sign "CKM_RSA_PKCS" "$login" RSA-PKCS short
ok "openssl verifies it" openssl pkeyutl -verify -pubin -inkey rsa.auth.pub \
	-in short -sigfile sig
sign "CKM_SHA256_RSA_PKCS" "$login" SHA256-RSA-PKCS message
ok "openssl verifies it" openssl dgst -sha256 -verify rsa.auth.pub -signature sig message
sign "CKM_RSA_PKCS_PSS" "$login" RSA-PKCS-PSS hash \
	--hash-algorithm SHA256 --mgf MGF1-SHA256 --salt-len 32
pss=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32)
ok "openssl verifies it" openssl dgst -sha256 "${pss[@]}" -verify rsa.auth.pub \
	-signature sig message
sign "CKM_SHA256_RSA_PKCS_PSS" "$login" SHA256-RSA-PKCS-PSS message --salt-len 32
ok "openssl verifies it" openssl dgst -sha256 "${pss[@]}" -verify rsa.auth.pub \
	-signature sig message
sign "the transaction key, with the PIN once more" "$signing" SHA256-RSA-PKCS message
ok "openssl verifies it" openssl dgst -sha256 -verify rsa.sign.pub -signature sig message
card_remove

proves "P-256"
new_card p256-free ec
card_insert ec
login=$(id_of 0)
signing=$(id_of 1)
sign "CKM_ECDSA" "$login" ECDSA hash --signature-format openssl
ok "openssl verifies it" openssl dgst -sha256 -verify ec.auth.pub -signature sig message
sign "CKM_ECDSA_SHA256" "$login" ECDSA-SHA256 message --signature-format openssl
ok "openssl verifies it" openssl dgst -sha256 -verify ec.auth.pub -signature sig message
sign "the transaction key, with the PIN once more" "$signing" ECDSA hash \
	--signature-format openssl
ok "openssl verifies it" openssl dgst -sha256 -verify ec.sign.pub -signature sig message
cp sig good
printf x >>message
ok "and would notice a change" not openssl dgst -sha256 -verify ec.sign.pub \
	-signature good message
