"""The SQL of messages: set-based, one statement an event, a few a batch."""

MAKE = """
    insert into message (event_source, event_id, template, case_id, company_id, programme_id, occurred_on,
                         data, cause, expires_at, state, reason, id, channel)
    select $1, $2, $3, $4::uuid, $5::uuid, $6, $7::date, $8::text::jsonb, $9::text::jsonb, $10::timestamptz, $11, $12,
           made.id, made.channel
    from unnest($13::uuid[], $14::text[]) as made (id, channel)
    on conflict do nothing
"""

CLAIM = """
    with mine as (
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
    from mine left join recipient r on r.company_id = mine.company_id
    where m.id = mine.id
    returning m.id, m.position, m.template, m.channel, m.data::text as data, m.attempts, m.expires_at,
              case m.channel when 'email' then r.email else r.phone end as address, r.language,
              m.cause ->> 'traceparent' as traceparent
"""

# Rows are locked in the order of their ids, as receipts lock them. What was given up too soon may still be answered.
SETTLE = """
    with told as (
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::interval[])
                 as told (id, state, reason, reference, wait)
    ), mine as (
        select m.id from message m join told using (id)
        where m.state = 'sending' or (m.state = 'unknown' and told.state in ('sent', 'failed'))
        order by m.id for update of m
    )
    update message m
    set state = told.state, reason = told.reason, due_at = clock_timestamp() + told.wait, claimed_at = null,
        provider_reference = coalesce(told.reference, m.provider_reference), changed_at = clock_timestamp()
    from mine join told using (id)
    where m.id = mine.id
    returning m.*
"""

GIVE_UP = """
    with lost as (
        select id from message
        where (state = 'sending' and claimed_at < clock_timestamp() - $1::interval)
           or (state = 'sent' and channel = 'sms' and changed_at < clock_timestamp() - $2::interval)
        order by id limit 500
        for update skip locked
    )
    update message m
    set state = 'unknown', reason = case m.state when 'sending' then $3::text else $4::text end,
        claimed_at = null, changed_at = clock_timestamp()
    from lost
    where m.id = lost.id
    returning m.*
"""
