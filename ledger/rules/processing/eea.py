"""The European Economic Area: where data may be without a transfer under Chapter V GDPR. Pure.

Source: EEA Agreement, Annex XI, point 5e (GDPR, by Decision 154/2018); Art. 355 TFEU for the outermost regions and
Aland, which have codes of their own in ISO 3166-1; Agreement on the withdrawal of the United Kingdom (OJ L 29,
31.1.2020), Art. 126 and 127: Union law held there until the transition ended.
"""

MEMBERS = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT"),
        *("LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),  # the Union
        *("AX", "GF", "GP", "MF", "MQ", "RE", "YT"),  # Aland, and the outermost regions of France
        *("IS", "LI", "NO"),
    )
)
"""ISO 3166-1 alpha-2, as of every moment since the GDPR applies but for `LEFT`."""

LEFT = {"GB": 1_609_455_600_000_000}
"""Country -> the first moment it is no longer in: 2021-01-01T00:00+01:00 (X16)."""

CHANGES_OF_THE_EEA = frozenset(LEFT.values())
"""Moments at which an answer of `in_eea` changes."""

EEA = "eea"
"""The region as packs name it."""


def in_eea(country: str, at: int) -> bool:
    """Whether a country was in the EEA at a moment.

    Args:
        country: ISO 3166-1 alpha-2, in any case.
        at: microseconds since the epoch, UTC.
    """
    code = country.upper()
    return code in MEMBERS or (code in LEFT and at < LEFT[code])
