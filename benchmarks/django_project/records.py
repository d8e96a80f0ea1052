"""Make the tables, the clients of both configurations and their tokens.

Prints ``{"plain": {…}, "hashed": {…}, "bearer": …}``: clients and tokens of each
configuration, and the token of a caller that may introspect. The argument is the number
of refresh tokens of each.
"""

import datetime
import json
import sys

import django
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from oauthlib.common import generate_token

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from oauth2_provider import models  # noqa: E402

END = timezone.now() + datetime.timedelta(days=1)


def application(user, grant_type, hashed):
    """A confidential client; returns it and its secret."""
    made = models.Application(
        user=user,
        client_type="confidential",
        authorization_grant_type=grant_type,
        redirect_uris="https://client.example.com/callback",
        hash_client_secret=hashed,
    )
    secret = made.client_secret
    made.save()
    return made, secret


def access_token(client, user, scope):
    """A token as it is issued."""
    return models.AccessToken.objects.create(
        application=client, user=user, token=generate_token(), expires=END, scope=scope
    )


def refresh_token(client, user):
    """A refresh token as it is issued for a code, with an access token."""
    made = models.RefreshToken.objects.create(
        application=client,
        user=user,
        token=generate_token(),
        access_token=access_token(client, user, "read"),
    )
    return made.token


def configuration(user, count, hashed):
    """What ``tools/bench_tokens.py`` needs to call two clients' requests."""
    service, service_secret = application(user, "client-credentials", hashed)
    client, client_secret = application(user, "authorization-code", hashed)
    return {
        "service": [service.client_id, service_secret],
        "client": [client.client_id, client_secret],
        "token": access_token(client, user, "read").token,
        "refresh_tokens": [refresh_token(client, user) for _number in range(count)],
    }


call_command("migrate", verbosity=0)
user, count = get_user_model().objects.create_user("olivia"), int(sys.argv[1])
with transaction.atomic():
    told = {
        "plain": configuration(user, count, hashed=False),
        "hashed": configuration(user, count, hashed=True),
    }
caller, _secret = application(user, "client-credentials", True)
told["bearer"] = access_token(caller, None, "introspection").token
print(json.dumps(told))
