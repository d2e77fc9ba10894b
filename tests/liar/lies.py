# SPDX-License-Identifier: MIT
"""The lies of a worker that speaks the protocol. The contact of a run (or of a rendering) chooses the lie that is told about it, so
that one serve meets all of them beside honest runs. Each says what must become of the run: its state, and words of its error."""
import os

from wire import *

VISITS, RENDERINGS, DECLARATIONS, MAILS, MOVES, WORKSPACES, TESTS = {}, {}, {}, {}, {}, {}, {}
SERVED = []     # [child, ticket] of visits that are under way, for lies about others
PROMISED = {}   # (contact, position) → kind and arguments that the script gave, where another kind was asked instead

MALFORMED, UNASKED, BROKEN = "sent a malformed message", "spoke of what it was not asked", "malformed frame"
SILENT, ENDED = "said nothing any more", "the second ended"
DENIED, STRANGER = "in the needs of liar", "contacts ="


class Visit:
    """An effect that the real script asks for, as the lie finds it."""

    def __init__(self, child, ticket, about, raw):
        self.child, self.ticket, self.about, self.raw = child, ticket, about, raw
        f = Fields(raw[HEADER.size:])
        self.position, self.waits, self.kind, self.args, self.where = f.number("I"), f.number("B"), f.text(), f.text(), f.text()

    def effect(self, kind, args, waits=0, position=None, ticket=None, where="sequences/liar.lua:6", tail=b""):
        args = args if isinstance(args, (str, bytes)) else canonical(args)
        return frame(W_EFFECT, self.ticket if ticket is None else ticket, u32(self.position if position is None else position),
                     u8(waits), text(kind), text(args), text(where), tail)

    def waiting(self, kind, args):
        """Asks for what ends the visit: the real script, which waits for an answer, is told to leave, and finds its own call in the
        journal when it comes back."""
        PROMISED[self.about["contact"], self.position] = self.kind, self.args
        self.leave()
        return self.effect(kind, args, waits=1)

    def leave(self):
        """The real worker is done with this visit, and ready for the next."""
        self.child.worker.write(frame(W_ABANDON, self.ticket))

    def done(self, outcome='"stolen"', ticket=None):
        return frame(W_DONE, self.ticket if ticket is None else ticket, text(outcome))

    def other(self):
        """The ticket of a visit on another worker, if there is one; else one that is not given yet."""
        others = [ticket for child, ticket in SERVED if child is not self.child and child.number in child.middle.children]
        return others[-1] if others else self.ticket + 1000


def visit(state, words, sequence="liar", at=0):
    def keep(function):
        VISITS[function.__name__.replace("_", "-")] = dict(tell=function, state=state, words=words, sequence=sequence, at=at)
        return function
    return keep


def table(state, words, tell, sequence="liar", **cases):
    for name, value in cases.items():
        VISITS[name.replace("_", "-")] = dict(tell=lambda v, value=value: tell(v, value), state=state, words=words, sequence=sequence, at=0)


def crashes(words, **cases):
    table("failed", words, lambda v, bytes_of: bytes_of(v), **cases)


# ---- frame ----------------------------------------------------------------------------------------------------------

