"""Cases and visited companies as tiles by date: what a page counts as of a day, it no longer counts case by case.

The tiles of the cases that are known are made here, from what each was on each of its dates and on the day before.
"""

from shared.database.migrate import script

revision = "monitoring_0003"
down_revision = "monitoring_0002"
branch_labels = None
depends_on = None

TILES = """
create table case_tile (
    programme_id varchar, year_from integer, year_to integer, track varchar, recorded boolean, agreed_year integer,
    occurred_on date,
    applied integer not null, reserved integer not null, selected integer not null, agreed integer not null,
    abandoned integer not null, completed integer not null, about_to integer not null, own_krw bigint not null,
    primary key (programme_id, year_from, year_to, track, recorded, agreed_year, occurred_on)
);

create table place_tile (
    programme_id varchar, municipality varchar, occurred_on date,
    applied integer not null, selected integer not null, finished integer not null,
    primary key (programme_id, municipality, occurred_on)
);

create table agreement_tile (
    programme_id varchar, year_from integer, starts_on date, ends_on date, occurred_on date,
    agreed integer not null,
    primary key (programme_id, year_from, starts_on, ends_on, occurred_on)
);

create table visited_row (
    programme_id varchar, company_id uuid, first_on date,
    primary key (programme_id, company_id)
);

create table visited_tile (
    programme_id varchar, occurred_on date, companies integer not null,
    primary key (programme_id, occurred_on)
);

create index milestone_row_open on milestone_row (due_on) where achieved_on is null and reported_on is null;
"""

CHANGED = """
create table changed as
select c.*, point.on_day, day.sign,
    coalesce(applied_on <= at, false) as is_applied,
    coalesce(recorded_on <= at, false)
        or coalesce(selected_on <= at, false) and coalesce(lost_on > at, true) as is_held,
    coalesce(reserved_on <= at, false) and coalesce(selected_on > at, true)
        and coalesce(withdrawn_on > at, true) and coalesce(lost_on > at, true) as is_waiting,
    coalesce(agreed_on <= at, false) as is_agreed,
    coalesce(lost_on <= at, false) as is_lost,
    coalesce(completed_on <= at, false) or coalesce(record_status = 'completed', false) as is_completed,
    coalesce(final_due_on between at and at + 30, false) as is_due
from case_row c
cross join lateral (
    select distinct on_day from (values
        (applied_on), (recorded_on), (reserved_on), (selected_on), (withdrawn_on), (lost_on), (agreed_on),
        (completed_on), (final_due_on - 30), (final_due_on + 1)) v (on_day)
    where on_day is not null
) point
cross join lateral (values (point.on_day, 1), (point.on_day - 1, -1)) day (at, sign)
where programme_id is not null;

insert into case_tile
select programme_id, year_from, year_to, coalesce(track, ''), round_id is null, 0, on_day,
    coalesce(sum(sign) filter (where is_applied), 0),
    coalesce(sum(sign) filter (where is_waiting and (is_applied or is_held)), 0),
    coalesce(sum(sign) filter (where is_held), 0),
    0,
    coalesce(sum(sign) filter (where is_lost and (is_applied or is_held)), 0),
    coalesce(sum(sign) filter (where is_held and is_completed), 0),
    coalesce(sum(sign) filter (where is_held and not is_completed and is_due), 0),
    0
from changed group by 1, 2, 3, 4, 5, 7;

insert into case_tile
select programme_id, year_from, year_to, coalesce(track, ''), round_id is null,
    extract(year from agreed_on)::int, on_day, 0, 0, 0, sum(sign), 0, 0, 0, coalesce(sum(sign * self_krw), 0)
from changed where is_held and is_agreed group by 1, 2, 3, 4, 5, 6, 7;

delete from case_tile where applied = 0 and reserved = 0 and selected = 0 and agreed = 0 and abandoned = 0
    and completed = 0 and about_to = 0 and own_krw = 0;

insert into place_tile
select programme_id, coalesce(municipality, ''), on_day,
    coalesce(sum(sign) filter (where is_applied), 0),
    coalesce(sum(sign) filter (where is_held), 0),
    coalesce(sum(sign) filter (where is_held and (is_completed or is_due)), 0)
from changed where round_id is not null group by 1, 2, 3;

delete from place_tile where applied = 0 and selected = 0 and finished = 0;

insert into agreement_tile
select programme_id, year_from, starts_on, ends_on, on_day, sum(sign)
from changed where is_held and is_agreed and round_id is not null and starts_on is not null
group by 1, 2, 3, 4, 5 having sum(sign) <> 0;

insert into visited_row
select v.programme_id, coalesce(c.company_id, v.case_id), min(v.occurred_on)
from visit_tile v left join case_row c using (case_id) group by 1, 2;

insert into visited_tile select programme_id, first_on, count(*) from visited_row group by 1, 2;

drop table visit_tile, changed;
"""

BEFORE = """
drop index milestone_row_open;

drop table visited_tile, visited_row, agreement_tile, place_tile, case_tile;

create table visit_tile (
    programme_id varchar, case_id uuid, occurred_on date, visits bigint not null,
    primary key (programme_id, case_id, occurred_on)
);
"""


def upgrade() -> None:
    for statement in (*TILES.split(";\n\n"), *CHANGED.split(";\n\n")):
        script(statement)


def downgrade() -> None:
    for statement in BEFORE.split(";\n\n"):
        script(statement)
