#!/bin/sh
# The same as python_client.py with curl alone: curl.sh authorize|wait|call|refresh|revoke
# No secret is on a command line, which other users of the machine can read.
set -eu
umask 077

base=${OAUTH2_BASE_URL:-http://localhost:8069}
api=${OAUTH2_API:-demo}
client_id=${OAUTH2_CLIENT_ID:-demo-app}
file=${OAUTH2_FILE:-$HOME/.oauth2_curl}

# The answer's body on standard output; a refusal ends the script.
endpoint() {
    identity=$(cat "$file.identity" 2>/dev/null || true)
    body="{\"client_id\": \"$client_id\""
    [ -z "$identity" ] || body="$body, \"client_user_identity\": \"$identity\""
    printf '%s}' "$body" | curl --silent --show-error --fail-with-body \
        --header 'Content-Type: application/json' --data @- "$base/$api/oauth2/$1"
}

# Ends the script when there is no identity yet.
signed_in() {
    [ -s "$file.identity" ] && return
    echo 'No user has signed in yet: run `authorize` first' >&2
    exit 1
}

# field NAME: a text out of the JSON on standard input (tokens have no quotes in them).
field() {
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"
}

case ${1:-} in
authorize)
    answer=$(endpoint provider/authorize) || { echo "$answer" >&2; exit 1; }
    echo "$answer" | field client_user_identity >"$file.identity"
    echo "$answer" | sed -n 's/.*"interval": *\([0-9]*\).*/\1/p' >"$file.interval"
    echo "$answer" | field authorization_url
    ;;
wait)
    signed_in
    pause=$(cat "$file.interval" 2>/dev/null || true)
    pause=${pause:-5}
    until answer=$(endpoint token); do
        case $(echo "$answer" | field error) in
        authorization_pending) ;;
        slow_down) pause=$((pause + 5)) ;;
        *) echo "$answer" >&2; exit 1 ;;
        esac
        sleep "$pause"
    done
    echo "$answer" | field access_token >"$file.token"
    ;;
refresh)
    signed_in
    answer=$(endpoint token) || { echo "$answer" >&2; exit 1; }
    echo "$answer" | field access_token >"$file.token"
    ;;
call)
    [ -s "$file.token" ] || "$0" refresh
    printf 'Authorization: Bearer %s' "$(cat "$file.token")" |
        curl --silent --show-error --fail-with-body --header @- \
            "$base/$api/${2:-partners}"
    echo
    ;;
revoke)
    signed_in
    endpoint revoke
    echo
    rm -f "$file.identity" "$file.interval" "$file.token"
    ;;
*)
    sed -n '2,3s/^# //p' "$0"
    exit 2
    ;;
esac
