"""The text of a brief that was copied from mail or a chat, without what the program added: headers, replies, times."""

import re
from itertools import groupby
from typing import Final

from activities.planning.structure.labels import segments
from activities.planning.structure.notations.emphasis import without_emphasis
from activities.text.patterns import Pattern

_TIME: Final = r"(?:(?:오전|오후|上午|下午|午前|午後)\s?)?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?\s?m\.?)?"
_DATE: Final = r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}年\d{1,2}月\d{1,2}日)"
_NAME: Final = r"[^\W\d_][^:\n\[\]]{0,38}?"
_CHAT_LINE: Final = Pattern(
    rf"^\W{{0,3}}(?:\[(?:{_DATE}[,، ]*\s*)?{_TIME}(?:[,، ]*{_DATE})?\]|{_DATE}[,، ]*\s*{_TIME}\s*[-–—])\s*"
    rf"(?:{_NAME}|\+[\d ()-]{{6,20}}):\s|^\s*\[[^\]\n]{{1,30}}\]\s*\[{_TIME}\]\s",
    re.IGNORECASE,
)
"""A message of WhatsApp, Telegram or Signal: "[12.05.26, 09:14:02] Lena: " or "12/05/2026, 09:14 - Lena: ";
or of KakaoTalk: "[Lena] [오후 2:14] "."""
_CHAT_NOTE: Final = Pattern(rf"^\W{{0,3}}{_DATE}[,، ]*\s*{_TIME}\s*[-–—]\s")
_CHAT_HEAD: Final = Pattern(
    rf"^\s*{_NAME}\s+(?:\[?{_TIME}\]?|(?:today|yesterday|heute|gestern|hier|ayer|aujourd['’]hui|"
    rf"hoy)\b.{{0,12}}{_TIME})"
    rf"\s*(?:\(edited\))?$|^\s*(?:\[{_TIME}\]|{_TIME})\s+{_NAME}:?$",
    re.IGNORECASE,
)
"""The line above a message of Slack, Teams or Discord: "Maya Lin  9:02 AM"."""
_REPLY_HEAD: Final = Pattern(
    r"^\s*(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|"
    r"message d['’]origine|message transféré|mensaje original|mensaje reenviado|messaggio originale|"
    r"mensagem original|"
    r"исходное сообщение|пересылаемое сообщение|元のメッセージ|转发邮件)\s*-{2,}|"
    r"(?:from|von|de|da|от|差出人|发件人)\s*[:：]\s*[^\n]{0,80}<?[\w.+-]+@[\w.-]+>?\s*)$",
    re.IGNORECASE,
)
_WROTE: Final = Pattern(
    r"^\s*(?:(?:on|am|le|el|il|em|op|den|dnia|в)\s[^\n]{6,120}(?:wrote|schrieb[^\n:]{0,60}|a écrit|escribió|"
    r"ha scritto|"
    r"escreveu|schreef|skrev|napisał[a-z()]*|пишет|написал\w*)\s*:|"
    r"\d{4}[年/-][^\n]{4,80}(?:のメール|さん(?:は|が)|写道)[^\n]{0,20}[:：])$",
    re.IGNORECASE,
)
"""The line above a reply, where it has an address or a time: "On Tue, 12 May 2026 at 09:14, Sam wrote:"."""
_SENT_FROM: Final = Pattern(
    r"^\s*(?:get outlook for\b.*|iPhoneから送信|(?:sent from my|von mein(?:em)?|gesendet (?:von|mit)|"
    r"envoyé de(?:puis)? mon|enviado desde mi|inviato da(?:l mio)?|enviado do meu|отправлено с)\b.{0,20}"
    r"\b(?:iphone|ipad|android|samsung|galaxy|mobile|mobiltelefon|handy|telefon|outlook|mail|pixel|"
    r"huawei)\b.{0,20})$",
    re.IGNORECASE,
)
_MAIL_HEAD: Final = Pattern(
    r"^\s*(?:from|to|cc|bcc|date|sent|subject|von|an|gesendet|datum|betreff|de|à|envoyé|objet|para|enviado|fecha|"
    r"asunto|data|assunto|oggetto|inviato|от|кому|тема|дата|差出人|宛先|件名|日時)\s*[:：]\s*\S",
    re.IGNORECASE,
)
_SUBJECT: Final = Pattern(r"^\s*(?:subject|betreff|objet|asunto|assunto|oggetto|тема|件名)\s*[:：]", re.IGNORECASE)
_QUOTED_LINE: Final = Pattern(r"^\s{0,3}>(?!.*<\s*$)")
"""A line of a reply; a transition and centred text of a screenplay stand alone."""
_LABELS: Final = ("voice", "lettering", "endline", "speaker")
_SIGNATURE_LINES: Final = 8
_MIN_CHAT_LINES: Final = 2
_MIN_MAIL_HEADS: Final = 2


