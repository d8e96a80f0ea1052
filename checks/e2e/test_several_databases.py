"""One server with two databases: `X-Odoo-Database` says which one is meant."""

import requests
from providers import QuickProvider
from server import (
    DB,
    OTHER_DB,
    SECOND_URL,
    SECONDS,
    Administrator,
    ServerCase,
    Site,
    catch_up,
    visit,
)

ENDPOINT = "both"  # an API of this name is in each database


class TestSeveralDatabases(ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = cls.enterClassContext(QuickProvider())
        cls.sites, cls.tokens = {}, {}
        for database in (DB, OTHER_DB):
            administrator = Administrator(SECOND_URL, database)
            site = Site(administrator, {"endpoint": ENDPOINT}, SECOND_URL, database)
            cls.addClassCleanup(
                administrator.write, "oauth2.api", site.api_id, active=False
            )
            site.use(cls.provider, scope="email profile")
            cls.sites[database] = site
        for database, site in cls.sites.items():
            cls.tokens[database] = site.authorize(login=site.login)[0]
        catch_up()

    def call(self, database, token, path="probe"):
        headers = {"X-Odoo-Database": database} if database else {}
        return requests.get(
            f"{SECOND_URL}/{ENDPOINT}/{path}",
            headers={"Authorization": f"Bearer {token}", **headers},
            timeout=SECONDS,
        )

    def test_the_database_named_in_a_header_answers(self):
        for path in ("probe", "probe/readonly"):
            for database, told in self.tokens.items():
                with self.subTest(path=path, database=database):
                    answer = self.call(database, told["access_token"], path)
                    self.assertEqual(answer.status_code, 200, answer.text)
                    self.assertEqual(answer.json()["database"], database)
                    self.assertEqual(answer.json()["login"], self.sites[database].login)

    def test_token_information_names_its_database(self):
        self.assertEqual(
            {db: told["db"] for db, told in self.tokens.items()},
            {
                DB: DB,
                OTHER_DB: OTHER_DB,
            },
        )

    def test_a_token_of_one_database_opens_nothing_in_another(self):
        for database, other in ((DB, OTHER_DB), (OTHER_DB, DB)):
            answer = self.call(database, self.tokens[other]["access_token"])
            self.assertRefused(answer, 401, "invalid_token")

    def test_without_a_header_no_database_of_several_answers(self):
        for told in self.tokens.values():
            answer = self.call(None, told["access_token"])
            self.assertEqual(answer.status_code, 404)

    def test_a_header_that_names_an_unknown_database_is_refused(self):
        answer = self.call("postgres", self.tokens[DB]["access_token"])
        self.assertEqual(answer.status_code, 404)

    def test_refresh_and_revoke_stay_in_their_database(self):
        for database, other in ((DB, OTHER_DB), (OTHER_DB, DB)):
            site, elsewhere = self.sites[database], self.sites[other]
            told, identity = site.authorize(login=site.login)
            for end in (elsewhere.refresh, elsewhere.revoke):
                self.assertRefused(end(identity), 400, "invalid_grant")
            self.assertEqual(self.call(database, told["access_token"]).status_code, 200)
            self.assertEqual(site.revoke(identity).status_code, 200)
            answer = self.call(database, told["access_token"])
            self.assertRefused(answer, 401, "invalid_token")

    def test_a_callback_without_the_header_finds_no_database(self):
        """A browser cannot send it: several databases need a dbfilter."""
        site = self.sites[OTHER_DB]
        callback = site.sign_in(site.ask()["authorization_url"])
        self.assertEqual(visit(callback).status_code, 404)
