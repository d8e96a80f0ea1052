#!/bin/sh
# Save as connect.sh and run: sh connect.sh (needs curl 7.76 or newer)
set -eu

API='{{api}}'
CLIENT_ID='{{client_id}}'
CLIENT_SECRET='{{client_secret}}'
SCOPE='{{scope}}'

# By standard input: what is on a command line, other users of the machine can read.
tokens=$(curl --silent --show-error --fail-with-body --config - <<END
url = "$API/oauth2/token"
data-urlencode = "grant_type=client_credentials"
data-urlencode = "client_id=$CLIENT_ID"
data-urlencode = "client_secret=$CLIENT_SECRET"
data-urlencode = "scope=$SCOPE"
END
) || { echo "$tokens" >&2; exit 1; }
access_token=$(printf %s "$tokens" | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
