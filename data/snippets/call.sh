
printf 'Authorization: Bearer %s' "$access_token" |
    curl --silent --show-error --fail-with-body --header @- "$API/oauth2/whoami"
echo
