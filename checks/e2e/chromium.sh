#!/bin/sh
# Chromium without the suggestions below its address bar, which a page of their own
# shows: each new profile loads that, for a second. Playwright names features that it
# wants to be off, too, and of two such lists Chromium takes the last.
popups=WebUIOmniboxPopup,WebUIOmniboxAimPopup
for argument; do
    shift
    case "$argument" in
    --disable-features=*) argument="$argument,$popups" ;;
    esac
    set -- "$@" "$argument"
done
exec "$OAUTH2_TEST_CHROMIUM" "$@"