def without_messages(text: str) -> str:
    """The text of mail or a chat without its headers, its quoted reply and its signature; any other text as it is.

    Messages of a chat are separated by an empty line.
    """
    lines = _without_reply(_without_head(text.splitlines()))
    kept = "\n".join(_without_chat(lines))
    return kept if any(c.isalnum() for c in kept) else text


def _without_reply(lines: list[str]) -> list[str]:
    """The lines up to a signature after "--", a quoted reply or the note of a telephone."""
    ends = (k for k in range(len(lines)) if _ends_mail(lines, k) and any(each.strip() for each in lines[:k]))
    lines = lines[: next(ends, len(lines))]
    quoted = [_QUOTED_LINE.match(line) is not None for line in lines]
    runs = [q and (quoted[k - 1 : k] == [True] or quoted[k + 1 : k + 2] == [True]) for k, q in enumerate(quoted)]
    kept: list[str] = []
    for is_reply, group in groupby(zip(lines, runs, strict=True), key=lambda pair: pair[1]):
        part = [line for line, _ in group]
        kept += [line.lstrip(" >") for line in part if _is_labelled(part)] if is_reply else part
    return kept


def _is_labelled(lines: list[str]) -> bool:
    """Whether lines with ">" are a block of the brief: one of them begins with the label of what is said or shown."""
    plain = (without_emphasis(line.lstrip(" >")) for line in lines)
    return any(segments(line)[:1] and segments(line)[0].kind in _LABELS for line in plain if line.strip())


def _ends_mail(lines: list[str], k: int) -> bool:
    """Whether a line ends the text of mail: a signature, the note of a telephone or a reply begins with it."""
    line, after = lines[k], (each for each in lines[k + 1 :] if each.strip())
    if line.rstrip() == "--":
        return len(list(after)) <= _SIGNATURE_LINES and sum(each.rstrip() == "--" for each in lines) == 1
    if _WROTE.match(line):
        return "@" in line or bool(re.search(_TIME, line)) or bool(_QUOTED_LINE.match(next(after, "")))
    if _REPLY_HEAD.match(line) or _SENT_FROM.match(line):
        return True
    if not _MAIL_HEAD.match(line):
        return False
    heads = [each for each in lines[k : k + 6] if _MAIL_HEAD.match(each)]
    return len(heads) > _MIN_MAIL_HEADS and any(map(_SUBJECT.match, heads))


def _without_head(lines: list[str]) -> list[str]:
    """The lines after the fields of mail, such as "From:", where at least two are at the begin with a subject."""
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    end = next((k for k in range(first, len(lines)) if not _MAIL_HEAD.match(lines[k])), len(lines))
    if end == first + 1 and _SUBJECT.match(lines[first]) and not "".join(lines[end : end + 1]).strip():
        return lines[end:]  # a subject alone
    head = lines[first:end]
    return lines[end:] if len(head) >= _MIN_MAIL_HEADS and any(map(_SUBJECT.match, head)) else lines


def _without_chat(lines: list[str]) -> list[str]:
    """The lines without the names and times of a chat."""
    if sum(bool(_CHAT_LINE.match(line)) for line in lines) >= _MIN_CHAT_LINES:
        made: list[str] = []
        for line in lines:
            if found := _CHAT_LINE.match(line):
                made += ["", line[found.end() :]]
            elif not _CHAT_NOTE.match(line):
                made.append(line)
        return made
    heads = [bool(_CHAT_HEAD.match(line)) for line in lines]
    if sum(heads) < _MIN_CHAT_LINES or not _name_people(lines, heads):
        return lines
    return ["" if head else line for line, head in zip(lines, heads, strict=True)]


def _name_people(lines: list[str], heads: list[bool]) -> bool:
    """Whether lines that look like the heads of messages have text below them and name someone more than once."""
    marks = re.compile(rf"[\[\]()]|{_TIME}", re.IGNORECASE)
    names = [marks.sub("", line).strip(" :") for line, head in zip(lines, heads, strict=True) if head]
    followed = [
        k + 1 < len(lines) and bool(lines[k + 1].strip()) and not heads[k + 1] for k, h in enumerate(heads) if h
    ]
    return all(followed) and len(set(names)) < len(names)