crashes(
    MALFORMED,
    next_position=lambda v: v.effect("note", {"text": "x"}, position=1),
    huge_position=lambda v: v.effect("note", {"text": "x"}, position=0xffffffff),
    trailing_bytes=lambda v: v.effect("note", {"text": "x"}, tail=b"and more"),
    missing_field=lambda v: frame(W_EFFECT, v.ticket, u32(0), u8(0), text("note")),
    field_past_the_end=lambda v: frame(W_EFFECT, v.ticket, u32(0), u8(0), u32(0xffffffff), b"note"),
    string_without_nul=lambda v: frame(W_EFFECT, v.ticket, u32(0), u8(0), u32(4), b"noteX", text('{"text":"x"}'), text("")),
    nul_in_a_string=lambda v: v.effect("no\0te", {"text": "x"}),
    nul_in_arguments=lambda v: v.effect("note", '{"text":"x"}\0{}'),
    unknown_frame=lambda v: frame(200, v.ticket, text("{}")),
    frame_of_the_hosts=lambda v: frame(W_VISIT, v.ticket, text("{}")),
    frame_of_a_fork_server=lambda v: frame(F_FORKED, v.ticket, u32(1)),
    rendering_for_a_visit=lambda v: frame(W_RENDERED, v.ticket, text('{"text":"x"}'), text("")),
    mail_for_a_visit=lambda v: frame(W_MAIL_READ, v.ticket, text('{"kind":"complaint","from":"victim@victim.example"}')),
    lines_that_nobody_asked_for=lambda v: frame(W_COVERED, 0, text('{"sequences/intro.lua":{"ran":[1]}}')),
    note_that_waits=lambda v: v.effect("note", {"text": "x"}, waits=1),
    send_that_does_not_wait=lambda v: v.effect("send", {"channel": "email", "template": "intro"}),
    rewrite_in_strict_mode=lambda v: frame(W_REWRITE, v.ticket, u32(0), text('{"text":"y"}')),
    divergence_out_of_the_journal=lambda v: frame(W_DIVERGED, v.ticket, u32(5), text("note"), text("{}"), text("")),
    failure_without_a_code=lambda v: frame(W_FAILED, v.ticket, text("../x"), text("y"), text("")),
    outcome_that_is_no_text=lambda v: v.done("[1,2]"),
    outcome_that_is_nothing=lambda v: v.done(""),
    unknown_effect=lambda v: v.effect("exec", {"command": "id"}),
    effect_without_a_name=lambda v: v.effect("", {}),
    effect_of_a_test=lambda v: v.effect("test.advance", {"for": "1 year"}),
    enrol_of_a_test=lambda v: v.effect("test.enrol", {"sequence": "/etc/passwd", "contact": "victim"}),
    arguments_in_a_list=lambda v: v.effect("note", "[]"),
    arguments_null=lambda v: v.effect("note", "null"),
    arguments_that_are_no_json=lambda v: v.effect("note", "{"),
    arguments_twice=lambda v: v.effect("note", '{"text":"x","text":"y"}'),
    arguments_with_spaces=lambda v: v.effect("note", '{"text": "x"}'),
    arguments_unsorted=lambda v: v.effect("note", '{"text":"x","a":1}'),
    arguments_not_a_number=lambda v: v.effect("note", '{"text":NaN}'),
    arguments_too_large_a_number=lambda v: v.effect("note", '{"text":123456789012345678901234567890}'),
    arguments_infinite=lambda v: v.effect("note", '{"text":1e999}'),
    arguments_too_deep=lambda v: v.effect("note", '{"text":' + "[" * 200000 + "]" * 200000 + "}"),
    arguments_too_long=lambda v: v.effect("note", {"text": "x" * (1 << 20)}),
    arguments_half_a_letter=lambda v: v.effect("note", b'{"text":"\xc3"}'),
    arguments_half_a_pair=lambda v: v.effect("note", '{"text":"\\ud800"}'),
)
crashes(
    BROKEN,
    frame_of_four_gigabytes=lambda v: frame(W_EFFECT, v.ticket, size=0xffffffff),
    frame_over_the_cap=lambda v: frame(W_EFFECT, v.ticket, b"x" * (CAP + 1)),
    reserved_bytes=lambda v: frame(W_DONE, v.ticket, text('"stolen"'), reserved=7),
    many_descriptors=lambda v: frame(W_DONE, v.ticket, text('"stolen"'), fds=9),
    random_bytes=lambda v: bytes(range(255, 0, -1)) * 100,
)
crashes("announced a descriptor", promised_descriptor=lambda v: frame(W_DONE, v.ticket, text('"stolen"'), fds=1))
crashes(
    UNASKED,
    effect_of_another_run=lambda v: v.effect("note", {"text": "stolen"}, ticket=v.other()),
    end_of_another_run=lambda v: v.done(ticket=v.other()),
    failure_of_another_run=lambda v: frame(W_FAILED, v.other(), text("error"), text("stolen"), text("")),
    answer_to_nothing=lambda v: v.done(ticket=0),
    answer_to_the_last_number=lambda v: v.done(ticket=0xffffffffffffffff),
)
crashes(
    "spoke of a program",
    declared_again=lambda v: frame(W_LOADED, 1, text(canonical({"type": "sequence", "name": "liar", "needs": {"store": True, "contacts": "write"}})))
    + v.effect("store.set", {"key": "stolen", "value": 1}),
    refused_late=lambda v: frame(W_REFUSED, 1, text("error"), text("stolen"), text("")),
    declared_another=lambda v: frame(W_LOADED, 4711, text("{}")),
)


