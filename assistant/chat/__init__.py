"""The chat: questions and cited answers in a browser, built on Gradio Blocks.

`app.build_app` makes the page, `app.serve` serves it. `turn`, `evidence` and `reader` turn answers, passages and
documents into escaped HTML; `theme/` holds the styles and the behaviour in the browser; `strings.json` holds every
word of the interface in English and Spanish; `guard` decides which requests are answered at all.
"""
