# SPDX-License-Identifier: MIT
"""What the channels' owners ask of a program, as far as the oracle looks at it. Written from their pages, not from stdlib/channels.lua."""

# opens: who may begin. window: free text only so many hours after their last message there. replies: at most so many of ours since it.
CHANNELS = {
    "email": {"opens": "anyone"},
    "whatsapp": {"opens": "anyone", "opt_in": True, "window": 24, "approved": True, "most": 4096},
    "sms": {"opens": "anyone", "opt_in": True, "quiet": "08:00-21:00", "most": 1600},
    "messenger": {"opens": "they", "window": 24, "approved": True, "most": 2000},
    "instagram": {"opens": "by hand", "window": 24, "most": 1000, "unit": "bytes"},
    "linkedin": {"opens": "always by hand", "most": 8000},
    "telegram": {"opens": "they", "most": 4096, "unit": "utf-16"},
    "tiktok": {"opens": "they", "window": 48, "replies": 10, "links": False},
    "youtube": {"opens": "nobody"},
    "x": {"opens": "by hand", "most": 10000},
    "signal": {"opens": "by hand"},
    "discord": {"opens": "by hand", "most": 2000},
    "slack": {"opens": "anyone", "most": 40000},
    "twitch": {"opens": "anyone", "most": 500},
    "imessage": {"opens": "always by hand"},
    "call": {"opens": "always by hand"},
}
PHONES = {"call", "phone", "signal", "sms", "whatsapp"}


def length(row, text):
    unit = row.get("unit")
    return len(text.encode()) if unit == "bytes" else len(text.encode("utf-16-le")) // 2 if unit == "utf-16" else len(text)


def family(channel):
    """Channels that reach the same telephone are one where somebody is not to be written to."""
    return "phone" if channel in PHONES else channel


def address(contact, channel):
    return contact.get(channel) or (contact.get("phone") if channel in PHONES else None) or None


def norm(channel, value):
    return value.strip().lower().lstrip("@") if value else None