@visit("failed", BROKEN)
def descriptor_with_a_frame(v):
    """The host takes no descriptors of workers: the kernel throws it away, and the frame announces what is not there."""
    fd = os.open("/dev/null", os.O_RDONLY)
    v.child.host.write_with(frame(W_DONE, v.ticket, text('"stolen"'), fds=2), fd)
    os.close(fd)
    return b""


@visit("failed", ENDED)
def half_a_frame(v):
    v.child.host.write(frame(W_EFFECT, v.ticket, b"half", size=1000))
    v.child.host.sock.shutdown(1)
    v.child.deaf = True
    return b""


@visit("failed", MALFORMED, at=1)
def repeated_position(v):
    return v.effect("note", {"text": "again"}, position=0)


@visit("done", None)
def done_twice(v):
    return v.done() * 2


@visit("done", None)
def effect_after_the_end(v):
    return v.done() + v.effect("note", {"text": "stolen"}, position=1) + v.effect("label", {"label": "stolen"})


@visit("stopped", None)
def end_after_it_was_stopped(v):
    return v.effect("stop", {"sequence": "liar"}) + v.done()


@visit("failed", SILENT)
def never_answers(v):
    v.child.deaf = True
    return b""


@visit("failed", "more than 10000 effects in one visit")
def flood_of_effects(v):
    return b"".join(v.effect("now", {}, position=v.position + i) for i in range(10001))


@visit("failed", "more than 32 MiB of arguments and answers")
def flood_of_bytes(v):
    return b"".join(v.effect("log", {"text": "x" * 1000000}, position=v.position + i) for i in range(40))


@visit("failed", "its outcome is longer than 1000 bytes")
def endless_outcome(v):
    v.leave()
    return v.done(canonical("x" * 100000))


@visit("failed", "\ufffd  stolen")
def failure_in_bad_words(v):
    v.leave()
    return frame(W_FAILED, v.ticket, text("error"), text(b"\xff\x1b stolen" + b"y" * 3000000), text(b"\x07:\xff"))


@visit("done", None)
def bad_place(v):
    return v.effect("note", {"text": "placed"}, where=b"\xff\x1b[2J" + b"x" * 100000)


# ---- scope ----------------------------------------------------------------------------------------------------------

def refused(words, kind, sequence="liar", **cases):
    table("failed", words, lambda v, args: v.effect(kind, args), sequence=sequence, **cases)


def refused_waits(words, kind, sequence="liar", **cases):
    table("failed", words, lambda v, args: v.waiting(kind, args), sequence=sequence, **cases)


for kind, args in {"set": {"changes": {"name": "stolen"}}, "label": {"label": "stolen"}, "unlabel": {"label": "kept"}, "note": {"text": "stolen"},
                   "signal": {"name": "stolen"}, "can": {"channel": "email"}, "stop": {"sequence": "honest"},
                   "enrol": {"sequence": "honest", "key": "stolen"}}.items():
    refused(DENIED, kind, **{f"{kind}_of_another": {**args, "contact": "victim"}})
refused(DENIED, "task", task_of_another={"kind": "call", "contact": "victim"}, task_without_need={"kind": "call"})
refused("named by its id", "note", contact_that_is_no_text={"text": "x", "contact": ["victim"]})
for kind, args in {"send": {"channel": "email", "template": "intro"}, "wait_reply": {}, "sleep": {"for": 1},
                   "wait": {"events": ["reply"]}}.items():
    refused_waits("its own contact alone", kind, **{f"{kind}_of_another": {**args, "contact": "victim"}})
