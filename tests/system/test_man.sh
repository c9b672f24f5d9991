# Every option of every program is in its manual page, and none that is not there.
. "$(dirname "$0")/lib.sh"

PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/man_options.py" "$BIN" "$TOP/docs/man" ||
	not_met "programs and manual pages agree"
ok "the pages are well-formed" not grep . <(
	command -v man >/dev/null || exit 0
	for page in "$TOP"/docs/man/*.[18]; do
		LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null
	done
)
