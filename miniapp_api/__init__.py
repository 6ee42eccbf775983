"""DOOR 1: the HTTP JSON interface of the mini-program, for citizens and guardians.

What lives here: routes (one line each, with their access), reading requests strictly, the one map from a Refusal to
an HTTP answer, and the description of all that as OpenAPI. A handler reads, calls one act, and returns its view.

May import: ``casework`` (acts and views), ``templates`` (words, pages, QR pictures), ``domain`` (terms, Refusal).
The only web technology is the aiohttp server. Never said here: tortoise, SQL, redis, errcode, openid, ``datetime.now``,
a rule of the law, a sentence a citizen reads.
"""
