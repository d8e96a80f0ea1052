/** Archive and Delete say first whose access they end, in whatever view they stand. */
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { FormController } from "@web/views/form/form_controller";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { ListController } from "@web/views/list/list_controller";

const MODELS = [
    "oauth2.api",
    "oauth2.client",
    "oauth2.provider",
    "oauth2.scope",
    "res.users",
];

function idsOf(root) {
    return root.resId ? [root.resId] : root.getResIds(true);
}

const sayWhatEnds = () => ({
    getStaticActionMenuItems() {
        const items = super.getStaticActionMenuItems();
        if (MODELS.includes(this.props.resModel)) {
            for (const way of ["archive", "delete"].filter((name) => items[name])) {
                const { callback } = items[way];
                items[way].callback = async () => {
                    const ids = await idsOf(this.model.root);
                    this.whatEnds = await this.model.orm.call(
                        this.props.resModel,
                        "oauth2_what_ends",
                        [ids, way]
                    );
                    const asked = callback(); // the dialog, with the getters below
                    this.whatEnds = false;
                    return asked;
                };
            }
        }
        return items;
    },
    get archiveDialogProps() {
        return this.saying(super.archiveDialogProps, _t("Archive?"));
    },
    get deleteConfirmationDialogProps() {
        return this.saying(super.deleteConfirmationDialogProps, _t("Delete?"), {
            title: _t("Delete"),
            confirmClass: "btn-danger",
        });
    },
    saying(props, question, others = {}) {
        if (!this.whatEnds) {
            return props;
        }
        return { ...props, ...others, body: `${this.whatEnds}\n\n${question}` };
    },
});

for (const Controller of [FormController, ListController, KanbanController]) {
    patch(Controller.prototype, sayWhatEnds());
}
