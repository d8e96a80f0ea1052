"""Connect an Application, and what a developer is given: snippets, descriptions."""
