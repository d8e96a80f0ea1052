"""What the ready scopes of each app open: its own documents, and what they lead to.

No more than what users are shown along with the documents: who needs contacts to
orders adds the contacts' scope.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

READ = "read"
_CHANGE = "read,create,write"
_ALL = "read,create,write,unlink"

#: (module, name of its scopes, label and description of the one that reads, of the one
#: that changes, models that are read, and what more the latter opens of which)
APPS = (
    (
        "base",
        "contacts",
        (_lt("Read contacts"), _lt("Read contacts: names, addresses, tags")),
        (_lt("Change contacts"), _lt("Read, create and change contacts")),
        "res.partner res.partner.category res.partner.industry res.country"
        " res.country.state",
        {"res.partner": _CHANGE},
    ),
    (
        "sale",
        "sales",
        (_lt("Read sales orders"), _lt("Read quotations and sales orders")),
        (
            _lt("Change sales orders"),
            _lt("Read, create and change quotations and sales orders"),
        ),
        "sale.order sale.order.line crm.team crm.tag",
        {"sale.order": _CHANGE, "sale.order.line": _ALL},
    ),
    (
        "crm",
        "crm",
        (_lt("Read leads"), _lt("Read leads and opportunities")),
        (_lt("Change leads"), _lt("Read, create and change leads and opportunities")),
        "crm.lead crm.stage crm.tag crm.team crm.lost.reason",
        {"crm.lead": _CHANGE},
    ),
    (
        "product",
        "products",
        (_lt("Read products"), _lt("Read products, their categories and prices")),
        (_lt("Change products"), _lt("Read, create and change products")),
        "product.template product.product product.category product.tag"
        " product.pricelist product.pricelist.item uom.uom",
        {"product.template": _CHANGE, "product.product": _CHANGE},
    ),
    (
        "stock",
        "inventory",
        (_lt("Read inventory"), _lt("Read stock and transfers")),
        (_lt("Change inventory"), _lt("Read stock, create and change transfers")),
        "stock.quant stock.picking stock.picking.type stock.move stock.move.line"
        " stock.lot stock.location stock.warehouse",
        {"stock.picking": _CHANGE, "stock.move": _ALL, "stock.move.line": _ALL},
    ),
    (
        "purchase",
        "purchases",
        (_lt("Read purchases"), _lt("Read requests for quotation and purchase orders")),
        (
            _lt("Change purchases"),
            _lt("Read, create and change requests for quotation and purchase orders"),
        ),
        "purchase.order purchase.order.line",
        {"purchase.order": _CHANGE, "purchase.order.line": _ALL},
    ),
    (
        "account",
        "invoicing",
        (_lt("Read invoices"), _lt("Read invoices, bills, payments and journals")),
        (
            _lt("Change invoices"),
            _lt("Read, create and change invoices, bills and journal entries"),
        ),
        "account.move account.move.line account.payment account.journal"
        " account.account account.tax account.payment.term",
        {"account.move": _CHANGE, "account.move.line": _ALL},
    ),
    (
        "project",
        "projects",
        (_lt("Read projects"), _lt("Read projects and tasks")),
        (_lt("Change projects"), _lt("Read, create and change projects and tasks")),
        "project.project project.task project.task.type project.tags project.milestone",
        {"project.project": _CHANGE, "project.task": _CHANGE},
    ),
    (
        "hr_timesheet",
        "timesheets",
        (_lt("Read timesheets"), _lt("Read timesheets")),
        (_lt("Change timesheets"), _lt("Read, create and change timesheets")),
        "account.analytic.line project.project project.task",
        {"account.analytic.line": _CHANGE},
    ),
    (
        "hr",
        "employees",
        (
            _lt("Read employees"),
            _lt("Read what every colleague may see of employees, and departments"),
        ),
        None,  # what is written of employees is private
        "hr.employee.public hr.department hr.job",
        {},
    ),
    (
        "calendar",
        "calendar",
        (_lt("Read calendars"), _lt("Read meetings and who takes part")),
        (_lt("Change calendars"), _lt("Read, plan, change and cancel meetings")),
        "calendar.event calendar.attendee calendar.event.type",
        {"calendar.event": _ALL, "calendar.attendee": _ALL},
    ),
    (
        "mrp",
        "manufacturing",
        (_lt("Read manufacturing"), _lt("Read manufacturing and work orders")),
        (_lt("Change manufacturing"), _lt("Read and change manufacturing orders")),
        "mrp.production mrp.workorder mrp.workcenter mrp.bom mrp.bom.line",
        {"mrp.production": _CHANGE, "mrp.workorder": "read,write"},
    ),
    (
        "event",
        "events",
        (_lt("Read events"), _lt("Read events and registrations")),
        (_lt("Change events"), _lt("Read, create and change registrations")),
        "event.event event.event.ticket event.registration event.stage event.tag",
        {"event.registration": _CHANGE},
    ),
    (
        "mass_mailing",
        "mailing",
        (_lt("Read mailing lists"), _lt("Read mailing lists and who is on them")),
        (_lt("Change mailing lists"), _lt("Add contacts to mailing lists")),
        "mailing.list mailing.contact mailing.subscription",
        {"mailing.contact": _CHANGE, "mailing.subscription": _CHANGE},
    ),
    (
        "point_of_sale",
        "pos",
        (_lt("Read shop orders"), _lt("Read orders of the point of sale")),
        None,
        "pos.order pos.order.line pos.payment pos.session",
        {},
    ),
)
