#!/bin/bash
# A real Gerrit Code Review server, on loopback, from two jars of Maven Central.
#
#   gerrit.sh setup DIR SSHPORT HTTPPORT   make a site in DIR (accounts, keys, project); left stopped
#   gerrit.sh copy  DIR NEW SSHPORT HTTPPORT  a second site with other ports, from a stopped one (fast)
#   gerrit.sh start DIR                    start it, return when SSH and HTTP answer
#   gerrit.sh stop  DIR                    SIGTERM, wait until it is gone
#   gerrit.sh kill  DIR                    SIGKILL
#   gerrit.sh freeze DIR / thaw DIR        SIGSTOP / SIGCONT: a peer that is there and says nothing
#
# Accounts: admin, recheckbot, zuul, alice; keys in DIR/keys/USER, HTTP password "secret".
# Environment: GERRIT_VERSION (3.9.1), GERRIT_JAVA (java, 17 or newer), GERRIT_HEAP (768m).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
users="admin recheckbot zuul alice"

die() { echo "gerrit.sh: $*" >&2; exit 1; }
conf() { git config -f "$dir/site/etc/gerrit.config" "$@"; }
http_url() { conf gerrit.canonicalWebUrl; }
ssh_port() { conf sshd.listenAddress | sed 's/.*://'; }

