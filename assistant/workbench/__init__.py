"""The workbench: pages beside the chat, of the same application.

`pages` lists them; one module a page has `build(workbench)`, which adds it with `frame.add_page`. What a page keeps stands in
`<index>/workbench/`, never in a generation. Modules without Gradio do the work.
"""
