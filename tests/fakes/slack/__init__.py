"""A Slack on loopback: Web API, Socket Mode, response_url, uploads and file hosting, for the real slack_sdk and slack_bolt."""

from tests.fakes.slack.checks import pings, shown_text
from tests.fakes.slack.records import Channel, Delivery, Said, Upload
from tests.fakes.slack.server import FakeSlack

__all__ = ["Channel", "Delivery", "FakeSlack", "Said", "Upload", "pings", "shown_text"]
