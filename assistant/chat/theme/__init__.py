"""Styles, behaviour in the browser, and the icon of the chat."""
