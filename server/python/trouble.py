"""The two kinds of trouble a check may report instead of a result."""

from __future__ import annotations


class BadParams(Exception):
    """The request is not what protocol.ts says: a bug of the caller, answered as a JSON-RPC error."""


class Refusal(Exception):
    """The user's data cannot be worked on: an ordinary result with the status ``error`` and this text."""
