"""A chat page on this machine: for those without a workspace, and for trying out."""

from bot.platforms.web.server import serve_web
from bot.platforms.web.settings import WebSettings, kept_key

__all__ = ["WebSettings", "kept_key", "serve_web"]