for kind, args in {"contacts.find": {"limit": 5}, "contacts.get": {"id": "victim"}, "contacts.upsert": {"id": "victim", "name": "stolen"},
                   "store.get": {"key": "a"}, "store.set": {"key": "a", "value": 1}, "store.add": {"key": "a", "n": 1},
                   "store.delete": {"key": "a"}, "store.list": {"prefix": ""}}.items():
    refused(DENIED, kind, **{kind.replace(".", "_") + "_without_need": args})

refused("a script may not set it", "set", set_email={"changes": {"email": "evil@evil.example"}}, set_consent={"changes": {"consent": "opt-in"}},
        set_consent_source={"changes": {"consent_source": "form"}}, set_id={"changes": {"id": "victim"}},
        set_identities={"changes": {"identities": {"email": "evil@evil.example"}}}, set_sharing={"changes": {"shared_address": True}},
        set_phone={"changes": {"phone": "+33612345678"}})
refused("unknown stage", "set", set_unknown_stage={"changes": {"stage": "owner"}})
refused("contact:label", "set", set_labels={"changes": {"labels": ["stolen"]}})
refused("a table { key = value }", "set", set_nothing={}, set_a_list={"changes": ["a"]})
refused("a name is made of", "signal", signal_of_a_path={"name": "../x"}, signal_in_two_lines={"name": "a\nb"}, signal_without_name={},
        signal_too_long={"name": "x" * 65})
refused("is one line", "label", label_in_two_lines={"label": "a\nb"})
refused("is one line", "enrol", enrol_by_two_lines={"sequence": "honest", "key": "a\nb"}, enrol_by_a_long_key={"sequence": "honest", "key": "x" * 9000})
refused_waits("there is no event", "wait", wait_for_what_is_none={"events": ["../x"]})
refused_waits("at most 32 events", "wait", wait_for_everything={"events": ["reply"] * 5000})
refused_waits("needs.send of liar", "send", send_undeclared={"channel": "sms", "template": "intro"}, send_without_channel={"template": "intro"})
refused("needs store = true", "store.get", store_of_another_space={"key": "a", "space": "recipe:x"})

refused_waits("is none, or has a value", "send",
              **{"send_" + name: {"channel": "email", "template": "intro", "opts": opts} for name, opts in {
                  "as_a_test": {"test": True}, "as_another": {"as": "victim"}, "until": {"before_at": 1}, "to": {"to": "evil@evil.example"},
                  "address": {"address": "evil@evil.example"}, "message_id": {"message_id": "x@y"}, "headers": {"headers": {"Bcc": "evil@evil.example"}},
                  "thread": {"thread": "<victim@thread>"}, "from_nobody": {"from": 7}, "vars": {"vars": "x"}}.items()})
refused_waits("there is no email account", "send", send_from_no_account={"channel": "email", "template": "intro", "opts": {"from": "nobody"}},
              send_from_another_channel={"channel": "email", "template": "intro", "opts": {"from": "texts"}})
refused_waits("no name of an attachment", "send", send_with_a_file={"channel": "email", "template": "intro", "opts": {"attach": ["/etc/passwd"]}})
refused_waits("at most 10 addresses", "send",
              send_to_a_list={"channel": "email", "template": "intro", "opts": {"cc": [f"evil{i}@evil.example" for i in range(11)]}})
refused_waits("is no e-mail address", "send",
              send_to_a_header={"channel": "email", "template": "intro", "opts": {"cc": ["a@b.example\r\nBcc: evil@evil.example"]}})
table("done", "cc gone@gone.example", lambda v, args: v.waiting("send", args),
      send_copy_to_the_erased={"channel": "email", "template": "intro", "opts": {"cc": "gone@gone.example"}})
table("sending", None, lambda v, args: v.waiting("send", args),
      template_of_a_path={"channel": "email", "template": "../perigee"}, template_of_the_system={"channel": "email", "template": "/etc/passwd"})

# With the needs store, task and contacts = "write".
refused("one line of 1 to 512 bytes", "store.set", sequence="granted", key_in_two_lines={"key": "a\nb", "value": 1},
        key_too_long={"key": "x" * 600, "value": 1}, key_of_nothing={"key": "", "value": 1})
