"""Ready scopes of installed apps: what each opens, and how one becomes a record.

- An app's scope opens the app's own documents, and what their lists and lines show.
- No ready scope opens what decides rights, and none names a method: our own
  administrators may make each.
- *Read everything* is a list of models as any other scope's, made when it is added. A
  wildcard would open, behind its users' backs, what an app brings that is installed
  later; and the keys, passwords and mails that a Settings administrator may read.
- A scope that is there already stays as it is: its users agreed to that.
"""

from dataclasses import dataclass, replace

from odoo.tools import format_list

from ..calls.json2_methods import OPERATIONS
from .administration_models import is_administration
from .app_scopes import APPS, READ
from .route_list import lacking_scopes, list_routes

EVERYTHING = "everything.read"


@dataclass(frozen=True)
class ScopeTemplate:
    """A ready scope; texts are in the language of the environment it was made with."""

    key: str
    name: str  # of the scope, as routes and applications spell it
    label: str
    description: str  # what users read when they are asked
    module: str
    lines: tuple  # of (model name, operations separated by commas, methods by spaces)


#: Apps whose documents are not to be handed on as a whole: mails, chats, the accounts
#: that Odoo pays, signs or sends with.
_PRIVATE = (
    *("mail.", "discuss.", "bus.", "sms.", "fetchmail.", "phone."),
    *("payment.", "certificate.", "iap.", "google.", "microsoft."),
)
#: Their menus lead to what administrators set up.
_ADMINISTRATORS_MENUS = (
    "base.menu_administration",
    "base.menu_management",
    "api_auth_oauth2.oauth2_menu_root",
)
_ADMINISTRATORS = {"base.group_system", "base.group_erp_manager"}


def templates(env):
    """:return: the ready scopes of installed apps, a list of ``ScopeTemplate``"""
    installed, found = env["ir.module.module"]._installed(), []
    for module, app, *texts, reads, more in APPS:
        if module not in installed:
            continue
        reading = dict.fromkeys(reads.split(), READ)
        kinds = zip(("read", "write"), texts, (reading, reading | more), strict=True)
        for kind, text, opened in kinds:
            if text and (lines := _lines(env, opened)):
                label, description = map(env._, text)
                key = f"{app}.{kind}"
                found.append(ScopeTemplate(key, key, label, description, module, lines))
    return [*found, _everything(env, found)]


def make_scope(oauth2_api, template):
    """Find or make the scope of an API that a template describes.

    :param oauth2_api: the API's record
    :param template: ``ScopeTemplate``
    :return: the ``oauth2.scope``; one of that name is left as it is
    :raises AccessError: the user may not make scopes, or not open this
    """
    scope = oauth2_api.scope_ids.filtered(lambda s: s.name == template.name)
    if scope:
        return scope
    env = oauth2_api.env
    scope = env["oauth2.scope"].create(
        {
            "api_id": oauth2_api.id,
            "name": template.name,
            "description": template.description,
        }
    )
    _add_lines(scope, template.lines)
    return scope


def offered(oauth2_api):
    """Find what an API may still be given: scopes that its routes ask for and no token
    can have, ready scopes that it lacks, and the rest of *Read everything*.

    :return: list of ``ScopeTemplate``
    """
    env, names = oauth2_api.env, set(oauth2_api.scope_ids.mapped("name"))
    ready = {template.name: template for template in templates(env)}
    found = []
    for name, routes in lacking_scopes(list_routes(env), oauth2_api).items():
        if name not in ready:
            label = env._("Asked for by %s", format_list(env, [r.path for r in routes]))
            found.append(ScopeTemplate(name, name, label, "", routes[0].addons[0], ()))
    for template in ready.values():
        if template.name not in names:
            found.append(template)
        elif template.name == EVERYTHING:
            if more := _missing_lines(oauth2_api, template):
                label = env._("Read everything: %s kinds of records more", len(more))
                found.append(replace(template, label=label, description=label))
    return found


