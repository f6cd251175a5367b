"""Documents side by side: one question asked of each of them, and the figures that they give for what looks like the same thing.

`grid` asks; `figures` reads numbers with their units, what they count and what narrows them (`units`, `values`, `periods`,
`places`, `concepts`); `relations` says how two of them stand; `notes` gathers them for the reader.
"""
