/** A duration that is stored as a number, read and typed in days, hours or minutes. */
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useInputField } from "@web/views/fields/input_field_hook";
import { useNumpadDecimal } from "@web/views/fields/numpad_decimal_hook";
import { parseFloat } from "@web/views/fields/parsers";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// The stored number that each unit is, the largest first.
const UNITS = {
    second: { day: 86400, hour: 3600, minute: 60, second: 1 },
    hour: { day: 24, hour: 1 },
};
const LONGEST = 24855 * UNITS.second.day; // what the database's integers hold

export class Duration extends Component {
    static template = "api_auth_oauth2.Duration";
    static props = {
        ...standardFieldProps,
        stored: { type: String, optional: true },
        min: { type: Number, optional: true },
        max: { type: Number, optional: true },
    };
    static defaultProps = { stored: "second", min: 1, max: LONGEST };

    setup() {
        this.chosen = useState({ unit: null });
        useInputField({
            refName: "numpadDecimal",
            getValue: () => `${this.value / this.units[this.unit]}`,
            parse: (text) => this.parse(text),
        });
        useNumpadDecimal();
    }

    get units() {
        return UNITS[this.props.stored];
    }

    get value() {
        return this.props.record.data[this.props.name] || 0;
    }

    /** The chosen unit, where the value is a whole number of it; else the largest. */
    get unit() {
        const { unit } = this.chosen;
        const isWhole = unit && this.value % this.units[unit] === 0;
        return isWhole ? unit : this.largestUnit(this.value);
    }

    /** Seconds are offered where the value needs them. */
    get offeredUnits() {
        const names = Object.keys(this.units);
        return names.filter((name) => name !== "second" || name === this.unit);
    }

    get formatted() {
        return this.inWords(this.value);
    }

    get problem() {
        return _t("Write a number: at least %(least)s, at most %(most)s.", {
            least: this.inWords(this.props.min),
            most: this.inWords(this.props.max),
        });
    }

    largestUnit(value) {
        return Object.keys(this.units).find((name) => value % this.units[name] === 0);
    }

    inWords(value) {
        const unit = this.largestUnit(value);
        return this.formatter(unit).format(value / this.units[unit]);
    }

    /** The unit's name beside the present number: day or days, in the user's language. */
    nameOf(unit) {
        const parts = this.formatter(unit).formatToParts(
            this.value / this.units[this.unit]
        );
        return parts.find((part) => part.type === "unit").value;
    }

    formatter(unit) {
        const options = { style: "unit", unit, unitDisplay: "long" };
        return new Intl.NumberFormat(user.lang, options);
    }

    parse(text) {
        const value = Math.round(parseFloat(text) * this.units[this.unit]);
        if (!(value >= this.props.min && value <= this.props.max)) {
            throw new Error(this.problem);
        }
        return value;
    }

    choose(select) {
        const unit = select.value;
        const value = (this.value / this.units[this.unit]) * this.units[unit];
        if (value > this.props.max) {
            select.value = this.unit;
            return this.props.record.setInvalidField(this.props.name);
        }
        this.chosen.unit = unit;
        return this.props.record.update({ [this.props.name]: value });
    }
}

registry.category("fields").add("oauth2_duration", {
    component: Duration,
    supportedTypes: ["integer"],
    isEmpty: () => false,
    extractProps: ({ options }) => ({
        stored: options.stored,
        min: options.min,
        max: options.max,
    }),
});
