#!/bin/sh
# Makes the secrets that compose.yaml mounts, in a folder beside it; those that are there stay as they are.
set -eu
umask 022
cd "$(dirname "$0")/.."
mkdir -p secrets
# Files are read by users of containers, and the folder keeps everybody else out.
chmod 700 secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
make() { [ -s "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"; }

for name in jwt internal service-calls audit-log anonymous postgres redis broker \
    auth-database event-database join-database feed-database email-database; do
    make "$name" "$(random)"
done
make redis-url "redis://:$(cat secrets/redis)@redis:6379/0"
make rabbitmq.conf "default_user = city-events
default_pass = $(cat secrets/broker)
default_vhost = city-events
"
echo "the secrets are in $(pwd)/secrets"
