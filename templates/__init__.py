"""THE WORDS: everything a citizen or a clerk reads.

Here live the texts a police officer or a lawyer would edit, and the little code that fills them: refusals
(``refusals.toml``), names of states and kinds (``labels.toml``), notices (``notices/<kind>/``), commitment letters
(``letters/<version>/``, word for word as published), answers of the chat (``chat/``), pages (``pages/``, ``static/``)
and QR pictures.

May import: ``domain``; the only room that says ``jinja2`` and ``qrcode``.
Never said here: tables, HTTP, aiohttp, now(), who may read what. A value put into a text is data: it is never read as
template syntax, as markup, or as a second placeholder.
"""
