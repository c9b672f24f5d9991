# The same rules for our module behind p11-kit's proxy: what p11-kit adds or takes
# away is known and explained.
. "$(dirname "$0")/conformance.sh"

proxy=
for file in /usr/lib/*/p11-kit-proxy.so; do
	[[ ! -r $file ]] || proxy=$file
done
[[ -n $proxy ]] || skip "p11-kit is not installed"
[[ $PCSC_PLAN == A ]] || skip "p11-kit's folder cannot be replaced here"
known_version p11kit "p11-kit $(pkg-config --modversion p11-kit-1)"

mount -t tmpfs tmpfs /usr/share/p11-kit/modules
sed "s|^module:.*|module: $MODULE|" "$UKEY_BUILD/pkcs11/api/ukey.module" \
	>/usr/share/p11-kit/modules/ukey.module
new_card rsa2048-free card
pcsc_start
card_insert card
card_program card
conform p11kit "$proxy" --destructive --card-program ./card-program
expect_known p11kit
ok "most rules were tried" test "$(passed p11kit)" -ge 400
