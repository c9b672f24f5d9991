# stunnel: programs without TLS reach a server that wants the certificate on the card.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

stunnel_start() {
	ENTRY=$((20000 + RANDOM % 10000))
	printf '%s\n' "foreground = yes" "debug = info" "pid =" \
		"engine = pkcs11" "engineCtrl = MODULE_PATH:$MODULE" \
		"engineCtrl = PIN:$CARD_PIN" "[bank]" "client = yes" \
		"accept = 127.0.0.1:$ENTRY" "connect = 127.0.0.1:$TLS_PORT" \
		"engineId = pkcs11" "key = $LOGIN;type=private" \
		"cert = $LOGIN;type=cert" "CAfile = $CLIENT_CA" \
		"verifyChain = yes" "checkHost = localhost" >stunnel.conf
	chmod 600 stunnel.conf
	foreign_start stunnel stunnel.conf >>stunnel.log 2>&1
	stunnel_pid=$LAST_PID
	until_true 10 stunnel_listens || not_met "stunnel starts"
}
stunnel_listens() {
	ss -Hltn "sport = $ENTRY" | grep -q .
}
stunnel_stop() {
	kill "$stunnel_pid"
	wait "$stunnel_pid" 2>/dev/null || :
}

pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	for version in 1.2 1.3; do
		proves "$type, TLS $version: a request in the clear goes in encrypted"
		tls_serve $version
		stunnel_start
		for i in 1 2 3; do
			run timeout 60 curl -s "http://localhost:$ENTRY/"
			expect_page $version "request $i"
		done
		stunnel_stop
		tls_stop
	done
done

proves "a card that was taken out: stunnel is started again"
tls_serve 1.3
stunnel_start
run timeout 60 curl -s "http://localhost:$ENTRY/"
expect_page 1.3 "before"
card_remove
run timeout 60 curl -s "http://localhost:$ENTRY/"
ok "without the card nobody comes in" test "$RC" != 0
card_insert mine
stunnel_stop
stunnel_start
run timeout 60 curl -s "http://localhost:$ENTRY/"
expect_page 1.3 "afterwards"
