#!/bin/sh
# Save as connect.sh and run: sh connect.sh (needs curl 7.76 or newer)
set -eu

API='{{api}}'
CLIENT_ID='{{client_id}}'
CLIENT_SECRET='{{client_secret}}'

# post NAME MEMBERS: the answer's body on standard output
post() {
    curl --silent --show-error --fail-with-body --data @- \
        --header 'Content-Type: application/json' "$API/oauth2/$1" <<END
{
    "client_secret": "$CLIENT_SECRET",
    $2
    "client_id": "$CLIENT_ID"
}
END
}

# field NAME: a text out of the JSON on standard input
field() {
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"
}

asked=$(post provider/authorize '') || { echo "$asked" >&2; exit 1; }
echo 'Open this address in a browser, sign in and allow:'
echo "$asked" | field authorization_url
# It stands for this user from now on: keep it as a secret.
identity=$(echo "$asked" | field client_user_identity)

pause=$(echo "$asked" | sed -n 's/.*"interval": *\([0-9]*\).*/\1/p')
until tokens=$(post token "\"client_user_identity\": \"$identity\","); do
    case $(echo "$tokens" | field error) in
    authorization_pending) ;;
    slow_down) pause=$((pause + 5)) ;;
    *) echo "$tokens" >&2; exit 1 ;;
    esac
    sleep "$pause"
done

access_token=$(echo "$tokens" | field access_token)
