#!/bin/sh
# Run once by the image of Postgres when the cluster is new (/docker-entrypoint-initdb.d): the owner of the database, and a role a
# process, with the passwords of the secret role-passwords ("name password", a line a role). What each may do, roles.sql says, which
# `manage.py prepare` runs after the migrations.
set -eu
while read -r name password; do
    psql -v ON_ERROR_STOP=1 -v name="$name" -v password="$password" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE :"name" LOGIN NOINHERIT PASSWORD :'password';
SQL
done < /run/secrets/role-passwords
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
ALTER DATABASE mailplatform OWNER TO mailplatform;
REVOKE ALL ON DATABASE mailplatform FROM PUBLIC;
SELECT format('GRANT CONNECT ON DATABASE mailplatform TO %I', rolname) FROM pg_roles WHERE rolname LIKE 'mailplatform\_%' \gexec
SQL
