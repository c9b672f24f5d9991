# What the operator of the bank's server sees and does: alive, ready, how much; and
# stopping it without cutting anybody off.
. "$(dirname "$0")/lib.sh"

new_bank

# setting NAME VALUE (JSON)
setting() {
	python3 - "$@" <<'PY'
import json, sys
with open("bank/bankd.json") as f:
    c = json.load(f)
c[sys.argv[1]] = json.loads(sys.argv[2])
with open("bank/bankd.json", "w") as f:
    json.dump(c, f)
PY
}
door() { curl -sS --unix-socket "$WORK/door" "$@"; }
code() { door -o /dev/null -w '%{http_code}' "http://bank$1"; }
renamed() { customers "$ORIGIN/v1/bank" | grep -q "Renamed Bank"; }
# retry N COMMAND...: within so many tenths of a second
retry() {
	local n=$1 i
	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}
customers() { curl -sS --cacert bank/ca.pem "$@"; }

proves "there is no door unless somebody asks for one"
bank_start
ok "nothing but the customers' port" not test -e door
expect_equal "customers have no way to the figures" 404 \
	"$(customers -o /dev/null -w '%{http_code}' "$ORIGIN/metrics")"
bank_stop

proves "alive, ready, and why not"
setting operator "\"$WORK/door\""
bank_start
expect_equal "only its owner may knock" 600 "$(stat -c %a door)"
expect_equal "alive" 200 "$(code /healthz)"
expect_equal "ready" 200 "$(code /readyz)"
expect_equal "and nothing else" 404 "$(code /v1/bank)"
cp bank/ca.crl kept.crl
openssl crl -in kept.crl -noout -nextupdate >next
bank_stop
bank_clock $((40 * 86400)) # lists are good for 30 days
bank_start
expect_equal "still alive" 200 "$(code /healthz)"
expect_equal "not ready with a list that has run out" 503 "$(code /readyz)"
door http://bank/readyz | grep -q "revocation list" ||
	not_met "it says why"
bank_stop
unset BANK_PRELOAD TEST_CLOCK
bank_start

proves "the figures, read by Prometheus' own parser"
customers "$ORIGIN/v1/bank" "$ORIGIN/v1/accounts" -o one -o two
door -i http://bank/metrics | tr -d '\r' >answer
grep -qi '^content-type: text/plain; version=0.0.4' answer ||
	not_met "the type says which format it is"
sed '1,/^$/d' answer >metrics
if /usr/bin/python3 -c "import prometheus_client" 2>/dev/null; then
	/usr/bin/python3 - metrics "$TOP/docs/bankd.md" <<'PY' || not_met "the parser understands all of it"
import sys
from prometheus_client.parser import text_string_to_metric_families as parse

families = {f.name: f for f in parse(open(sys.argv[1]).read())}
count = {(s.labels["route"], s.labels["code"]): s.value
         for s in families["ukey_bank_requests"].samples}
assert count[("/v1/bank", "ok")] == 1, count
assert count[("/v1/accounts", "no-session")] == 1, count
f = families["ukey_bank_request_seconds"]
assert f.type == "histogram"
buckets = [s.value for s in f.samples if s.name.endswith("_bucket")]
assert buckets == sorted(buckets) and buckets[-1] == 2, buckets
for name in ("sessions", "waiting_clients", "bills_open", "callbacks_waiting", "callbacks_given_up"):
    assert families["ukey_bank_" + name].type == "gauge", name
    assert families["ukey_bank_" + name].samples[0].value == 0, name
for name in ("callbacks", "database_retries", "certificates"):
    assert families["ukey_bank_" + name].type == "counter", name
doc = open(sys.argv[2]).read()
for name in families:
    short = name.replace("ukey_bank_", "")
    assert "`%s`" % short in doc or "`%s_total`" % short in doc, "docs/bankd.md: " + name
assert families["ukey_bank_connections"].type == "gauge"
assert families["ukey_bank_crl_good_seconds"].samples[0].value > 86400
assert all(f.documentation for f in families.values())
PY
else
	not_met "python3-prometheus-client is there (scripts/deps test)"
fi
bank_stop
ok "the door is gone with the server" not test -e door

proves "settings are read again, if they are right"
bank_start --log-format json
: >bank.log
setting name '"Renamed Bank"'
kill -HUP "$BANK_PID"
ok "the new name is shown" retry 20 renamed
echo '{"name": 7}' >bank/wrong
cp bank/bankd.json kept.json
mv bank/wrong bank/bankd.json
kill -HUP "$BANK_PID"
ok "what is wrong is said" retry 20 grep -q '"settings-reload".*"name' bank.log
expect_equal "and the bank goes on as it was" 200 "$(code /readyz)"
cp kept.json bank/bankd.json
python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' < <(grep '^{' bank.log) ||
	not_met "every line of the log is JSON"
bank_stop

proves "who is being served is served, and nobody else keeps it; systemd hears of it"
background python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify.new")
os.rename("notify.new", "notify")
told = open("told", "w", buffering=1)
while True:
    print(s.recv(99).decode(), file=told)'
ok "somebody listens" until_true 10 test -S notify
export NOTIFY_SOCKET=$WORK/notify WATCHDOG_USEC=30000000
bank_start
unset NOTIFY_SOCKET WATCHDOG_USEC
ok "it is alive" until_true 10 grep -qx WATCHDOG=1 told
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bank_leaving.py" bank/ca.pem \
	"$BANK_PORT" "$BANK_PID" || not_met "it leaves as it should"
wait "$BANK_PID"
expect_equal "it ends well" 0 $?
expect_equal "what systemd heard" "READY=1 WATCHDOG=1 STOPPING=1" \
	"$(uniq told | paste -sd' ')"

proves "but not for ever"
setting stopSeconds 1
bank_start
exec 5<>"/dev/tcp/127.0.0.1/$BANK_PORT"
ok "told to stop" kill -TERM "$BANK_PID"
wait "$BANK_PID"
expect_equal "somebody who says nothing does not keep it" 0 $?
exec 5>&-

proves "what cannot work is said in one sentence"
expect_exit 64 "a descriptor that is not open" \
	"$BIN/ukey-bankd" serve --dir bank --port 0 --ready-fd 77
expect_line 'ready-fd 77 is not an open descriptor' "says so"
setting maxConnections 10000
(
	ulimit -n 500
	expect_exit 64 "more connections than files" \
		"$BIN/ukey-bankd" serve --dir bank --port 0
	expect_line 'maxConnections.*10000.*500' "says so"
)
setting maxConnections 100
setting operator '"somewhere"'
expect_exit 69 "no place" "$BIN/ukey-bankd" serve --dir bank --port 0
expect_line 'operator.*somewhere' "says so"
