"""The one place that writes ``WWW-Authenticate`` (RFC 9110 section 11.6.1)."""


def quoted_challenge(scheme, **parameters):
    """Write a challenge with every value as a quoted string.

    :param str scheme: such as ``Bearer``
    :param parameters: ASCII texts; control characters are dropped
    :return: the header's value
    """
    written = ", ".join(f'{name}="{_escape(v)}"' for name, v in parameters.items())
    return f"{scheme} {written}" if written else scheme


def _escape(value):
    printable = "".join(c for c in value if " " <= c <= "~")
    return printable.replace("\\", "\\\\").replace('"', '\\"')
