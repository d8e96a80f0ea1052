/** The bin of a row says first whose access ends with it, once the form is saved. */
import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";

class EndingRows extends X2ManyField {
    setup() {
        super.setup();
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        // Odoo sets it again with each change of the form.
        let remove = this.activeActions.onDelete;
        Object.defineProperty(this.activeActions, "onDelete", {
            get: () => remove && ((record) => this.ask(record, remove)),
            set: (changed) => (remove = changed),
        });
    }

    async ask(record, remove) {
        const { resId, resModel } = record;
        const ended =
            resId &&
            (await this.orm.call(resModel, "oauth2_what_ends", [[resId], "delete"]));
        if (!ended) {
            return remove(record);
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("Delete"),
            body: `${ended}\n\n${_t("Delete?")}`,
            confirmLabel: _t("Delete"),
            confirmClass: "btn-danger",
            confirm: () => remove(record),
            cancel: () => {},
        });
    }
}

registry.category("fields").add("oauth2_ending_rows", {
    ...x2ManyField,
    component: EndingRows,
});
