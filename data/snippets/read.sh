
printf 'Authorization: Bearer %s' "$access_token" |
    curl --silent --show-error --fail-with-body --header @- \
        --header 'Content-Type: application/json' \
        --data '{"domain": [], "fields": ["display_name"], "limit": 3}' \
        "$API/json/2/"'{{model}}'/search_read
echo
