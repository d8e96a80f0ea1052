import { Component, onWillUnmount, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The link that was followed last: the next result is its own. */
let followed = null;

/** A link to a trial of a sign-in, and how the trial ended, which its page tells. */
export class Trial extends Component {
    static template = "api_auth_oauth2.Trial";
    static props = { ...standardFieldProps };

    setup() {
        this.result = useState({ level: "", text: "" });
        const channel = new BroadcastChannel("oauth2_trial");
        channel.onmessage = ({ data: { level, text } }) => {
            if (followed === this) {
                Object.assign(this.result, { level, text });
            }
        };
        onWillUnmount(() => channel.close());
    }

    follow() {
        followed = this;
        Object.assign(this.result, { level: "", text: "" });
    }
}

registry.category("fields").add("oauth2_trial", {
    component: Trial,
    supportedTypes: ["char"],
});
