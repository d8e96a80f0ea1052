#!/bin/sh
# Save as connect.sh and run: sh connect.sh (needs curl 7.76 or newer, and openssl)
set -eu

API='{{api}}'
CLIENT_ID='{{client_id}}'
CLIENT_SECRET='{{client_secret}}'
REDIRECT_URI='{{redirect_uri}}'
AUTHORIZE='{{authorization_request}}'

verifier=$(openssl rand -hex 32) # PKCE
challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary |
    openssl base64 -A | tr '+/' '-_' | tr -d '=')
state=$(openssl rand -hex 16)

echo 'Open this address in a browser, sign in and allow:'
echo "$AUTHORIZE&state=$state&code_challenge=$challenge"
echo 'Paste the address at which the browser ended, even if it shows an error:'
read -r came_back
case $came_back in
*"state=$state"*) ;;
*) echo 'That is no answer to this question.' >&2; exit 1 ;;
esac
code=$(printf %s "$came_back" | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
[ -n "$code" ] || { echo "No code came back: $came_back" >&2; exit 1; }

# By standard input: what is on a command line, other users of the machine can read.
tokens=$(curl --silent --show-error --fail-with-body --config - <<END
url = "$API/oauth2/token"
data-urlencode = "grant_type=authorization_code"
data-urlencode = "code=$code"
data-urlencode = "redirect_uri=$REDIRECT_URI"
data-urlencode = "code_verifier=$verifier"
data-urlencode = "client_id=$CLIENT_ID"
data-urlencode = "client_secret=$CLIENT_SECRET"
END
) || { echo "$tokens" >&2; exit 1; }
access_token=$(printf %s "$tokens" | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
