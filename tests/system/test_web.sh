# The pages for browsers, with curl as the browser: what they are, what goes with
# them, and what they ask of the bank. test_browser.sh has a real one.
. "$(dirname "$0")/lib.sh"

new_bank
new_shop
(cd soft && enrolled_key shop-auth "Shop Ltd" login) >shop-auth.log 2>&1
sed -i "s|\"cardPort\": -1|\"cardPort\": 9444|; s|\"host\"|\"frontSocket\": \"$WORK/front.sock\", \"origin\": \"$ORIGIN\", &|" \
	bank/bankd.json
bank_start
CARDS=https://localhost:9444
WEB=$TOP/src/bank/web

web() { # curl on the card port
	curl -sS --path-as-is --cacert bank/ca.pem "$@"
}

status() {
	: >body
	web -o body -D head.txt -w '%{http_code}' "$@"
}

field() { # NAME: its values in the last answer's head, one a line
	tr -d '\r' <head.txt | sed -n "s/^$1: //Ip"
}

# session NAME: logs in by this certificate, to make requests as `as NAME PATH`.
session() {
	web --cert "soft/$1.pem" --key "soft/$1.key" -d '' "$CARDS/v1/login/tls" |
		python3 -c 'import json, sys
print("Authorization: Bearer " + json.load(sys.stdin)["session"])' >"$1.session"
}
as() {
	local who=$1 path=$2
	shift 2
	web -H "@$who.session" "$@" "$CARDS$path"
}
# of PYTHON: the value of an expression over the JSON `a` on standard input.
of() {
	python3 -c "import json, sys
a = json.load(sys.stdin)
print($1)"
}

proves "each page is there, and is what its file is"
while read -r path file type; do
	expect_equal "GET $path" 200 "$(status "$CARDS$path")"
	ok "is $file" cmp body "$WEB/$file"
	expect_equal "of type $type" "$type" "$(field content-type)"
	tag=$(field etag)
	expect_equal "not sent again to who has it" 304 \
		"$(status "$CARDS$path" -H "If-None-Match: \"x\", W/$tag")"
	expect_equal "without content" 0 "$(wc -c <body)"
	expect_equal "sent to who has another" 200 \
		"$(status "$CARDS$path" -H "If-None-Match: \"${tag:2}")"
	expect_equal "HEAD" "200 $(wc -c <"$WEB/$file") 0" \
		"$(status -I "$CARDS$path") $(field content-length) $(
			web -I "$CARDS$path" -o /dev/null -w '%{size_download}')"
	expect_equal "POST" "405 GET, HEAD" \
		"$(status -d x "$CARDS$path") $(field allow)"
	case $type in text/html*) ok "$file is HTML (tidy)" tidy -q -e "$WEB/$file" ;; esac
done <<'END'
/ index.html text/html; charset=utf-8
/merchant merchant.html text/html; charset=utf-8
/customer.js customer.js text/javascript; charset=utf-8
/merchant.js merchant.js text/javascript; charset=utf-8
/page.js page.js text/javascript; charset=utf-8
/style.css style.css text/css; charset=utf-8
/icon.svg icon.svg image/svg+xml
END

proves "what a browser is told with them"
for path in / /merchant /customer.js; do
	status "$CARDS$path" >/dev/null
	policy=$(field content-security-policy)
	for rule in "default-src 'none'" "script-src 'self'" "style-src 'self'" \
		"connect-src 'self'" "img-src 'self'" "form-action 'none'" \
		"frame-ancestors 'none'" "base-uri 'none'" \
		"require-trusted-types-for 'script'" "trusted-types 'none'"; do
		ok "$path: $rule" grep -qF "; $rule; " <<<"; $policy; "
	done
	ok "$path: nothing unsafe" not grep -qiE 'unsafe|\*|http|data:' <<<"$policy"
	expect_equal "$path: the rest" "nosniff no-referrer same-origin require-corp same-origin no-cache" \
		"$(field x-content-type-options) $(field referrer-policy) $(
		field cross-origin-opener-policy) $(field cross-origin-embedder-policy) $(
		field cross-origin-resource-policy) $(field cache-control)"
