"""Answers written by a language model, under the same guarantee: no sentence stands without evidence.

`config` says which model, `models` opens it through LangChain, `prompt` and `packing` make what it reads, `streaming` reads what it
writes with time-outs and retries, `support` checks a sentence against a passage (by `rules` and `alignment` over the nouns of
`evidence`), `verifier` strikes, re-points and adds markers,
`writer` puts all of it together as a stream of events that ends in an answer. Nothing here is imported unless a model is configured,
but for the rules of `quantities` and the table of places, by which figures are compared.
"""
