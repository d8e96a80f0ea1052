#!/bin/sh
# The orders API with curl: orders.sh list [STATE] | show ID | confirm ID |
# create CUSTOMER_ID PRODUCT QUANTITY PRICE
# The token is OAUTH2_ACCESS_TOKEN, or the one that ../curl.sh keeps. It comes to curl
# through a pipe: other users of the machine can read a command line.
set -eu

base=${OAUTH2_BASE_URL:-http://localhost:8069}
root=$base/${OAUTH2_API:-demo}/orders
token=${OAUTH2_ACCESS_TOKEN:-$(cat "${OAUTH2_FILE:-$HOME/.oauth2_curl}.token")}

# call PATH [curl's options]
call() {
    path=$1
    shift
    printf 'Authorization: Bearer %s\nX-Odoo-Database: %s' \
        "$token" "${OAUTH2_DATABASE:-}" |
        curl --silent --show-error --fail-with-body --header @- "$@" "$root$path"
    echo
}

# JSON text of a word: quotes and backslashes are escaped.
text() {
    printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

case ${1:-} in
list)
    call "${2:+?state=$2}"
    ;;
show)
    call "/$2"
    ;;
create)
    line="{\"product\": $(text "$3"), \"quantity\": $4, \"price_unit\": $5}"
    call "" --header 'Content-Type: application/json' \
        --data "{\"partner_id\": $2, \"lines\": [$line]}"
    ;;
confirm)
    call "/$2/confirm" --request POST
    ;;
*)
    sed -n '2,5s/^# //p' "$0"
    exit 2
    ;;
esac
