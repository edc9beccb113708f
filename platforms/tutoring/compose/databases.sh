#!/bin/sh
# The PostgreSQL image runs this script if its volume is empty. It creates a database and a user for
# each service. A user can connect only to its own database.
set -eu
for service in student-auth trainer-auth student trainer course payment admin booking notification chat analytics; do
    psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        --set name="$service" --set password="$(cat "${SECRETS:-/run/secrets}/$service-database")" <<'SQL'
CREATE USER :"name" PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