refused("only a person changes an address", "contacts.upsert", sequence="granted",
        upsert_other_address={"id": "victim", "email": "evil@evil.example"},
        upsert_other_identity={"id": "victim", "identities": {"email": "evil@evil.example"}},
        upsert_no_address={"id": "victim", "email": ""}, upsert_second_address={"id": "victim", "email": "victim@victim.example;evil@evil.example"})
refused("a script may not set it", "contacts.upsert", sequence="granted", upsert_consent={"id": "victim", "consent": "opt-in"},
        upsert_consent_of_the_new={"email": "new@evil.example", "consent": "opt-in"},
        upsert_shared={"email": "victim@victim.example", "shared_address": True, "id": "double"})
table("done", None, lambda v, args: v.effect("contacts.upsert", args), sequence="granted", # the script hears that it is victim's, and goes on
      upsert_address_of_another={"id": "double", "email": "victim@victim.example"})
refused("a script may not set it", "set", sequence="granted", granted_set_email={"contact": "victim", "changes": {"email": "evil@evil.example"}})
refused("there is no contact", "note", sequence="granted", note_of_nobody={"contact": "nobody", "text": "x"})
refused("is no kind of task", "task", sequence="granted", task_of_no_kind={"kind": "x\ny"})
table("done", None, lambda v, args: v.effect("contacts.upsert", args), sequence="granted",
      upsert_the_new={"email": "new@found.example", "name": "New One"}, upsert_a_channel={"id": "victim", "whatsapp": "+33612345678", "niche": "bread"})


# perigee.http: the needs of granted name one host and no secret.
refused_waits("is not in needs.net of liar", "http", http_without_need={"method": "GET", "url": "https://api.example/"})
refused_waits("is not in needs.net of granted", "http", sequence="granted", http_to_another_host={"method": "GET", "url": "https://evil.example/"},
              http_to_another_port={"method": "GET", "url": "https://api.example:8443/"},
              http_to_the_machine={"method": "GET", "url": "https://127.0.0.1/"}, http_to_a_longer_name={"method": "GET", "url": "https://api.example.evil.example/"})
refused_waits("is not in needs.secret of granted", "http", sequence="granted",
              http_with_a_secret={"method": "GET", "url": "https://api.example/", "secrets": [{"secret": "p", "place": "bearer"}]})
refused_waits("perigee.http: ", "http", sequence="granted", http_by_a_name_in_front={"method": "GET", "url": "https://api.example@evil.example/"},
              http_in_plain={"method": "GET", "url": "http://api.example/"}, http_of_a_file={"method": "GET", "url": "file:///etc/passwd"},
              http_header_of_two_lines={"method": "GET", "url": "https://api.example/", "headers": {"x": "a\r\nhost: evil.example"}},
              http_header_of_the_host={"method": "GET", "url": "https://api.example/", "headers": {"host": "evil.example"}},
              http_by_a_strange_method={"url": "https://api.example/", "method": "GET / HTTP/1.1\r\nX: y"},
              http_of_unknown_members={"method": "GET", "url": "https://api.example/", "proxy": "http://evil.example"}, http_of_nothing={})


# ---- content --------------------------------------------------------------------------------------------------------

def rendering(state, words, **cases):
    """A case is what the rendering becomes: of (result, entity), the bytes of the frame."""
    for name, value in cases.items():
        RENDERINGS[name.replace("_", "-")] = dict(tell=value, state=state, words=words)


def said(**changes):
    """Members that are other; None: absent."""
    def tell(result, entity):
        result = {**result, **changes}
        return text(canonical({k: v for k, v in result.items() if v is not None})) + text(entity)
    return tell


def entity(change):
    return lambda result, bytes_: text(canonical(result)) + text(change(bytes_))


