"""Bech32 (BIP 173) without its length limit, as age writes recipients and identities."""

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode(prefix: str, data: bytes) -> str:
    """`prefix`, "1", the data in groups of 5 bits and six symbols of checksum; all lower case."""
    symbols = _regroup(data, 8, 5)
    if spare := -len(data) * 8 % 5:
        symbols.append((data[-1] << spare) & 31)
    check = _polymod(_expand(prefix) + symbols + [0] * 6) ^ 1
    symbols += [(check >> 5 * (5 - i)) & 31 for i in range(6)]
    return prefix + "1" + "".join(_ALPHABET[s] for s in symbols)


def decode(text: str) -> tuple[str, bytes]:
    """The prefix in lower case, and the data.

    Raises:
        ValueError: not Bech32, mixed case, a wrong checksum or stray bits at the end.
    """
    if text not in {text.lower(), text.upper()}:
        raise ValueError("mixed case")
    prefix, _, tail = text.lower().rpartition("1")
    if not prefix or len(tail) < 6 or not prefix.isascii() or not set(tail) <= _VALUES.keys():
        raise ValueError("not Bech32")
    symbols = [_VALUES[letter] for letter in tail]
    if _polymod(_expand(prefix) + symbols) != 1:
        raise ValueError("wrong checksum")
    data = symbols[:-6]
    spare = len(data) * 5 % 8
    if spare > 4 or (spare and data[-1] & ((1 << spare) - 1)):
        raise ValueError("stray bits at the end")
    return prefix, bytes(_regroup(data, 5, 8))


def _regroup(values: bytes | list[int], wide: int, narrow: int) -> list[int]:
    # Whole groups only: what to do with bits left over differs between the two directions.
    groups, held, bits = [], 0, 0
    for value in values:
        held = (held << wide | value) & 0xFFFF
        bits += wide
        while bits >= narrow:
            bits -= narrow
            groups.append(held >> bits & ((1 << narrow) - 1))
    return groups


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(_GENERATORS):
            check ^= generator if top >> i & 1 else 0
    return check
