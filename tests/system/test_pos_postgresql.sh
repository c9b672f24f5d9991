# The card terminal with the bank's books in PostgreSQL: all of test_pos.sh.
. "$(dirname "$0")/lib.sh"

PG=$WORK/pg
mkdir -p "$PG"
server() { "$TOP/scripts/lib/pg-server" "$@"; }
server init "$PG" "$UKEY_BUILD/tests" || skip "no PostgreSQL"
server start "$PG" || not_met "PostgreSQL starts"
trap 'server kill "$PG"; finish' EXIT
BANK_URI=$(server fresh "$PG" books)
export BANK_URI
. "$HERE/test_pos.sh"
