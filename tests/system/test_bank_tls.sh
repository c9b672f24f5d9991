# Logging in with the certificate of the connection: curl, TLS 1.3 and 1.2, resumed
# and revoked, and behind haproxy; nobody gets in by writing a header himself.
. "$(dirname "$0")/lib.sh"

new_bank
sed -i "s|\"cardPort\": -1|\"cardPort\": 9444|; s|\"host\"|\"frontSocket\": \"$WORK/front.sock\", \"origin\": \"$ORIGIN\", &|" \
	bank/bankd.json
bank_start
CARDS=https://localhost:9444
alice=(--cert soft/alice-auth.pem --key soft/alice-auth.key)

# login URL [option of curl...]: the error's code, or ok.
login() {
	local url=$1
	shift
	curl -sS --cacert bank/ca.pem -d '' "$@" "$url/v1/login/tls" | python3 -c '
import json, sys
a = json.load(sys.stdin)
open("session", "w").write(a.get("session", ""))
print(a["error"]["code"] if "error" in a else "ok")'
}

alive() { # the session that login left
	curl -sS --cacert bank/ca.pem -H "Authorization: Bearer $(cat session)" \
		-o /dev/null -w '%{http_code}' "$ORIGIN/v1/accounts"
}

proves "a certificate logs in, with both versions of TLS"
expect_equal "TLS 1.3" ok "$(login $CARDS "${alice[@]}" --tlsv1.3)"
expect_equal "the session is one" 200 "$(alive)"
expect_equal "TLS 1.2" ok "$(login $CARDS "${alice[@]}" --tls-max 1.2)"
ok "TLS 1.1 is not spoken" not curl -sS --cacert bank/ca.pem --tls-max 1.1 \
	--ciphers DEFAULT:@SECLEVEL=0 "$CARDS/v1/bank"
expect_equal "none" no-certificate "$(login $CARDS)"
expect_equal "on the main port none is asked for" no-certificate \
	"$(login "$ORIGIN" "${alice[@]}")"

proves "a certificate that is no good is refused in words"
for row in expired:cert-expired revoked:cert-revoked alice-sign:cert-purpose \
	stranger:cert-unknown; do
	name=${row%:*}
	[ -f "soft/$name.pem" ] || continue
	expect_equal "$name" "${row#*:}" \
		"$(login $CARDS --cert "soft/$name.pem" --key "soft/$name.key")"
done
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=Alice -days 2 \
	-keyout own.key -out own.pem 2>/dev/null
own=$(login $CARDS --cert own.pem --key own.key)
ok "one of his own making ($own)" test "$own" = cert-untrusted

proves "headers of a front count nowhere but on its socket"
stolen=$(openssl x509 -in soft/alice-auth.pem -outform DER | base64 -w0)
for url in "$ORIGIN" $CARDS; do
	expect_equal "RFC 9440, to $url" no-certificate \
		"$(login "$url" -H "Client-Cert: :$stolen:")"
done
expect_equal "the socket's mode" 660 "$(stat -c %a front.sock)"
expect_equal "on it they do" ok "$(login http://front \
	--unix-socket front.sock -H "Client-Cert: :$stolen:")"
