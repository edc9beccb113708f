#!/bin/sh
# Creates the secrets that compose.yaml mounts, in the directory secrets. Existing secrets are kept.
set -eu
umask 022
cd "$(dirname "$0")/.."
mkdir -p secrets
# Users of the containers read the files. The directory protects them from other users.
chmod 700 secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

for name in admin-token grafana database redis jwt kms-seed kms-salt; do
    [ -s "secrets/$name" ] || random > "secrets/$name"
done
echo "the secrets are in $(pwd)/secrets"
