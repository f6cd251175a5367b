"""From files to a searchable index on disk: loading, chunking, embedding, FAISS, BM25, store.

Nothing here knows of questions or answers; `assistant` builds on this package, never the reverse.
"""
