"""Standard terms for watermarks and dead letters; attempts by consumer; generations of projections instead of epochs."""

from shared.database.migrate import script

revision = "delivery_0004"
down_revision = "delivery_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("""
        alter table dead_letter rename column buried_at to dead_lettered_at;
        alter table projection_mark rename to projection_watermark;
        alter index projection_mark_pkey rename to projection_watermark_pkey;
        alter table projection_watermark rename column last to contiguous;
        alter table projection_watermark rename column ahead to beyond_gap;

        drop table attempt;
        create table attempt (
            consumer varchar, topic varchar, partition integer, "offset" bigint, count integer not null,
            primary key (consumer, topic, partition, "offset")
        );

        alter table projection_offset drop column epoch;

        -- the one row that readers of projections read in their own snapshot: which generation they see
        create table live_projection (
            singleton boolean primary key default true check (singleton),
            generation bigint not null, version integer, search_path varchar not null,
            switched_at timestamptz not null default now()
        );
        insert into live_projection (generation, version, search_path)
        select 0, case when exists (select from projection_offset where next > 0) then 1 end, current_schema();

        create table rebuild_verdict (
            judged_at timestamptz primary key default clock_timestamp(),
            generation bigint not null, live_version integer, records bigint not null, dead_letters bigint not null,
            equal boolean not null, differing json not null
        );

        do $$
        declare app text := 'ieum_' || current_schema();
        begin
            if exists (select from pg_roles where rolname = app) then
                execute format('revoke insert, update, delete, truncate on live_projection, rebuild_verdict from %I', app);
                execute format('grant update (version) on live_projection to %I', app);
            end if;
        end $$;
    """)


def downgrade() -> None:
    script("""
        drop table rebuild_verdict;
        drop table live_projection;
        alter table projection_offset add column epoch bigint not null default 0;
        drop table attempt;
        create table attempt (
            topic varchar, partition integer, "offset" bigint, count integer not null,
            primary key (topic, partition, "offset")
        );
        alter table projection_watermark rename column contiguous to last;
        alter table projection_watermark rename column beyond_gap to ahead;
        alter table projection_watermark rename to projection_mark;
        alter index projection_watermark_pkey rename to projection_mark_pkey;
        alter table dead_letter rename column dead_lettered_at to buried_at;
    """)