rendering(
    "held", MALFORMED,
    subject_missing=said(subject=None), subject_of_two_lines=said(subject="Hi\r\nBcc: evil@evil.example"), subject_with_nul=said(subject="Hi\0there"),
    subject_number=said(subject=5), text_missing=said(text=None), text_empty=said(text=""), text_list=said(text=["x"]), text_with_nul=said(text="a\0b"),
    attach_text=said(attach="/etc/passwd"), inline_text=said(inline="/etc/passwd"), locale_long=said(locale="x" * 1000), locale_of_two_lines=said(locale="fr\nX"),
    result_list=lambda r, e: text("[]") + text(e), result_broken=lambda r, e: text("{") + text(e), result_huge=said(text="x" * (1 << 20)),
    entity_missing=entity(lambda e: b""), bytes_missing=lambda r, e: text(canonical(r)), bytes_more=lambda r, e: text(canonical(r)) + text(e) + b"x")
rendering("refused", "no name of an attachment", attach_path=said(attach=["/etc/passwd"]), attach_above=said(attach=["../perigee.lua"]), inline_path=said(inline=["/etc/passwd"]),
          attach_hidden=said(attach=["a/.b"]), attach_lines=said(attach=["a\r\nBcc: evil@evil.example"]))
rendering("refused", "is missing", attach_nowhere=said(attach=["nowhere.pdf"]))
rendering("refused", "a name is a text", attach_number=said(attach=[7]), attach_with_nul=said(attach=["a\0.pdf"]))
rendering("held", MALFORMED, documents_text=said(documents="intro"), links_text=said(links="https://evil.example/"))
rendering("refused", "document ", documents_path=said(documents=["../perigee"]), documents_of_the_system=said(documents=["/etc/passwd"]), documents_nowhere=said(documents=["nowhere"]),
          documents_hidden=said(documents=[".hidden"]), documents_partial=said(documents=["_signature"]))
rendering("refused", "at most 16 documents", documents_many=said(documents=[f"d{i}" for i in range(17)]))
rendering("refused", "no address that a link could lead to", link_script=said(links=[{"url": "javascript:alert(1)", "within": "7 days"}]), link_number=said(links=[5]),
          link_lines=said(links=[{"url": "https://a.example/\r\nSet-Cookie: x", "within": "7 days"}]), link_without_end=said(links=[{"url": "https://a.example/"}]),
          link_empty=said(links=[{"url": "", "within": "7 days"}]), link_nowhere=said(links=[{"url": "https:///x", "within": "7 days"}]),
          links_many=said(links=[{"url": "https://a.example/", "within": "7 days"}] * 17))
rendering("refused", "link: ", link_within=said(links=[{"url": "https://a.example/", "within": "for ever"}]))


def page(change=lambda bytes_: bytes_, **changes):
    """The message asks for a document; the lie is told about that."""
    def tell(result, bytes_):
        if "filename" not in result:
            return said(documents=["intro"])(result, bytes_)
        return said(**changes)(result, change(bytes_))
    return tell


rendering("held", MALFORMED, page_of_a_path=page(filename="../../evil.html"), page_of_a_folder=page(filename="a/b.html"), page_without_a_name=page(filename=None),
          page_of_lines=page(filename="a\r\nBcc: evil@evil.example.html"), page_of_a_program=page(filename="invoice.exe"), page_hidden=page(filename=".html"),
          page_of_a_long_name=page(filename="x" * 300 + ".html"), page_empty=page(lambda b: b""), page_of_bytes=page(lambda b: b"\xff\xfe"), page_with_nul=page(lambda b: b"a\0b"))
rendering("accepted", None, page_honest=page())
for name in "Bcc", "To", "From", "Sender", "DKIM-Signature", "List-Unsubscribe", "Message-ID", "X-Evil":
    rendering("refused", f"may not set the header {name}",
              **{"header_" + name.lower().replace("-", "_"): entity(lambda e, name=name: name.encode() + b": evil@evil.example\r\n" + e)})
