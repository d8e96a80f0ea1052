"""Which networks an application may call from."""

import ipaddress


def not_from_there(networks):
    """Return why a call was refused, for its event."""
    allowed = ", ".join(map(str, networks))
    return f"The call came from another network than the client's own: {allowed}."


def parse_networks(text):
    """Return the networks that `text` names, a tuple of `ipaddress` networks.

    Networks and addresses are separated by spaces, commas or lines. Raises ValueError,
    whose text is the first that is neither.
    """
    networks = []
    for each in text.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(each)
        except ValueError:
            raise ValueError(each) from None
        if getattr(network.network_address, "ipv4_mapped", None):
            raise ValueError(each)  # callers are IPv4 addresses then: see `allows`
        networks.append(network)
    return tuple(networks)


def allows(networks, address):
    """Return whether `address`, a text, may call; from anywhere if there is no network.

    An IPv4 address counts as such in IPv6's spelling, too, which a server that listens
    on both has it in. What is no address may call from nowhere.
    """
    if not networks:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    caller = getattr(caller, "ipv4_mapped", None) or caller
    return any(caller in network for network in networks)


def covers(networks, others):
    """Return whether all of `others` lie in one of `networks` each."""
    if not networks:
        return True
    return bool(others) and all(
        any(
            other.version == network.version and other.subnet_of(network)
            for network in networks
        )
        for other in others
    )