def add_offered(oauth2_api, names):
    """Give an API what it was offered.

    :param names: set of names of scopes
    :raises AccessError: the user may not make scopes, or have one open more
    """
    for template in offered(oauth2_api):
        if template.name in names:
            scope = make_scope(oauth2_api, template)
            _add_lines(scope, _missing_lines(oauth2_api, template))


def _missing_lines(oauth2_api, template):
    """:return: those of the template's lines of whose model its scope has none"""
    scope = oauth2_api.scope_ids.filtered(lambda s: s.name == template.name)
    there = set(scope.line_ids.mapped("model_id.model"))
    return tuple(line for line in template.lines if line[0] not in there)


def _add_lines(scope, lines):
    values = [_line_values(scope, line) for line in lines]
    scope.env["oauth2.scope.line"].create(values)


def _line_values(scope, line):
    model_name, operations, methods = line
    opened = operations.split(",")
    return {
        "scope_id": scope.id,
        "model_id": scope.env["ir.model"]._get_id(model_name),
        "method_names": methods or False,
        **{f"perm_{operation}": operation in opened for operation in OPERATIONS},
    }


def _lines(env, opened):
    """:param dict opened: ``{model name: operations}``
    :return: the lines of those that this Odoo has, which differ by its other apps
    """
    return tuple((name, kinds, "") for name, kinds in opened.items() if name in env)


def _everything(env, others):
    """Read what users find in the menus of apps, and the lines of such documents.

    :param others: the other templates, whose models are a part of it
    :return: ``ScopeTemplate``
    """
    of_apps = {line[0] for template in others for line in template.lines}
    shown = of_apps | _models_of_menus(env)
    shown |= {name for found in shown for name in _parts(env[found])}
    readable = _readable_by_users(env)
    kept = of_apps | {name for name in shown & readable if _is_harmless(env[name])}
    return ScopeTemplate(
        EVERYTHING,
        EVERYTHING,
        env._("Read everything"),
        env._(
            "Read all that you may see in your apps, but no messages, no files, and"
            " nothing that administrators set up"
        ),
        "base",
        _lines(env, dict.fromkeys(sorted(kept), READ)),
    )


def _models_of_menus(env):
    """:return: set of the models that menus of apps lead to"""
    Menu = env["ir.ui.menu"].sudo().with_context(**{"ir.ui.menu.full_list": True})
    roots = [env.ref(name, raise_if_not_found=False) for name in _ADMINISTRATORS_MENUS]
    roots = [root.id for root in roots if root]
    menus = Menu.search([("action", "=like", "ir.actions.act_window,%")])
    menus -= Menu.search([("id", "child_of", roots)])
    actions = env["ir.actions.act_window"].sudo()
    actions = actions.union(*(menu.action for menu in menus)).exists()
    return {action.res_model for action in actions if action.res_model in env}


def _parts(model):
    """:return: the models of a document's lines, which are deleted with it"""
    for field in model._fields.values():
        if field.type == "one2many" and field.inverse_name:
            inverse = model.env[field.comodel_name]._fields[field.inverse_name]
            if inverse.type == "many2one" and inverse.ondelete == "cascade":
                yield field.comodel_name


def _readable_by_users(env):
    """:return: set of the models that more than administrators may read"""
    administrators = [env.ref(name).id for name in _ADMINISTRATORS]
    rights = env["ir.model.access"].sudo()
    domain = [("perm_read", "=", True), ("group_id", "not in", administrators)]
    return set(rights.search(domain).mapped("model_id.model"))


def _is_harmless(model):
    """:return: whether a model that a menu leads to may be read by *Read everything*"""
    return not (
        model._transient
        or model._abstract
        or model._name.startswith(_PRIVATE)
        or is_administration(model.env, model._name)
        # Where administrators see more fields than others, those are keys, as a rule.
        or any(
            field.groups and _ADMINISTRATORS.issuperset(field.groups.split(","))
            for field in model._fields.values()
        )
    )
