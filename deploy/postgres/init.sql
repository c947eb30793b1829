-- One schema and two roles a service: `ieum_<service>_owner` creates its tables (migrations only), `ieum_<service>`
-- reads and writes them (the service). Neither can see another service's schema. One role more, `ieum_audit`, reads
-- every schema and can write to none (the auditor). Running it again changes nothing but the passwords. Needs
-- PostgreSQL 15 or newer and a role that may create roles, in the database of Ieum.
--
-- The passwords come in as the setting `ieum.passwords`, a JSON object by role name:
--   PGOPTIONS='-c ieum.passwords={"ieum_applications":"…","ieum_applications_owner":"…",…}' psql -f init.sql

DO $body$
DECLARE
    service   text;
    app       text;
    owner     text;
    passwords json := current_setting('ieum.passwords', true)::json;
    role      text;
BEGIN
    -- two concurrent starts must not both create a role
    PERFORM pg_advisory_xact_lock(hashtext('ieum.roles'));

    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    IF passwords ->> 'ieum_audit' IS NULL THEN
        RAISE EXCEPTION '설정 ieum.passwords에 ieum_audit 의 암호가 없습니다 / the setting ieum.passwords has no password for ieum_audit';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ieum_audit') THEN
        CREATE ROLE ieum_audit;
    END IF;
    EXECUTE format('ALTER ROLE ieum_audit LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD %L', passwords ->> 'ieum_audit');
    ALTER ROLE ieum_audit SET default_transaction_read_only = on;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ieum_audit', current_database());

    FOREACH service IN ARRAY ARRAY['applications', 'funding', 'monitoring', 'notifications'] LOOP
        app := 'ieum_' || service;
        owner := app || '_owner';

        FOREACH role IN ARRAY ARRAY[app, owner] LOOP
            IF passwords ->> role IS NULL THEN
                RAISE EXCEPTION '설정 ieum.passwords에 % 의 암호가 없습니다 / the setting ieum.passwords has no password for %', role, role;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I', role);
            END IF;
            EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD %L', role, passwords ->> role);
            EXECUTE format('ALTER ROLE %I SET search_path = %I', role, service);
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
        END LOOP;

        -- a rebuild folds into a schema beside the live one
        EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), owner);
        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', app, '30s');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', app, '10s');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', app, '60s');

        -- creating a role does not make its creator a member of it; a superuser need not be one
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('GRANT %I TO %I', owner, current_user);
        END IF;
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, owner);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', service, app);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
                       owner, service, app);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT USAGE ON SEQUENCES TO %I', owner, service, app);

        -- the auditor reads the tables that are there and those that a later migration or rebuild makes
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO ieum_audit', service);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO ieum_audit', service);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT USAGE ON SCHEMAS TO ieum_audit', owner);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT ON TABLES TO ieum_audit', owner);
    END LOOP;
END
$body$;
