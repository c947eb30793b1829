#!/bin/sh
# Create the database of POSTGRES_USER, _PASSWORD and _DB unless the volume has one; then start the server, never as root.
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ "$(id -u)" = 0 ]; then
  install -d -o postgres "$(dirname "$PGDATA")"
  install -d -o postgres -m 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  umask 077
  printf '%s' "${POSTGRES_PASSWORD:?}" >/tmp/password
  initdb --username="$user" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  printf '%s\n' "listen_addresses = '*'" "unix_socket_directories = '/var/run/postgresql'" >>"$PGDATA/postgresql.conf"
  # on its Unix socket only: the TCP port opens when the database is complete
  pg_ctl --wait --options "-c listen_addresses=''" start
  [ "$database" = postgres ] || createdb --host=/var/run/postgresql --username="$user" "$database"
  pg_ctl --wait --mode=fast stop
fi

exec "$@"