done
ok "no cookie is ever set" not grep -qri 'set-cookie' "$TOP/src/bank"
ok "nothing inline, nothing from elsewhere" not grep -nE \
	'<style|style=|[^a-z]on[a-z]+=|(src|href)="[^/]|(src|href)="//|<script[^>]*></script>.*<script [^t]' \
	"$WEB"/index.html "$WEB"/merchant.html
ok "no script makes markup of a text" not grep -nE \
	'innerHTML|outerHTML|insertAdjacent|document\.write|DOMParser|eval|Function\(|srcdoc|createContextualFragment|localStorage|sessionStorage|cookie *=' \
	"$WEB"/*.js

proves "nothing else is there"
for path in /index.html /pages.c /. /.. /../ /./ // /merchant/ /../../../etc/passwd \
	/..%2f..%2fetc%2fpasswd /%2e%2e/%2e%2e/etc/passwd /style.css/ /style.css%00 \
	/STYLE.CSS /%73tyle.css "/style.css;x" /customer.js.map /bankd.json /ca.pem; do
	answer=$(status "$CARDS$path")
	ok "$path ($answer)" grep -qE '^(404|400)$' <<<"$answer"
	ok "is told in JSON, without the path" \
		grep -qxE 'not-found|malformed' <<<"$(of 'a["error"]["code"]' <body 2>&1)"
done
long=$(printf 'a%.0s' {1..7000})
expect_equal "a long path" 404 "$(status "$CARDS/$long")"
expect_equal "one that is too long" 431 "$(status "$CARDS/$long$long$long")"
expect_equal "a query is not part of the name" 200 "$(status "$CARDS/?a=%0d%0aX:1")"
ok "and comes back nowhere" not grep -qi '^x:' head.txt
for method in PUT DELETE OPTIONS PATCH TRACE BREW; do
	ok "$method is refused" grep -qE '^(405|400|501)$' <<<"$(status -X $method "$CARDS/")"
done
expect_equal "HEAD of a request" 405 "$(status -I "$CARDS/v1/bank")"
expect_equal "nosniff also there" nosniff "$(
	status "$CARDS/v1/bank" >/dev/null
	field x-content-type-options)"

proves "only where a certificate can log in"
expect_equal "not on the main port" 404 "$(status "$ORIGIN/")"
expect_equal "behind a front" 200 "$(status --unix-socket front.sock http://front/)"

proves "a page logs in; another site's page does not"
alice=(--cert soft/alice-auth.pem --key soft/alice-auth.key)
for site in cross-site same-site; do
	expect_equal "$site" 400 "$(status "${alice[@]}" -d '' \
		-H "Sec-Fetch-Site: $site" "$CARDS/v1/login/tls")"
done
expect_equal "same-origin" 200 "$(status "${alice[@]}" -d '' \
	-H "Sec-Fetch-Site: same-origin" "$CARDS/v1/login/tls")"
ok "nobody else may read the answer" not grep -qi '^access-control' head.txt
session alice-auth
session bob-auth
session shop-auth

proves "orders to be signed"
expect_equal "none" 0 "$(as alice-auth /v1/orders | of 'len(a["orders"])')"
as alice-auth /v1/orders -d "{\"orderNumber\":\"w-1\",\"from\":\"$ALICE\",\"to\":\"$BOB\",\"toName\":\"Bob\",\"amount\":150,\"currency\":\"CNY\",\"memo\":\"tea\"}" >prepared
expect_equal "one" "w-1 $ALICE $BOB Bob 150 CNY tea " \
	"$(as alice-auth /v1/orders | of '" ".join(str(a["orders"][0][k]) for k in
("orderNumber", "from", "to", "payee", "amount", "currency", "memo", "bill"))')"
expect_equal "nobody else's" 0 "$(as bob-auth /v1/orders | of 'len(a["orders"])')"

proves "live bills, and the merchant's side of them"
expect_equal "the merchant's shop" "1 Shop $SHOP CNY" "$(as shop-auth /v1/shops |
	of '" ".join([str(len(a["shops"]))] + [a["shops"][0][k] for k in ("merchant", "account", "currency")])')"
id=$(as shop-auth /v1/shops | of 'a["shops"][0]["shop"]')
expect_equal "which is not Alice's" 0 "$(as alice-auth /v1/shops | of 'len(a["shops"])')"
expect_equal "and not shown to her" not-found \
	"$(as alice-auth "/v1/shops/orders?shop=$id" | of 'a["error"]["code"]')"
for query in "" "?shop=0" "?shop=x" "?shop=$id&limit=101" "?shop=$id&before=-1" \
	"?shop=1%20or%201=1"; do
	expect_equal "malformed: $query" malformed \
		"$(as shop-auth "/v1/shops/orders$query" | of 'a["error"]["code"]')"
done
expect_equal "without a session" no-session \
	"$(web "$CARDS/v1/shops" | of 'a["error"]["code"]')"
mkfifo events
web -N -H @alice-auth.session "$CARDS/v1/events?after=0" >events &
children+=("$!")
exec {events}<events
# The data of the next event.
event() {
	local line
	while read -r -t 20 line <&"$events"; do
		[[ $line != data:* ]] || break
	done
	echo "${line#data: }"
}
PHONE=+8613800001234
shop_open
for n in 1 2 3; do
	echo "order W-$n $n$n $PHONE" >&"$shop_in"
	read -r -t 20 _ _ bill <&"$shop_out"
	news=$(event)
	expect_equal "order W-$n comes up as a bill" "W-$n open" \
		"$(of 'a["bill"]["orderNumber"] + " " + a["bill"]["state"]' <<<"$news")"
done
orders() {
	as shop-auth "/v1/shops/orders?shop=$id$1" | of "$2"
}
expect_equal "the merchant's page has them, newest first" "W-3 W-2 W-1 False" \
	"$(orders "" '" ".join([o["orderNumber"] for o in a["orders"]] + [str(a["more"])])')"
expect_equal "page by page" "W-3 W-2 True" \
	"$(orders "&limit=2" '" ".join([o["orderNumber"] for o in a["orders"]] + [str(a["more"])])')"
last=$(orders "&limit=2" 'a["orders"][-1]["id"]')
expect_equal "the rest" "W-1 False" \
	"$(orders "&limit=2&before=$last" '" ".join([o["orderNumber"] for o in a["orders"]] + [str(a["more"])])')"
expect_equal "open, nothing to tell" "open None" \
	"$(orders "" 'a["orders"][0]["state"] + " " + str(a["orders"][0]["call"])')"
as alice-auth "/v1/bills/$bill/shown" -d '{}' >/dev/null
expect_equal "that it was seen is not told" open \
	"$(orders "" 'a["orders"][0]["state"]')"
ok "nor who is to pay" not grep -q 38000 <(orders "" a)
as alice-auth "/v1/bills/$bill/reject" -d '{"reason":"not mine"}' >/dev/null
read -r -t 20 told <&"$shop_out"
expect_equal "the merchant is told" "told W-3 rejected" "$told"
acknowledged() {
	[[ $(orders "" 'a["orders"][0]["call"]["state"]') == "done" ]]
}
until_true 10 acknowledged
expect_equal "and his page says so" "rejected not mine rejected done" "$(orders "" \
	'" ".join([a["orders"][0][k] for k in ("state", "reason")] + [a["orders"][0]["call"][k] for k in ("event", "state")])')"

proves "texts that would be markup"
expect_exit 65 "no merchant has such a name" "$BIN/ukey-bankd" merchant --dir bank \
	--name '<img src=x onerror=alert(1)>' --account "$SHOP" --key shop.pub \
	--callback "http://127.0.0.1:$SHOP_PORT/told"
expect_equal "no order says such things" malformed "$(as alice-auth /v1/orders -d "{\"orderNumber\":\"w-2\",\"from\":\"$ALICE\",\"to\":\"$BOB\",\"toName\":\"<script>alert(1)</script>\",\"amount\":1,\"currency\":\"CNY\",\"memo\":\"\"}" | of 'a["error"]["code"]')"

proves "pages can be switched off"
bank_stop
sed -i 's/"pages": 1/"pages": 0/' bank/bankd.json
bank_start
expect_equal "no page" 404 "$(status "$CARDS/")"
expect_equal "the rest is there" 200 "$(status "$CARDS/v1/bank")"
