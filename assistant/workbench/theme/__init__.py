"""Styles and behaviour of the pages beside the chat."""