rendering("refused", "LF alone", line_feed_alone=entity(lambda e: e + b"a\nb\r\n"), header_by_line_feed=entity(lambda e: b"Content-Language: x\nBcc: evil@evil.example\r\n" + e))
rendering("refused", "CR alone", return_alone=entity(lambda e: e + b"a\rb\r\n"))
rendering("refused", "NUL", nul_in_the_mail=entity(lambda e: e + b"a\0b\r\n"))
rendering("refused", "longer than 998", long_line=entity(lambda e: e + b"x" * 999 + b"\r\n"))
rendering("refused", "8-bit", eight_bits=entity(lambda e: e + b"caf\xc3\xa9\r\n"))
rendering("refused", "text or multipart", mail_in_the_mail=entity(lambda e: b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n\r\nx\r\n"))
rendering("refused", "no body", no_body=entity(lambda e: b"Content-Type: text/plain\r\n"))
rendering("accepted", None, purpose_service=said(purpose="service"), purpose_answer=said(purpose="answer"), purpose_none=said(purpose=None))


# ---- declarations ---------------------------------------------------------------------------------------------------

def declared(words, **cases):
    for name, value in cases.items():
        DECLARATIONS[name.replace("_", "-")] = dict(tell=value, words=words)


def member(**changes):
    return lambda said, id: frame(W_LOADED, id, text(canonical({**said, **changes})))


declared("its modules of the library are no texts", library_of_a_number=member(library={"perigee.ab": 7}), library_of_a_list=member(library={"perigee.ab": ["x"]}))
declared("returns no sequence, job or hook with a name", other_type=member(type="recipe"), name_of_a_path=member(name="../x"), name_empty=member(name=""),
         name_number=member(name=5), name_long=member(name="x" * 65))
declared('the name "honest" is taken', name_of_another=member(name="honest"))
declared("not what a script can declare", needs_text=member(needs="all"), needs_unknown=member(needs={"root": True}), needs_of_a_word=member(needs={"send": "email"}),
         needs_number=member(needs={"store": 1}), contacts_all=member(needs={"contacts": "all"}), title_long=member(title="x" * 100000))
declared("write cron", job_without_schedule=member(type="job"), job_with_a_number=member(type="job", schedule=5), job_of_a_long_text=member(type="job", schedule="x" * 5000))
declared("died twice", giant=member(title="x" * (2 << 20)), list=lambda s, id: frame(W_LOADED, id, text("[]")),
         deep=lambda s, id: frame(W_LOADED, id, text('{"type":' + "[" * 100 + "]" * 100 + "}")),
         doubled=lambda s, id: frame(W_LOADED, id, text('{"name":"a","name":"b"}')), other_program=lambda s, id: frame(W_LOADED, id + 1, text(canonical(s))),
         effect_instead=lambda s, id: frame(W_EFFECT, 1, u32(0), u8(0), text("note"), text('{"text":"x"}'), text("")), tail=lambda s, id: frame(W_LOADED, id, text(canonical(s)), b"x"))
declared(None, twice=lambda s, id: frame(W_LOADED, id, text(canonical(s))) + frame(W_LOADED, id, text(canonical({**s, "needs": {"contacts": "write"}}))),
         time_without_end=member(limits={"cpu_ms": 10 ** 15}))


# ---- mail -----------------------------------------------------------------------------------------------------------

def mail(function):
    MAILS[function.__name__.replace("_", "-")] = function
    return function


VICTIM = "victim@victim.example"


@mail
def forged_bounce(said, id):
    bounce = {"recipient": VICTIM, "status": "5.1.1", "action": "failed", "class": "hard", "reason": "gone", "message_id": "guessed@sender.example"}
    return frame(W_MAIL_READ, id, text(canonical({**said, "kind": "bounce", "bounces": [bounce] * 5000, "original_message_id": "guessed@sender.example"})))


@mail
def forged_thread(said, id):
    return frame(W_MAIL_READ, id, text(canonical({**said, "kind": "reply", "from": "stranger@evil.example", "in_reply_to": "guessed@sender.example",
                                                  "references": ["guessed@sender.example", "x\r\nBcc: y@z", 5] * 1000})))


@mail
def many_recipients(said, id):
    return frame(W_MAIL_READ, id, text(canonical({**said, "from": "ours@sender.example", "to": [f"a{i}@b.example" for i in range(40000)], "cc": [1, None, {}]})))


@mail
def members_of_other_types(said, id):
    return frame(W_MAIL_READ, id, text(canonical({"kind": 5, "text": [], "from": {}, "subject": 1, "message_id": [], "references": "x", "bounces": {}, "to": "y"})))


@mail
def signal(said, id):
    return frame(W_MAIL_READ, id, text(canonical({**said, "kind": "signal:stolen", "from": "friend@people.example"})))


@mail
def effect(said, id):
    return frame(W_EFFECT, id, u32(0), u8(0), text("set"), text('{"changes":{"stage":"paid"},"contact":"victim"}'), text(""))


@mail
def no_object(said, id):
    return frame(W_MAIL_READ, id, text("[]"))


@mail
def for_another(said, id):
    return frame(W_MAIL_READ, id + 1, text(canonical(said)))


# ---- moves to another version ---------------------------------------------------------------------------------------

def rewrites(**cases):
    for name, value in cases.items():
        MOVES[name.replace("_", "-")] = value


def entry(id, position, args):
    return frame(W_REWRITE, id, u32(position), text(args if isinstance(args, (str, bytes)) else canonical(args)))


rewrites(
    rewrite_past_the_journal=lambda raw, id: entry(id, 99, {"text": "stolen"}),
    rewrite_the_next=lambda raw, id: entry(id, 3, {"text": "stolen"}),
    rewrite_at_the_last_number=lambda raw, id: entry(id, 0xffffffff, {"text": "stolen"}),
    rewrite_twice=lambda raw, id: raw + raw,
    rewrite_another_key=lambda raw, id: entry(id, 1, {"key": "stolen", "value": 1}),
    rewrite_no_json=lambda raw, id: entry(id, 0, "stolen"),
    rewrite_with_spaces=lambda raw, id: entry(id, 0, '{"text": "stolen"}'),
    rewrite_a_list=lambda raw, id: entry(id, 0, '["stolen"]'),
    rewrite_at_length=lambda raw, id: entry(id, 0, {"text": "stolen" * 500000}),
    rewrite_with_a_tail=lambda raw, id: frame(W_REWRITE, id, u32(0), text("{}"), b"x"),
    rewrite_in_a_flood=lambda raw, id: entry(id, 0, {"text": "stolen"}) * 20000,
)


# ---- perigee.lua, and tests: one lie for one command ------------------------------------------------------------------

def of_workspace(**changes):
    return lambda said, id: frame(W_LOADED, id, text(canonical({**said, "workspace": {**said["workspace"], **changes}})))


def of_account(**changes):
    account = {"name": "post", "channel": "email", "from": "a@b.example", "from_address": "a@b.example", **changes}
    return lambda said, id: frame(W_LOADED, id, text(canonical({**said, "accounts": [account]})))


# Words of the error, and the lie.
WORKSPACES.update({
    "no object": ("died twice", lambda said, id: frame(W_LOADED, id, text("5"))),
    "no workspace": ("perigee.lua", lambda said, id: frame(W_LOADED, id, text("{}"))),
    "a list for the workspace": ("perigee.lua", lambda said, id: frame(W_LOADED, id, text('{"workspace":[],"accounts":{}}'))),
    "no zone": ("timezone", of_workspace(timezone="Nowhere/At all")),
    "a zone of a path": ("timezone", of_workspace(timezone="../../etc/passwd")),
    "hours of a number": ("hours", of_workspace(hours=5)),
    "stages of numbers": ("stages", of_workspace(stages=[1, 2])),
    "a database elsewhere": ("database", of_workspace(database="../../elsewhere.db")),
    "an account without a name": ("name", of_account(name="")),
    "an account with a header": ("from", of_account(from_address="a@b.example\r\nBcc: evil@evil.example", **{"from": "x"})),
    "a cap of a text": ("cap", of_account(cap={"per_day": "x"})),
})


def of_test(make):
    return lambda child, id, raw: make(Visit(child, id, {"contact": None}, raw))


TESTS.update({
    "two effects at once": of_test(lambda v: v.raw + v.effect("test.now", {}, position=v.position + 1)),
    "a position that is not the next": of_test(lambda v: v.effect("test.now", {}, position=7)),
    "an effect of a run": of_test(lambda v: v.effect("note", "[]")),
    "a rendering": of_test(lambda v: frame(W_RENDERED, v.ticket, text("{}"), text(""))),
    "an end with a tail": of_test(lambda v: frame(W_DONE, v.ticket, text("null"), b"x")),
})
