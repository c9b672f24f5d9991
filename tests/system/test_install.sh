# What `cmake --install` puts where, and that it works from there: programs find the
# module through p11-kit, and it finds its configuration.
. "$(dirname "$0")/lib.sh"

ROOT=$WORK/root
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$UKEY_BUILD/CMakeCache.txt")

proves "cmake --install"
expect_exit 0 "installs" env DESTDIR="$ROOT" cmake --install "$UKEY_BUILD"
found() { # found REGEX: the one path that matches
	find "$ROOT" -type f -regextype posix-extended -regex "$ROOT$prefix/$1"
}
there() {
	[[ -n $(found "$1") ]]
}
for file in 'lib.*/pkcs11/libukey-pkcs11\.so' 'bin/ukey' 'bin/ukey-bankd' \
	'share/p11-kit/modules/ukey\.module' '.*etc/ukey/pkcs11\.conf' \
	'include/ukey/vendor\.h' 'share/man/man1/ukey\.1' \
	'share/doc/.*/clients\.md'; do
	ok "${file//\\/}" there "$file"
done
ok "the module is for everybody" test -r "$(found 'lib.*/libukey-pkcs11\.so')"
installed=$(found 'lib.*/pkcs11/libukey-pkcs11\.so')
registered=$(sed -n 's/^module: *//p' "$(found '.*/ukey\.module')")
expect_equal "p11-kit is told where it is" "${installed#"$ROOT"}" "$registered"

proves "the configuration"
conf=$(found '.*/pkcs11\.conf')
ok "changes nothing: every line is a comment" \
	not grep -qvE '^(#.*)?$' "$conf"
for name in debug debug_level gm_numbers pinpad linger reader pcsc; do
	ok "tells of $name" grep -q "^#$name = " "$conf"
done
ok "is looked for there" grep -qaF "${conf#"$ROOT"}" "$installed"

proves "it works from there"
pcsc_start
new_card p256-free mine
card_insert mine
ok "pkcs11-tool" foreign timeout 60 pkcs11-tool --module "$installed" -O
ok "ukey" "$(found 'bin/ukey')" --module "$installed" cards
if [[ $PCSC_PLAN == A ]]; then # else p11-kit's folder cannot be replaced
	mount -t tmpfs tmpfs /usr/share/p11-kit/modules
	sed "s|$registered|$installed|" "$(found '.*/ukey\.module')" \
		>/usr/share/p11-kit/modules/ukey.module
	run foreign timeout 60 p11-kit list-modules
	expect_line "token: Test card" "p11-kit list-modules"
fi
