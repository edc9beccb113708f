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

make database "$(random)"
make broker "$(random)"
make rabbitmq.conf "default_user = symbols
default_pass = $(cat secrets/broker)
default_vhost = symbols
"
echo "the secrets are in $(pwd)/secrets"
