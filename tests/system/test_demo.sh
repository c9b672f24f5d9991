# scripts/demo does the main job, ends with the receipt and "ok", and leaves no
# process, no file and nothing of the system's behind.
. "$(dirname "$0")/lib.sh"

# Not below /run: the demo has a /run of its own.
place=$(mktemp -d)
mkdir "$place/tmp" "$place/tools"
if [[ -n $sanitizer_runtime ]]; then
	# The demo calls pkcs11-tool by name: here a name that knows what to load.
	printf '%s\n' '#!/bin/sh' "LD_PRELOAD='$sanitizer_runtime'" \
		'ASAN_OPTIONS=detect_leaks=0' 'export LD_PRELOAD ASAN_OPTIONS' \
		"exec $(command -v pkcs11-tool) \"\$@\"" >"$place/tools/pkcs11-tool"
	chmod +x "$place/tools/pkcs11-tool"
fi
expect_exit 0 "scripts/demo" env -u UKEY_INSIDE \
	TMPDIR="$place/tmp" PATH="$place/tools:$PATH" "$TOP/scripts/demo"
expect_equal "the last line" ok "$(tail -n 1 <<<"$OUT")"
expect_line 'Valid: https://localhost' "the receipt was verified"
expect_line 'Verified OK' "openssl verified a signature of the card"
expect_line 'the books balance' "the books balance"
expect_equal "no process is left" "" "$(pgrep -l '^(pcscd|ukey)')"
expect_equal "no file is left" "" "$(ls "$place/tmp")"

proves "the card in a phone, with its keys and its screen"
expect_exit 0 "scripts/demo --terminal" env -u UKEY_INSIDE \
	PCSC_PRELOAD="$sanitizer_runtime" TMPDIR="$place/tmp" \
	PATH="$place/tools:$PATH" "$TOP/scripts/demo" --terminal
expect_equal "the last line" ok "$(tail -n 1 <<<"$OUT")"
expect_line 'phone \| Paired with' "paired by the code"
expect_line 'phone \|   12.34 CNY' "the phone showed the amount"
expect_line 'phone \| Rejected' "and took no for no"
expect_line 'Display: terminal\)' "the receipt says where it was shown"
expect_line 'Verified OK' "openssl verified a signature of the card"
expect_equal "no process is left" "" "$(pgrep -fl '^pcscd|^ukey|ptyrun|ptypair|tail .*screen')"
expect_equal "no file is left" "" "$(ls "$place/tmp")"

proves "three servers over PostgreSQL, and one of them killed"
expect_exit 0 "scripts/demo --cluster" env -u UKEY_INSIDE \
	TMPDIR="$place/tmp" PATH="$place/tools:$PATH" "$TOP/scripts/demo" --cluster
expect_equal "the last line" ok "$(tail -n 1 <<<"$OUT")"
expect_line 'payment 8: posted' "all payments were posted"
expect_line 'one server of three is gone' "with one server less"
expect_line 'the books balance' "the books balance"
expect_equal "no process is left" "" \
	"$(ps -e -o comm= | grep -E '^(pcscd|ukey|haproxy|postgres)')"
expect_equal "no file is left" "" "$(ls "$place/tmp")"

expect_exit 2 "a word it does not know" "$TOP/scripts/demo" --what
expect_exit 2 "two at once" "$TOP/scripts/demo" --cluster --terminal
rm -rf "$place"
