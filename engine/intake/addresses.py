"""Client addresses: the ways a log writes one address, as one text.

Ports go, of a chain of proxies the client stays, and an address in two notations is one. What is no address is null.
A long token without dots is taken for the hash of an address, as logs keep it that may not keep the address itself.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import orjson
import pyarrow as pa
import pyarrow.compute as pc

_OCTET = r"(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])"
# IPv4 as it should be; 0.0.0.0/8 is nobody's.
_PLAIN = rf"^(?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.{_OCTET}){{3}}$"
_HASH = re.compile(r"(?:[a-z0-9]{2,8}[:$])?(?=[^\d]*\d)[0-9A-Za-z+/_=-]{16,}", re.IGNORECASE)
_SCHEME = re.compile(r"^(?:for=|ipv[46]:|tcp://|/)", re.IGNORECASE)  # RFC 7239, gRPC, Java
_FOUR_AND_PORT = re.compile(r"([\d.]+(?:\.[x*]+)?):\d{1,5}", re.IGNORECASE)
_SIX_AND_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?")
_MASKED = re.compile(r"\.(?:x{1,3}|\*)$", re.IGNORECASE)  # 203.0.113.x
_LENGTH_MAX = 4096  # of a chain; longer is no header
# Own networks, of which a proxy may be. Python's is_private has those for documentation among them.
_PRIVATE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"))
) + tuple(map(ip_network, ("::1/128", "fc00::/7", "fe80::/10")))


def normalised(array: pa.StringArray) -> pa.StringArray:
    """Addresses, chains of them or hashes of them as one text each; null where there is none."""
    if pc.all(pc.match_substring_regex(array, _PLAIN)).as_py() is not False:
        return array
    encoded = array.dictionary_encode()
    clients = pa.array([client_of(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return clients.take(encoded.indices)


@lru_cache(maxsize=1 << 14)
def client_of(text: str) -> str | None:
    """The client's address in ``text``: of a chain the first that is not a proxy's own network, else the first."""
    if len(text) > _LENGTH_MAX:
        return None
    text = text.strip()
    if text.startswith(('["', "['")):
        text = ",".join(_texts_of(text))
    found = [address for token in re.split(r"[,;\s]+", text) if (address := _address(token)) is not None]
    if found:
        return str(next((one for one in found if not any(one in network for network in _PRIVATE)), found[0]))
    return text if _HASH.fullmatch(text) else None


def _texts_of(text: str) -> list[str]:
    try:
        values = orjson.loads(text.replace("'", '"'))
    except orjson.JSONDecodeError:
        return []
    return [value for value in values if isinstance(value, str)]


def _address(token: str) -> IPv4Address | IPv6Address | None:
    """One hop of a chain."""
    token = _SCHEME.sub("", token.strip('"'), count=1).strip('"')
    bare = _SIX_AND_PORT.fullmatch(token) or _FOUR_AND_PORT.fullmatch(token)
    text = (bare[1] if bare else token).partition("%")[0].partition("/")[0]
    try:
        address = ip_address(_MASKED.sub(".0", text))
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return None if address.is_unspecified or address in _NOBODY else address


_NOBODY = ip_network("0.0.0.0/8")
