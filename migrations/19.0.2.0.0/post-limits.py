def migrate(cr, version):
    """Rate limits are counted in memory: Odoo removes the model, not its table."""
    cr.execute("DROP TABLE IF EXISTS oauth2_rate_limit")
