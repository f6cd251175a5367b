"""From a question to a cited answer: retrieval, reading, verifying, the command line and the chat.

`Assistant.ask` is the one way in; the command line, the chat and `eval` all call it.
"""
