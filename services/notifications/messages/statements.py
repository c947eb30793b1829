"""SQL of messages, set-based: one statement an event, a few a batch."""

INSERT = """
    insert into message (event_source, event_id, template, case_id, company_id, programme_id, occurred_on,
                         data, cause, expires_at, state, problem, id, channel)
    select $1, $2, $3, $4::uuid, $5::uuid, $6, $7::date, $8::jsonb, $9::jsonb, $10::timestamptz, $11, $12,
           created.id, created.channel
    from unnest($13::uuid[], $14::text[]) as created (id, channel)
    on conflict do nothing
"""

CLAIM = """
    with due as (
        select id, company_id from message m
        where state = 'queued' and channel = $1 and due_at <= clock_timestamp()
          and not exists (
              select from message earlier
              where earlier.case_id = m.case_id and earlier.channel = m.channel
                and earlier.state in ('queued', 'sending') and earlier.position < m.position
          )
        order by position limit $2
        for update of m skip locked
    )
    update message m
    set state = 'sending', claimed_at = clock_timestamp(), changed_at = clock_timestamp(), attempts = attempts + 1
    from due left join recipient r on r.company_id = due.company_id
    where m.id = due.id
    returning m.id, m.position, m.template, m.channel, m.data, m.attempts, m.expires_at,
              case m.channel when 'email' then r.email else r.phone end as address, r.language,
              m.cause ->> 'traceparent' as traceparent
"""

# Rows are locked in the order of their ids, as delivery reports lock them. An expired claim may still get an outcome.
RECORD_OUTCOMES = """
    with transition as (
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::interval[])
                 as transition (id, state, problem, code, reason, reference, wait)
    ), locked as (
        select m.id from message m join transition t using (id)
        where m.state = 'sending' or (m.state = 'unknown' and t.state in ('sent', 'failed'))
        order by m.id for update of m
    )
    update message m
    set state = t.state, problem = t.problem, provider_code = t.code, reason = t.reason, due_at = clock_timestamp() + t.wait, claimed_at = null,
        provider_reference = coalesce(t.reference, m.provider_reference), changed_at = clock_timestamp()
    from locked join transition t using (id)
    where m.id = locked.id
    returning m.*
"""

EXPIRE_UNKNOWN = """
    with expired as (
        select id from message
        where (state = 'sending' and claimed_at < clock_timestamp() - $1::interval)
           or (state = 'sent' and channel = 'sms' and changed_at < clock_timestamp() - $2::interval)
        order by id limit 500
        for update skip locked
    )
    update message m
    set state = 'unknown', problem = case m.state when 'sending' then $3::text else $4::text end,
        provider_code = null, reason = null, claimed_at = null, changed_at = clock_timestamp()
    from expired
    where m.id = expired.id
    returning m.*
"""
