"""Draws what Yomite sends to Discord: the adapter's own embeds and files."""

from __future__ import annotations

from typing import Any

from bot.language import Speech
from bot.platforms.discord.render import Post, PostFile, render
from bot.reply import Reply
from tools.pictures import chat
from tools.pictures.markdown import html_of
from tools.pictures.scene import Scene

_DRAWN = {"type", "flags", "title", "description", "color", "footer", "image"}


def discord_page(scene: Scene, reply: Reply, *, speech: Speech) -> str:
    """The scene and its answer as an HTML document."""
    post = render(reply, speech=speech)
    below = chat.attached(scene.file.name, len(scene.file.text.encode())) if scene.file else ""
    question = chat.said(scene.asked, words=chat.mentioned(scene.asked.text), below=below)
    answer = chat.answered(scene, _posted(post), above=_replied_to(scene))
    return chat.page("discord", scene, *map(chat.said, scene.before), question, answer)


def _replied_to(scene: Scene) -> str:
    """The line above an answer that says which message it replies to."""
    return f'<div class="replied-to"><b>{chat.text(scene.asked.by.name)}</b> {chat.mentioned(scene.asked.text)}</div>'


def _posted(post: Post) -> str:
    """The embeds, and below them the files that stand in none."""
    files = {file.name: file for file in post.files}
    embeds = [embed.to_dict() for embed in post.embeds]
    shown = {_picture_name(embed) for embed in embeds if "image" in embed}
    below = [chat.attached(file.name, len(file.data)) for file in files.values() if file.name not in shown]
    return "".join([_embed(embed, files) for embed in embeds] + below)


def _picture_name(embed: Any) -> str:
    return str(embed["image"]["url"]).removeprefix("attachment://")


def _embed(embed: Any, files: dict[str, PostFile]) -> str:
    if unknown := embed.keys() - _DRAWN:
        raise ValueError(f"an embed's {sorted(unknown)} cannot be drawn yet")
    parts = []
    if "title" in embed:
        parts.append(f'<h2 class="title">{html_of(embed["title"])}</h2>')
    if "description" in embed:
        parts.append(f'<div class="words">{html_of(embed["description"])}</div>')
    if "image" in embed:
        shown = files[_picture_name(embed)]
        parts.append(chat.picture(shown.data, alt=shown.alt))
    if "footer" in embed:
        parts.append(f'<div class="context"><span>{chat.text(embed["footer"]["text"])}</span></div>')
    return f'<section class="embed" style="border-color:#{embed["color"]:06x}">{"".join(parts)}</section>'
