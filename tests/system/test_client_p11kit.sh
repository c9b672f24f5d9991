# p11-kit: the module found by its file, behind the proxy, and across a socket.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

# p11-kit reads no user's configuration for root, so the machine's folder is
# replaced, which takes a mount namespace.
[[ $PCSC_PLAN == A ]] || skip "p11-kit's folder cannot be replaced here"
mount -t tmpfs tmpfs /usr/share/p11-kit/modules
sed "s|^module:.*|module: $MODULE|" "$UKEY_BUILD/pkcs11/api/ukey.module" \
	>/usr/share/p11-kit/modules/ukey.module
[[ ${UKEY_SANITIZE:-} != *thread* ]] ||
	skip "under the thread sanitizer p11-kit's server does not hear signals"
lib=$(pkg-config --variable=libdir p11-kit-1)

# signs MODULE [wrapper]: pkcs11-tool signs with the login key through it.
signs() {
	local module=$1
	shift
	rm -f sig
	expect_exit 0 "a signature" "$@" timeout 60 pkcs11-tool \
		--module "$module" --token-label "Test card" --login \
		--pin "$CARD_PIN" --sign -m "$sign_mechanism" --label Login \
		-i "$sign_input" -o sig --signature-format openssl
	ok "openssl verifies it" openssl dgst -sha256 -verify mine.auth.pub \
		-signature sig message
}

head -c 5000 /dev/urandom >message
openssl dgst -sha256 -binary message >hash
pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	# Across its socket p11-kit 0.24 knows CKM_ECDSA, but not with SHA-2.
	sign_mechanism=ECDSA sign_input=hash
	[[ $type == p256 ]] || sign_mechanism=SHA256-RSA-PKCS sign_input=message

	proves "$type: p11-kit finds the module by its file"
	expect_exit 0 "p11-kit list-modules" foreign timeout 60 p11-kit list-modules
	expect_line "token: Test card" "shows the card"
	run foreign timeout 60 p11tool --login --set-pin "$CARD_PIN" \
		--list-privkeys pkcs11:
	expect_line "Private key" "p11tool without --provider sees the keys"

	proves "$type: p11-kit-proxy.so"
	expect_exit 0 "lists slots" foreign timeout 60 pkcs11-tool \
		--module "$lib/p11-kit-proxy.so" -L
	expect_line "token label +: Test card" "with the card"
	signs "$lib/p11-kit-proxy.so" foreign

	proves "$type: p11-kit server and p11-kit-client.so"
	foreign_start p11-kit server --foreground --provider "$MODULE" \
		--name "$WORK/p11.socket" "pkcs11:token=Test%20card" \
		>server.out 2>&1
	server=$LAST_PID
	until_true 10 test -S p11.socket || not_met "the server starts"
	export P11_KIT_SERVER_ADDRESS=unix:path=$WORK/p11.socket
	expect_exit 0 "pkcs11-tool lists across the socket" timeout 60 \
		pkcs11-tool --module "$lib/pkcs11/p11-kit-client.so" -O
	expect_line "label: +Login" "the card's objects"
	signs "$lib/pkcs11/p11-kit-client.so"
	kill "$server"
	wait "$server" 2>/dev/null || :
	rm -f p11.socket
done
