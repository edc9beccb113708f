#!/bin/sh
# Run by the image of PostgreSQL when its volume is empty: a database and a user for each service, who may connect to nothing else.
set -eu
for service in auth event join feed email; do
    psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        --set name="$service" --set password="$(cat "${SECRETS:-/run/secrets}/$service-database")" <<'SQL'
CREATE USER :"name" PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
