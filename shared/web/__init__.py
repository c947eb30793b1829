"""Web: the HTTP edge of every service, on FastAPI.

Promises to callers:

    transaction  A request is one transaction, committed before the reply: a successful reply means saved, an error means
                 that nothing was. Reads that ask for a snapshot see one moment of the database and write nothing.
    idempotency  With an Idempotency-Key a command acts once: the same key of the same caller gets the stored response,
                 whenever it is sent again; with another body it is refused. A failed command leaves its key unused.
    identity     A bearer token (JWT) is checked against the configured keys at every request; roles decide who may call
                 an endpoint. Without keys every token is refused.
    problems     Every error of an api is application/problem+json (RFC 9457) with the code of the broken rule, why and what to do,
                 in Korean and English, and the correlation id. Unknown fields and future business dates are refused.
    correlation  The caller's correlation id, or a new one, and its trace are on every log line and event of the request.
    operations   /healthz, /readyz (which role is not ready, and why) and /metrics of every process.

Not promised: issuing tokens, sessions, rate limits, encryption (a proxy's task).

    http         router: transaction, snapshot and Idempotency-Key of each route; business dates of commands
    idempotency  stored responses by caller and key
    identity     tokens, callers and their roles
    problems     errors as problem responses
    requests     around every request: correlation id, duration, size limit
    telemetry    trace spans of requests, without personal data
    operations   health, readiness and metrics
    viewer       callers of read requests, and the business date asked for
    ui           pages: frame, components, texts, error pages
"""
