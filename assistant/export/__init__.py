"""Taking answers away: Markdown, Word and PDF with numbered sources, and receipts that can be verified later.

`gathering` checks every quote against the documents, `outline` puts what is left into words, and one module a format lays it
out. Nothing here asks a question.
"""
