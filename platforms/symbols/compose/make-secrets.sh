#!/bin/sh
# Creates the secrets that compose.yaml mounts, in the folder "secrets". Existing secrets stay unchanged.
set -eu
umask 022
cd "$(dirname "$0")/.."
mkdir -p secrets
# The users of the containers must read the files. The mode of the folder excludes other users.
chmod 700 secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
create() { [ -s "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"; }

create admin-token "$(random)"
create grafana "$(random)"
create database "$(random)"
create broker "$(random)"
create rabbitmq.conf "default_user = symbols
default_pass = $(cat secrets/broker)
default_vhost = symbols
"
echo "the secrets are in $(pwd)/secrets"