expect_equal "nginx's way" ok "$(login http://front --unix-socket front.sock \
	-H "Client-Cert: $(python3 -c 'import sys,urllib.parse
print(urllib.parse.quote(open(sys.argv[1]).read(), safe=""))' soft/alice-auth.pem)")"
expect_equal "garbage" malformed "$(login http://front \
	--unix-socket front.sock -H "Client-Cert: :AAA")"
expect_equal "no certificate" no-certificate "$(login http://front \
	--unix-socket front.sock)"

if command -v haproxy >/dev/null; then
	proves "behind haproxy"
	cat bank/tls.pem bank/tls.key >front.pem
	cat >haproxy.cfg <<END
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend cards
  bind 127.0.0.1:9445 ssl crt $WORK/front.pem ca-file $WORK/bank/ca.pem verify optional crt-ignore-err all ca-ignore-err all
  http-request del-header Client-Cert
  http-request del-header X-Forwarded-For
  http-request set-header Client-Cert :%[ssl_c_der,base64]: if { ssl_c_used }
  http-request set-header X-Forwarded-For %[src]
  default_backend bank
backend bank
  server bank unix@$WORK/front.sock
END
	background haproxy -db -f haproxy.cfg 2>haproxy.log
	until_true 10 curl -sS --cacert bank/ca.pem -o /dev/null \
		https://localhost:9445/v1/bank 2>/dev/null
	expect_equal "the certificate is passed on" ok \
		"$(login https://localhost:9445 "${alice[@]}")"
	expect_equal "without one, none" no-certificate \
		"$(login https://localhost:9445)"
	expect_equal "nor if a header says so" no-certificate \
		"$(login https://localhost:9445 -H "Client-Cert: :$stolen:")"
	expect_equal "one of his own making" cert-untrusted \
		"$(login https://localhost:9445 --cert own.pem --key own.key)"
fi

if command -v nginx >/dev/null; then
	proves "behind nginx"
	mkdir -p nginx
	cat >nginx.cfg <<END
daemon off;
master_process off;
pid $WORK/nginx/pid;
error_log $WORK/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $WORK/nginx; proxy_temp_path $WORK/nginx;
  fastcgi_temp_path $WORK/nginx; uwsgi_temp_path $WORK/nginx; scgi_temp_path $WORK/nginx;
  server {
    listen 127.0.0.1:9446 ssl;
    ssl_certificate $WORK/bank/tls.pem;
    ssl_certificate_key $WORK/bank/tls.key;
    ssl_verify_client optional_no_ca;
    location / {
      proxy_set_header Client-Cert \$ssl_client_escaped_cert;
      proxy_set_header X-Forwarded-For \$remote_addr;
      proxy_pass http://unix:$WORK/front.sock:;
    }
  }
}
END
	background nginx -c "$WORK/nginx.cfg" 2>>nginx.log
	until_true 10 curl -sS --cacert bank/ca.pem -o /dev/null \
		https://localhost:9446/v1/bank 2>/dev/null
	expect_equal "the certificate is passed on" ok \
		"$(login https://localhost:9446 "${alice[@]}")"
	expect_equal "without one, none" no-certificate \
		"$(login https://localhost:9446)"
	expect_equal "nor if a header says so" no-certificate \
		"$(login https://localhost:9446 -H "Client-Cert: :$stolen:")"
	expect_equal "one of his own making" cert-untrusted \
		"$(login https://localhost:9446 --cert own.pem --key own.key)"
fi

proves "a resumed connection does not outlive the certificate"
resumed() { # FILE of the session: what the login over it said
	printf 'POST /v1/login/tls HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' |
		openssl s_client -connect localhost:9444 -CAfile bank/ca.pem \
			-cert soft/alice-auth.pem -key soft/alice-auth.key \
			-ign_eof "$@" 2>&1
}
resumed -sess_out tls.session >first
ok "the first one is new" grep -q '^New, ' first
resumed -sess_in tls.session >second
ok "the second is resumed" grep -q '^Reused, ' second
ok "and logs in" grep -q '"session"' second
resumed -sess_out tls.session >third
expect_equal "a session is begun" ok "$(login $CARDS "${alice[@]}")"
expect_exit 0 "ukey-bankd revoke" "$BIN/ukey-bankd" revoke --dir bank \
	--cert soft/alice-auth.pem
expect_equal "it has ended with the certificate" 401 "$(alive)"
resumed -sess_in tls.session >fourth
ok "the connection may be resumed, but not logged in" \
	grep -q 'cert-revoked' fourth
expect_equal "nor a new one" cert-revoked "$(login $CARDS "${alice[@]}")"
