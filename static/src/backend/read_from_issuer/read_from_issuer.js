import { Component } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** What a provider publishes of itself, beside what its form holds. */
export class ReadFromIssuerDialog extends Component {
    static template = "api_auth_oauth2.ReadFromIssuerDialog";
    static components = { Dialog };
    static props = {
        lines: Array,
        notes: Array,
        apply: Function,
        close: Function,
    };

    async apply() {
        await this.props.apply();
        this.props.close();
    }
}

/** A button of a provider's form: it needs no saved record, and saves none. */
export class ReadFromIssuer extends Component {
    static template = "api_auth_oauth2.ReadFromIssuer";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
    }

    async read() {
        const record = this.props.record;
        const sent = ["boolean", "char", "selection"];
        const form = Object.fromEntries(
            Object.entries(record.data).filter(([name]) =>
                sent.includes(record.fields[name].type)
            )
        );
        const { values, lines, notes } = await this.orm.call(
            "oauth2.provider",
            "read_from_issuer",
            [form]
        );
        this.dialog.add(ReadFromIssuerDialog, {
            lines,
            notes,
            apply: () => record.update(values),
        });
    }
}

registry.category("view_widgets").add("oauth2_read_from_issuer", {
    component: ReadFromIssuer,
});
