"""Which users of Odoo may use an API with a client."""

from typing import NamedTuple


class Membership(NamedTuple):
    """What a user who may call belongs to."""

    groups: frozenset  # ids, also of those that others imply
    companies: frozenset  # ids of active ones


class Admission(NamedTuple):
    """Whom an API admits with a client, and the company that its calls are made in."""

    groups: frozenset  # ids: a user is in one of them; none: in whichever
    company_id: int  # whose user it is; False: of whichever company

    def by_group(self, membership):
        """:return: whether the user is in an allowed group, if there are any"""
        return not self.groups or not self.groups.isdisjoint(membership.groups)

    def by_company(self, membership):
        """:return: whether the user is of the company, if there is one"""
        return not self.company_id or self.company_id in membership.companies

    def allows(self, membership):
        """:param membership: ``None`` where the user may not call at all
        :return: whether the user may use the API
        """
        if membership is None:
            return False
        # Both are asked, so that a refusal takes as long whatever the user lacks.
        return all([self.by_group(membership), self.by_company(membership)])
