/** Of a user's form: the applications that act as the user, one card for each. */
import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { useRevoke } from "../access_end/revoke_grants";

export class ConnectedApplications extends Component {
    static template = "api_auth_oauth2.ConnectedApplications";
    static props = standardWidgetProps;

    setup() {
        this.orm = useService("orm");
        this.revokeGrants = useRevoke();
        this.state = useState({ applications: [] });
        onWillStart(() => this.load(this.props.record.resId));
        onWillUpdateProps(({ record }) => {
            if (record.resId !== this.props.record.resId) {
                return this.load(record.resId);
            }
        });
    }

    get isOwn() {
        return this.props.record.resId === user.userId;
    }

    async load(userId) {
        this.state.applications = userId
            ? await this.orm.call(
                  "oauth2.client.user",
                  "oauth2_connected_applications",
                  [userId]
              )
            : [];
    }

    time(text) {
        return toLocaleDateTimeString(deserializeDateTime(text));
    }

    begun(signIn) {
        const time = this.time(signIn.authorized_at);
        return signIn.is_service
            ? _t("Set up by an administrator, without asking the user, %(time)s", {
                  time,
              })
            : _t("Allowed %(time)s", { time });
    }

    used(signIn) {
        if (!signIn.last_used_at) {
            return _t("Not used yet");
        }
        const time = this.time(signIn.last_used_at);
        return signIn.last_used_from
            ? _t("Last used %(time)s from %(address)s", {
                  time,
                  address: signIn.last_used_from,
              })
            : _t("Last used %(time)s", { time });
    }

    ends(signIn) {
        return _t("Ends %(time)s", { time: this.time(signIn.expires_at) });
    }

    /** Those that are not given again as soon as the application asks. */
    revocable(application) {
        return application.sign_ins.filter((signIn) => !signIn.is_service);
    }

    revoke(application, signIns) {
        const values = {
            application: application.name,
            user: this.props.record.data.name,
        };
        const left = application.sign_ins.length - signIns.length;
        const sentences = [
            this.isOwn
                ? _t("%(application)s can no longer act as you, at once.", values)
                : _t("%(application)s can no longer act as %(user)s, at once.", values),
        ];
        if (left) {
            sentences[0] = _t("This sign-in of %(application)s ends at once.", values);
            sentences.push(_t("Others of it go on: %(left)s.", { left }));
        }
        sentences.push(
            _t("To use it again, its user signs in again.")
        );
        const ids = signIns.map((signIn) => signIn.id);
        return this.revokeGrants(ids, {
            ended: sentences.join(" "),
            after: () => this.load(this.props.record.resId),
        });
    }
}

registry.category("view_widgets").add("oauth2_connected_applications", {
    component: ConnectedApplications,
});
