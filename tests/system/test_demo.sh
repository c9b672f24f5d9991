# scripts/demo does the main job, ends with the receipt and "ok", and leaves no
# process, no file and nothing of the system's behind.
. "$(dirname "$0")/lib.sh"

case ${UKEY_SANITIZE:-} in
*thread*) skip "other people's programs cannot load the module then" ;;
esac

mkdir tmp
expect_exit 0 "scripts/demo" env -u UKEY_INSIDE TMPDIR="$WORK/tmp" "$TOP/scripts/demo"
expect_equal "the last line" ok "$(tail -n 1 <<<"$OUT")"
expect_line 'Valid: https://localhost' "the receipt was verified"
expect_line 'Verified OK' "openssl verified a signature of the card"
expect_line 'the books balance' "the books balance"
expect_equal "no process is left" "" "$(pgrep -l '^(pcscd|ukey)')"
expect_equal "no file is left" "" "$(ls tmp)"

expect_exit 2 "a word it does not know" "$TOP/scripts/demo" --what
