import { Component, useState } from "@odoo/owl";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { _t } from "@web/core/l10n/translation";
import { downloadFile } from "@web/core/network/download";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Scopes that an application may be given, as checkboxes with words. */
export class ScopeChoices extends Component {
    static template = "api_auth_oauth2.ScopeChoices";
    static props = { ...standardFieldProps };

    get choices() {
        return this.props.record.data[this.props.name] || [];
    }

    toggle(name) {
        const choices = this.choices.map((choice) =>
            choice.name === name ? { ...choice, chosen: !choice.chosen } : choice
        );
        this.props.record.update({ [this.props.name]: choices });
    }
}

/** What to paste into an application: values, files, and programs that try it. */
export class Connection extends Component {
    static template = "api_auth_oauth2.Connection";
    static components = { CopyButton };
    static props = { ...standardFieldProps };

    setup() {
        this.copied = _t("Copied");
        this.shown = useState({ key: this.connection.snippets[0]?.[0] });
    }

    get connection() {
        const nothing = { values: [], more_values: [], files: [], snippets: [] };
        return this.props.record.data[this.props.name] || nothing;
    }

    get snippet() {
        const found = this.connection.snippets.find(([key]) => key === this.shown.key);
        return found ? found[2] : "";
    }

    download([, name, text]) {
        downloadFile(text, name, "text/plain");
    }
}

const supportedTypes = ["jsonb", "json"];
registry.category("fields").add("oauth2_scope_choices", {
    component: ScopeChoices,
    supportedTypes,
});
registry.category("fields").add("oauth2_connection", {
    component: Connection,
    supportedTypes,
});
