"""Writes a table of Dutch public holidays, `ledger/rules/holidays_nl_<n>.py`, from the `holidays` library.

`python -m ledger.dev.holiday_years 2` writes nl-2. The library is a development dependency and is never asked at run
time, so what a deadline was reckoned with does not depend on which version of it is installed. Which holidays, and
why: `ledger.rules.calendar.holiday_table`.
"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""From the first year a moment can have a local day without arithmetic, to the last the library knows."""
LIBERATION_DAY = "05-05"
RULES = Path(__file__).parents[1] / "rules" / "calendar"
SUNDAY = 6


def holiday_years() -> dict[int, list[date]]:
    """Of each year, its holidays in order, by the library; without Sundays, which are no working days anyway."""
    from holidays import country_holidays  # noqa: PLC0415 # a development dependency

    years: dict[int, list[date]] = {}
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        # The library has 5 May as a day off: once in five years. For deadlines it counts in every year.
        days = {*country_holidays("NL", years=year), date.fromisoformat(f"{year}-{LIBERATION_DAY}")}
        years[year] = sorted(day for day in days if day.weekday() != SUNDAY)
    return years


def rendered(years: Mapping[int, Sequence[date]]) -> str:
    """The module with the table."""
    lines = "".join(
        f'    {year}: "{" ".join(day.strftime("%m-%d") for day in days)}",\n' for year, days in years.items()
    )
    return (
        '"""Dutch public holidays of each year, Sundays left out. Written by `ledger.dev.holiday_years`.\n\n'
        "Never edited: deadlines were reckoned with this table, and another one is another module.\n"
        '"""\n\n'
        f"HOLIDAYS = {{\n{lines}}}\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes a new table; a table that exists is left alone."""
    parser = argparse.ArgumentParser(prog="python -m ledger.dev.holiday_years", description=__doc__)
    parser.add_argument("number", type=int, help="of the table to write, 2 for nl-2")
    number = parser.parse_args(arguments).number
    with (RULES / f"holidays_nl_{number}.py").open("x", encoding="utf-8") as file:
        file.write(rendered(holiday_years()))


if __name__ == "__main__":
    main()
