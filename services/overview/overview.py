"""What the cards of APIs show: who is connected, what was called, what needs care.

A few statements tell it of all cards together. Each number is that of the list to which
its card leads (``views/oauth2_dashboard_views.xml``).
"""

import json
from collections import Counter
from datetime import datetime, time, timedelta, timezone

from odoo import fields
from odoo.tools import SQL
from odoo.tools.misc import format_date, formatLang

from ..calls.call_counts import GOOD, MISSING_TOKEN

DAYS = 7  # of calls, sign-ins and refusals
GRANTS_END_IN = 7  # days
SECRETS_END_IN = 30  # days
_REASONS = 3
#: Causes of refusals where a provider did not do what it should.
_PROVIDER_FAILED = {
    "provider_error",
    "provider_client",
    "provider_answer",
    "provider_away",
}

#: As the rules of records say; a caller without a token is of no client.
_OWN_CLIENT = """
    (client_id IS NULL OR client_id IN (
        SELECT id FROM oauth2_client
         WHERE company_id IS NULL OR company_id = ANY(%(companies)s)
    ))
"""
_GRANTS = f"""
    SELECT api_id, count(DISTINCT client_id), count(DISTINCT user_id),
           count(*) FILTER (WHERE expires_at <= %(end)s)
      FROM oauth2_client_user
     WHERE state = 'active' AND api_id = ANY(%(ids)s) AND {_OWN_CLIENT}
     GROUP BY api_id
"""
_SECRETS = """
    SELECT rel.api_id, count(*)
      FROM oauth2_client client
      JOIN oauth2_api_client_rel rel ON rel.client_id = client.id
     WHERE client.active AND client.secret_expires_on <= %(end)s
       AND rel.api_id = ANY(%(ids)s)
       AND (client.company_id IS NULL OR client.company_id = ANY(%(companies)s))
     GROUP BY rel.api_id
"""
_CALLS = f"""
    SELECT api_id, day, outcome, sum(calls)::bigint FROM oauth2_call_count
     WHERE day >= %(since)s AND api_id = ANY(%(ids)s) AND {_OWN_CLIENT}
     GROUP BY api_id, day, outcome
"""
_EVENTS = f"""
    SELECT api_id, kind, cause, provider_name, count(*),
           count(*) FILTER (WHERE create_date >= %(yesterday)s)
      FROM oauth2_event
     WHERE create_date >= %(since)s AND kind IN ('sign_in', 'refusal')
       AND api_id = ANY(%(ids)s) AND {_OWN_CLIENT}
     GROUP BY api_id, kind, cause, provider_name
"""


class Overview:
    def __init__(self, apis):
        self.env, self.ids = apis.env, apis.ids

    def figures(self):
        """:return: ``{id of an API: dict of its card}``, numbers as texts; ``graph`` is
        the calls by day as Odoo's widget ``dashboard_graph`` takes them
        """
        cards = {api_id: self._empty() for api_id in self.ids}
        self._add_grants(cards)
        self._add_secrets(cards)
        self._add_calls(cards)
        self._add_events(cards)
        return cards

    def _empty(self):
        none = dict.fromkeys(
            ("clients", "users", "calls", "refused", "sign_ins", "refusals"), "0"
        )
        graph = self._graph(Counter())
        return {**none, "graph": graph, "reasons": [], "care": []}

    def _rows(self, query, **values):
        values["companies"] = self.env.companies.ids
        return self.env.execute_query(SQL(query, ids=list(self.ids), **values))

    def _today(self):
        """:return: the day in the user's time zone, as the lists' domains have it"""
        return fields.Date.context_today(self.env["oauth2.api"])

    def _number(self, number):
        return formatLang(self.env, number, digits=0)

    def _add_grants(self, cards):
        end = fields.Datetime.now() + timedelta(days=GRANTS_END_IN)
        for api_id, clients, users, ending in self._rows(_GRANTS, end=end):
            card = cards[api_id]
            card["clients"] = self._number(clients)
            card["users"] = self._number(users)
            if ending:
                card["care"].append({"kind": "grants", "number": self._number(ending)})

    def _add_secrets(self, cards):
        end = self._today() + timedelta(days=SECRETS_END_IN)
        for api_id, ending in self._rows(_SECRETS, end=end):
            care = {"kind": "secrets", "number": self._number(ending)}
            cards[api_id]["care"].append(care)

    def _add_calls(self, cards):
        by_day, totals, refused = {}, Counter(), Counter()
        since = self._days()[0]
        for api_id, day, outcome, calls in self._rows(_CALLS, since=since):
            by_day.setdefault(api_id, Counter())[day] += calls
            totals[api_id] += calls
            # Asking without a token is how a client learns where to sign in.
            if outcome not in (GOOD, MISSING_TOKEN):
                refused[api_id] += calls
        for api_id, days in by_day.items():
            cards[api_id]["calls"] = self._number(totals[api_id])
            cards[api_id]["refused"] = self._number(refused[api_id])
            cards[api_id]["graph"] = self._graph(days)

    def _add_events(self, cards):
        yesterday = fields.Datetime.now() - timedelta(days=1)
        first = self._today() - timedelta(days=DAYS - 1)
        midnight = self.env.tz.localize(datetime.combine(first, time.min))
        since = midnight.astimezone(timezone.utc).replace(tzinfo=None)
        sign_ins, refusals, failures = Counter(), {}, {}
        rows = self._rows(_EVENTS, since=since, yesterday=yesterday)
        for api_id, kind, cause, provider, number, lately in rows:
            if kind == "sign_in":
                sign_ins[api_id] += number
                continue
            refusals.setdefault(api_id, Counter())[cause] += number
            if provider and lately and cause in _PROVIDER_FAILED:
                failures.setdefault(api_id, Counter())[provider] += lately
        for api_id, number in sign_ins.items():
            cards[api_id]["sign_ins"] = self._number(number)
        cause_field = self.env["oauth2.event"]._fields["cause"]
        words = dict(cause_field._description_selection(self.env))
        for api_id, causes in refusals.items():
            cards[api_id]["refusals"] = self._number(causes.total())
            cards[api_id]["reasons"] = [
                {
                    "text": words.get(cause) or self.env._("Other"),
                    "number": self._number(number),
                }
                for cause, number in causes.most_common(_REASONS)
            ]
        for api_id, providers in failures.items():
            for name, number in providers.items():
                care = {"kind": "provider", "name": name}
                care["number"] = self._number(number)
                cards[api_id]["care"].append(care)

    def _graph(self, calls):
        """:param Counter calls: by day"""
        values = [
            {
                "label": format_date(self.env, day, date_format="EEE d"),
                "value": calls[day],
                "type": "past",
            }
            for day in self._days()
        ]
        return json.dumps([{"key": self.env._("Calls"), "values": values}])

    def _days(self):
        """:return: the days of the calls that are shown, oldest first

        They begin as the list's filter does, by the user's clock. Calls are counted by
        days in UTC: where one of these begins before the user's, it is shown, too.
        """
        first = self._today() - timedelta(days=DAYS - 1)
        last = max(self._today(), fields.Date.today())
        return [first + timedelta(days=days) for days in range((last - first).days + 1)]
