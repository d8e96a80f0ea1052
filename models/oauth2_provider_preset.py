from odoo import api, fields, models

from ..services.providers import provider_presets
from ..services.providers.preset import ADDRESSES, WORDS
from ..services.providers.provider_presets import PRESETS


class OAuth2ProviderPreset(models.AbstractModel):
    """What is known of a provider, for its form to fill in."""

    _name = "oauth2.provider.preset"
    _description = "OAuth2 Provider Preset"

    preset = fields.Selection(
        [(key, preset.label) for key, preset in PRESETS.items()],
        default="custom",
        required=True,
        help="Fills in what is known of a provider; all of it can be changed.",
    )
    preset_host = fields.Char(
        "Host",
        compute="_compute_preset_parameters",
        readonly=False,
        help="The provider's own name in addresses, without https://.",
    )
    preset_tenant = fields.Char(
        "Tenant ID",
        compute="_compute_preset_parameters",
        readonly=False,
        help="Of the organisation, as its console shows it: a GUID, no domain.",
    )
    preset_realm = fields.Char(
        "Realm", compute="_compute_preset_parameters", readonly=False
    )
    preset_slug = fields.Char(
        "Application Slug", compute="_compute_preset_parameters", readonly=False
    )
    preset_words = fields.Char(compute="_compute_preset_parameters")
    preset_host_example = fields.Char(compute="_compute_preset_guide")
    preset_guide = fields.Html(compute="_compute_preset_guide", sanitize=False)
    preset_caveats = fields.Text(compute="_compute_preset_guide")

    @api.depends("preset", *ADDRESSES)
    def _compute_preset_parameters(self):
        for provider in self:
            known = provider_presets.parameters(
                provider.preset or "custom", provider._addresses()
            )
            provider.preset_words = " ".join(known)
            for word, name in WORDS.items():
                provider[name] = known.get(word)

    @api.depends("preset", *ADDRESSES)
    @api.depends_context("lang")
    def _compute_preset_guide(self):
        for provider in self:
            key = provider.preset or "custom"
            example = PRESETS[key].host_example
            provider.preset_host_example = self.env._("e.g. %s", example)
            provider.preset_caveats = provider_presets.caveats(self.env, key)
            provider.preset_guide = provider_presets.guide(
                self.env, key, provider._addresses()
            )

    @api.onchange("preset")
    def _onchange_preset(self):
        values = provider_presets.preset_values(self.preset or "custom")
        defaults = self.default_get(list(values))
        for name, value in values.items():
            self[name] = defaults.get(name) if value is None else value
        if self.name in (False, *map(provider_presets.name_of, PRESETS)):
            self.name = provider_presets.name_of(self.preset or "custom")

    @api.onchange(*WORDS.values())
    def _onchange_preset_parameters(self):
        parameters = {word: self[name] for word, name in WORDS.items()}
        if self.preset_words:
            self.update(provider_presets.complete(self.preset, parameters))

    def _addresses(self):
        """:return: ``{field: address}``, "" where there is none"""
        return {name: self[name] or "" for name in ADDRESSES}
