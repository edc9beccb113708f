#!/bin/sh
# Creates the secrets that compose.yaml mounts, in the directory secrets. Existing secrets are kept.
set -eu
umask 022
cd "$(dirname "$0")/.."
mkdir -p secrets
# Users of the containers read the files. The directory protects them from other users.
chmod 700 secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
create() { [ -s "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"; }

for name in admin-token grafana jwt internal service-calls audit-log totp anonymous postgres redis broker \
    auth-database event-database join-database feed-database email-database media-database s3; do
    create "$name" "$(random)"
done
create redis-url "redis://:$(cat secrets/redis)@redis:6379/0"
create rabbitmq.conf "default_user = city-events
default_pass = $(cat secrets/broker)
default_vhost = city-events
"
# A user of the containers writes pictures. The directory above protects them from other users.
mkdir -p pictures/raw pictures/s3
chmod 700 pictures
chmod 777 pictures/raw pictures/s3
echo "the secrets are in $(pwd)/secrets"
