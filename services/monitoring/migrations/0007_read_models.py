"""Cases and definitions are read where the projector keeps them: functions over the live generation, no more copies.

A writing transaction has the service's own search path, and may begin before a switch of generations. Each function
finds the live generation and reads it in the snapshot of the one statement that calls it, and locks neither.
"""

from shared.database.migrate import script

revision = "monitoring_0007"
down_revision = "monitoring_0006"
branch_labels = None
depends_on = None

FUNCTIONS = """
create function live_case(wanted uuid)
returns table (
    case_id uuid, programme_id varchar, company_id uuid, selected_on date, agreed_on date, relinquished_on date
) language plpgsql stable as $body$
begin
    return query execute format(
        'select case_id, programme_id, company_id, selected_on, agreed_on, relinquished_on
         from %I.case_row where case_id = $1',
        (select split_part(search_path, ',', 1) from live_projection)
    ) using wanted;
end $body$;

create function live_definitions(wanted varchar)
returns table (version integer, sequence bigint, holds_from date, definition jsonb) language plpgsql stable as $body$
begin
    return query execute format(
        'select version, sequence, holds_from, definition
         from %I.programme_version where programme_id = $1 and version is not null',
        (select split_part(search_path, ',', 1) from live_projection)
    ) using wanted;
end $body$;

drop table case_copy, definition;

-- Nobody handles these any more; parked, they would end as dead letters.
do $body$
begin
    if to_regclass('parked') is not null then
        delete from parked where exists (
            select from json_array_elements(headers) header
            where header ->> 0 = 'ce_type' and convert_from(decode(header ->> 1, 'hex'), 'UTF8') in (
                'kr.ieum.application.submitted.v1', 'kr.ieum.company.selected.v1', 'kr.ieum.programme.published.v1'
            )
        );
    end if;
end $body$;
"""

COPIES = """
drop function live_case(uuid);
drop function live_definitions(varchar);

create table definition (
    programme_id varchar, version integer, holds_from date not null, definition jsonb not null,
    primary key (programme_id, version)
);
create table case_copy (
    case_id uuid primary key, programme_id varchar not null, company_id uuid not null,
    selected_on date, agreed_on date, abandoned_on date
);

do $body$
declare live varchar;
begin
    if to_regclass('live_projection') is null then
        return;  -- a downgrade to nothing has dropped the shared tables before
    end if;
    select split_part(search_path, ',', 1) into live from live_projection;
    execute format(
        'insert into definition
         select distinct on (programme_id, version) programme_id, version, holds_from, definition
         from %I.programme_version where version is not null order by programme_id, version, sequence desc', live
    );
    execute format(
        'insert into case_copy
         select case_id, programme_id, company_id, selected_on, agreed_on, relinquished_on
         from %I.case_row where company_id is not null', live
    );
end $body$;
"""


def upgrade() -> None:
    script(FUNCTIONS)


def downgrade() -> None:
    script(COPIES)
