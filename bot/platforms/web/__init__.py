"""A chat page on this machine: for those without a workspace, and for trying out."""

from bot.platforms.web.server import serve_web
from bot.platforms.web.settings import WebSettings

__all__ = ["WebSettings", "serve_web"]