# The pid, if the process is alive and is the server of this very site.
pid() {
  local p
  p=$(cat "$dir/pid" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -qF -- "-d $dir/site" && echo "$p"
}

# Becomes Gerrit: call it in a subshell.
java_gerrit() {
  exec setsid "$(cat "$dir/java")" -Xmx"${GERRIT_HEAP:-768m}" -XX:+UseSerialGC \
    -Djava.net.preferIPv4Stack=true \
    '-Dflogger.backend_factory=com.google.common.flogger.backend.log4j.Log4jBackendFactory#getInstance' \
    '-Dflogger.logging_context=com.google.gerrit.server.logging.LoggingContext#getInstance' \
    --add-opens java.base/java.net=ALL-UNNAMED --add-opens java.base/java.lang.invoke=ALL-UNNAMED \
    -cp "$dir/classes:$(cat "$dir/classpath")" \
    com.google.gerrit.launcher.GerritLauncher "$@" -d "$dir/site"
}

rest() { # USER METHOD PATH [JSON]
  local body=()
  [ $# -lt 4 ] || body=(-H 'Content-Type: application/json; charset=UTF-8' --data-binary "$4")
  curl -sS --fail-with-body -u "$1:secret" -X "$2" "${body[@]}" "$(http_url)a$3" | sed "1{/^)]}'/d}"
}

start() {
  pid >/dev/null && die "already running"
  curl -s -m 1 -o /dev/null "$(http_url)" && die "the HTTP port is taken"
  local p
  # What a killed server leaves: H2 waits 2 s for each of these, at start and again at stop.
  rm -f "$dir"/site/cache/*.lock.db
  # --headless: the web pages are not in the jars, REST is.
  java_gerrit daemon --headless >"$dir/out.log" 2>&1 </dev/null &
  p=$!
  echo $p >"$dir/pid"
  until curl -sf -m 1 -o /dev/null "$(http_url)config/server/version" &&
    timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$(ssh_port) && head -c 4 <&3 | grep -q SSH-" 2>/dev/null; do
    kill -0 $p 2>/dev/null || { tail -20 "$dir/out.log" "$dir/site/logs/error_log" >&2; die "did not start"; }
    sleep 0.1
  done
}

stop() { # SIGNAL
  local p; p=$(pid) || return 0
  kill "-$1" "$p"
  for _ in $(seq 600); do
    [ -d "/proc/$p" ] || { rm -f "$dir/pid"; return; }
    sleep 0.1
  done
  die "pid $p does not end"
}

classpath() {
  mkdir -p "$dir/classes/com/google/gerrit/common"
  command -v "${GERRIT_JAVA:-java}" >"$dir/java"
  mvn -q -B -f "$here/pom.xml" -Dgerrit.version="${GERRIT_VERSION:-3.9.1}" \
    dependency:build-classpath -Dmdep.outputFile="$dir/classpath" >"$dir/mvn.log" 2>&1 ||
    { tail -20 "$dir/mvn.log" >&2; die "no class path"; }
  # What the war's build adds: the version's name; and a log of INFO, not of DEBUG.
  echo "${GERRIT_VERSION:-3.9.1}" >"$dir/classes/com/google/gerrit/common/Version"
  cat >"$dir/classes/log4j.properties" <<'EOF'
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n
log4j.logger.org.eclipse.jetty=WARN
log4j.logger.org.apache.sshd=WARN
EOF
}

known_hosts() {
  echo "[127.0.0.1]:$(ssh_port) $(cut -d' ' -f1,2 "$dir/site/etc/ssh_host_ed25519_key.pub")" >"$dir/known_hosts"
}

setup() { # SSHPORT HTTPPORT
  [ ! -e "$dir/site" ] || die "$dir is in use"
  classpath
  mkdir -p "$dir/site/etc" "$dir/keys"
  cat >"$dir/site/etc/gerrit.config" <<EOF
[gerrit]
	basePath = git
	canonicalWebUrl = http://127.0.0.1:$2/
	serverId = 00000000-0000-4000-8000-000000000001
[auth]
	type = DEVELOPMENT_BECOME_ANY_ACCOUNT
	gitBasicAuthPolicy = HTTP
[sshd]
	listenAddress = 127.0.0.1:$1
[httpd]
	listenUrl = http://127.0.0.1:$2/
[sendemail]
	enable = false
# Without this a killed server forgets, in its queries, the changes and comments
# of its last five minutes (Lucene's default commit period).
[index "changes_open"]
	commitWithin = 0
[index "changes_closed"]
	commitWithin = 0
EOF
  (java_gerrit init --batch --no-auto-start --skip-all-downloads) >"$dir/init.log" 2>&1 ||
    { tail -20 "$dir/init.log" >&2; die "init failed"; }
  known_hosts
  start
  for u in $users; do
    ssh-keygen -q -t ed25519 -N '' -C "$u@example.org" -f "$dir/keys/$u"
  done
  curl -sS --fail-with-body -o /dev/null -u admin:secret -H 'Content-Type: text/plain' \
    --data-binary @"$dir/keys/admin.pub" "$(http_url)a/accounts/self/sshkeys"
  account recheckbot "Recheck Bot" '"Service Users"'
  account zuul "Zuul" '"Service Users"'
  account alice "Alice Example" ''
  project
  rest admin PUT /projects/openstack%2Fnova '{"create_empty_commit":true,"branches":["master","stable/train"]}' >/dev/null
  rest admin PUT /projects/openstack%2Fsecret '{"create_empty_commit":true,"branches":["master"]}' >/dev/null
  # A project that the service users cannot see.
  local g; g=$(rest admin GET '/groups/Service%20Users' | jq -r .id)
  rest admin POST /projects/openstack%2Fsecret/access \
    "{\"add\":{\"refs/*\":{\"permissions\":{\"read\":{\"rules\":{\"$g\":{\"action\":\"BLOCK\"}}}}}}}" >/dev/null
  stop TERM
}

account() { # USER NAME GROUPS
  rest admin PUT "/accounts/$1" "{\"name\":\"$2\",\"email\":\"$1@example.org\",\"http_password\":\"secret\",
    \"ssh_key\":\"$(cat "$dir/keys/$1.pub")\",\"groups\":[$3]}" >/dev/null
}

# OpenStack's labels: only the service users vote on Verified, everyone ±1 on Code-Review.
project() {
  local g reg=global:Registered-Users
  g=$(rest admin GET '/groups/Service%20Users' | jq -r .id)
  rest admin PUT /projects/All-Projects/labels/Verified '{"function":"NoBlock","default_value":0,
    "values":{"-2":"Fails","-1":"Does not seem to work"," 0":"No score","+1":"Works for me","+2":"Verified"}}' >/dev/null
  rest admin PUT /projects/All-Projects/labels/Workflow '{"function":"NoBlock","default_value":0,
    "values":{"-1":"Work in progress"," 0":"Ready for reviews","+1":"Approved"}}' >/dev/null
  rest admin POST /projects/All-Projects/access "{\"add\":{\"refs/heads/*\":{\"permissions\":{
    \"label-Verified\":{\"label\":\"Verified\",\"rules\":{\"$g\":{\"action\":\"ALLOW\",\"min\":-2,\"max\":2}}},
    \"label-Workflow\":{\"label\":\"Workflow\",\"rules\":{\"$reg\":{\"action\":\"ALLOW\",\"min\":-1,\"max\":1}}},
    \"submit\":{\"rules\":{\"$g\":{\"action\":\"ALLOW\"}}}}}}}" >/dev/null
}

copy() { # NEW SSHPORT HTTPPORT
  pid >/dev/null && die "stop it first"
  local from=$dir
  dir=$(realpath -m "$1")
  [ ! -e "$dir/site" ] || die "$dir is in use"
  mkdir -p "$dir"
  cp -a "$from/." "$dir/"
  conf gerrit.canonicalWebUrl "http://127.0.0.1:$3/"
  conf httpd.listenUrl "http://127.0.0.1:$3/"
  conf sshd.listenAddress "127.0.0.1:$2"
  known_hosts
}

[ $# -ge 2 ] || { sed -n '2,13p' "$0" | sed 's/^# \?//'; exit 2; }
cmd=$1 dir=$(realpath -m "$2"); shift 2
case $cmd in
setup) setup "$@" ;;
copy) copy "$@" ;;
start) start ;;
stop) stop TERM ;;
kill) stop KILL ;;
freeze) kill -STOP "$(pid)" ;;
thaw) kill -CONT "$(pid)" ;;
*) die "unknown command $cmd" ;;
esac
