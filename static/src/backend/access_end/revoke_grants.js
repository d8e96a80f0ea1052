/** Revoke one grant or many: what ends is asked first, and told afterwards. */
import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formView } from "@web/views/form/form_view";
import { FormController } from "@web/views/form/form_controller";
import { listView } from "@web/views/list/list_view";
import { ListController } from "@web/views/list/list_controller";

const MODEL = "oauth2.client.user";
const BATCH = 100; // a transaction each, so that what is revoked stays revoked

/**
 * @returns {Function} asks, and revokes the grants of these ids. Options: `ended`, what
 * ends, where the server need not say it; `all`, how many there are, where not all of
 * them come along; `after`, called when some may be gone
 */
export function useRevoke() {
    const orm = useService("orm");
    const dialog = useService("dialog");
    const notification = useService("notification");
    const ui = useService("ui");

    async function revoke(ids) {
        const told = { revoked: 0, waiting: [] };
        try {
            for (let start = 0; start < ids.length; start += BATCH) {
                const batch = ids.slice(start, start + BATCH);
                if (ids.length > BATCH) {
                    const values = { done: start, all: ids.length };
                    ui.block({ message: _t("Revoked: %(done)s of %(all)s", values) });
                }
                const answer = await orm
                    .call(MODEL, "action_revoke", [batch])
                    .finally(() => ids.length > BATCH && ui.unblock());
                told.revoked += answer.revoked;
                told.waiting = [...new Set([...told.waiting, ...answer.waiting])];
            }
        } finally {
            tell(told, ids.length);
        }
    }

    function tell({ revoked, waiting }, count) {
        const lines = [_t("Revoked: %(revoked)s of %(count)s.", { revoked, count })];
        if (waiting.length) {
            const names = waiting.join(", ");
            lines.push(
                _t("Still to be told, which a job does: %(names)s.", { names })
            );
        }
        notification.add(lines.join(" "), {
            type: revoked === count ? "success" : "warning",
        });
    }

    return async (ids, { ended, all = ids.length, after }) => {
        ended ||=
            (await orm.call(MODEL, "oauth2_what_ends", [ids, "revoke"])) ||
            _t("No access ends: it is over already. The records are deleted.");
        const body = [ended];
        if (ids.length < all) {
            body.push(
                _t("Of %(all)s, the first %(count)s are revoked.", {
                    all,
                    count: ids.length,
                })
            );
        }
        dialog.add(ConfirmationDialog, {
            title: _t("Revoke"),
            body: body.join("\n\n"),
            confirmLabel: _t("Revoke"),
            confirmClass: "btn-danger",
            confirm: () => revoke(ids).finally(after),
            cancel: () => {},
        });
    };
}

class GrantFormController extends FormController {
    setup() {
        super.setup();
        this.revoke = useRevoke();
    }

    async beforeExecuteActionButton(clickParams) {
        if (clickParams.name !== "action_revoke") {
            return super.beforeExecuteActionButton(clickParams);
        }
        // The record is gone then: back to where its user came from.
        const after = () => this.env.config.historyBack();
        await this.revoke([this.model.root.resId], { after });
        return false;
    }
}

class GrantListController extends ListController {
    setup() {
        super.setup();
        this.revoke = useRevoke();
    }

    async beforeExecuteActionButton(clickParams) {
        if (clickParams.name !== "action_revoke") {
            return super.beforeExecuteActionButton(clickParams);
        }
        const { root } = this.model;
        const ids = await root.getResIds(true);
        const all = root.isDomainSelected ? root.count : ids.length;
        await this.revoke(ids, { all, after: () => this.model.load() });
        return false;
    }
}

registry.category("views").add("oauth2_grant_form", {
    ...formView,
    Controller: GrantFormController,
});
registry.category("views").add("oauth2_grant_list", {
    ...listView,
    Controller: GrantListController,
});
