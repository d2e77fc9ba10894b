# SPDX-License-Identifier: MIT
"""When people may be written to: hours, zones and holidays, by zoneinfo and lists of their own; nothing of the program's is read."""
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
COUNTRY_ZONES = {"FR": "Europe/Paris", "DE": "Europe/Berlin", "IT": "Europe/Rome", "ES": "Europe/Madrid", "GB": "Europe/London",
                 "JP": "Asia/Tokyo", "IN": "Asia/Kolkata"}


def easter(year):
    """Gauss's rule as Meeus gives it."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


def nth(year, month, weekday, n):
    """The nth Monday (0), Tuesday... of a month; n = -1: the last."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
    return last - timedelta((last.weekday() - weekday) % 7)


def of_easter(year, *shifts):
    return {easter(year) + timedelta(s) for s in shifts}


def fixed(year, *days):
    return {date(year, month, day) for month, day in days}


def united_states(year):
    days = {nth(year, 1, 0, 3), nth(year, 2, 0, 3), nth(year, 5, 0, -1), nth(year, 9, 0, 1), nth(year, 10, 0, 2), nth(year, 11, 3, 4)}
    for day in fixed(year, (1, 1), (6, 19), (7, 4), (11, 11), (12, 25)):
        days.add(day + timedelta({5: -1, 6: 1}.get(day.weekday(), 0)))
    return days


def great_britain(year):
    days = of_easter(year, -2, 1) | {nth(year, 5, 0, 1), nth(year, 5, 0, -1), nth(year, 8, 0, -1)}
    for day in sorted(fixed(year, (1, 1), (12, 25), (12, 26))):
        while day.weekday() > 4 or day in days:
            day += timedelta(1)
        days.add(day)
    return days


HOLIDAYS = {
    "FR": lambda y: of_easter(y, 1, 39, 50) | fixed(y, (1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)),
    "DE": lambda y: of_easter(y, -2, 1, 39, 50) | fixed(y, (1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "IT": lambda y: of_easter(y, 1) | fixed(y, (1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)),
    "ES": lambda y: of_easter(y, -2) | fixed(y, (1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)),
    "US": united_states,
    "GB": great_britain,
}


def minutes(text):
    hour, minute = text.strip().split(":")
    return int(hour) * 60 + int(minute)


def week_of(lines):
    """["mon-fri 09:00-18:00"], or the one line alone, as {0: [(540, 1080)], ...}."""
    week = {}
    for line in [lines] if isinstance(lines, str) else lines:
        names, span = line.split(" ", 1)
        first, _, last = names.partition("-")
        begin, end = span.split("-")
        for day in range(DAYS.index(first), DAYS.index(last or first) + 1):
            week.setdefault(day, []).append((minutes(begin), minutes(end)))
    return week


class Opening:
    """The workspace's sending hours and holidays."""

    def __init__(self, settings):
        self.zone = settings["timezone"]
        hours = settings.get("hours", ["mon-fri 09:00-18:00"])
        self.week = None if hours == "always" else week_of(hours)
        self.countries = [h for h in settings.get("holidays", []) if len(h) == 2]
        self.days = {date.fromisoformat(h) for h in settings.get("holidays", []) if len(h) > 2}
        self.years = {}

    def zone_of(self, contact):
        name = contact.get("timezone") or COUNTRY_ZONES.get(contact.get("country") or "") or self.zone
        return ZoneInfo(name)

    def holiday(self, day):
        if day.year not in self.years:
            self.years[day.year] = set().union(*(HOLIDAYS[c](day.year) for c in self.countries))
        return day in self.days or day in self.years[day.year]

    def closed(self, when, contact):
        """Why nobody is written to at this second (where the contact lives), or None."""
        if self.week is None:
            return None
        local = datetime.fromtimestamp(when, self.zone_of(contact))
        if self.holiday(local.date()):
            return f"{local.date()} is a holiday"
        minute = local.hour * 60 + local.minute
        if any(begin <= minute < end for begin, end in self.week.get(local.weekday(), [])):
            return None
        return f"it is {local:%a %H:%M} there"

    def quiet(self, when, contact, span):
        begin, end = (minutes(t) for t in span.split("-"))
        local = datetime.fromtimestamp(when, self.zone_of(contact))
        return None if begin <= local.hour * 60 + local.minute < end else f"it is {local:%H:%M} there"
