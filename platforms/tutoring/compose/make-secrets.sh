#!/bin/sh
# Creates the secrets that compose.yaml mounts, in the directory secrets. Existing secrets are kept.
set -eu
umask 022
cd "$(dirname "$0")/.."
mkdir -p secrets
# Users of the containers read the files. The directory protects them from other users.
chmod 700 secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

for name in admin-token grafana access-tokens service-tokens codes session-codes audit-log documents bank-details totp provider postgres redis \
    student-auth-database trainer-auth-database student-database trainer-database course-database payment-database admin-database booking-database notification-database chat-database analytics-database chat-seed chat-salt attachments media; do
    [ -s "secrets/$name" ] || random > "secrets/$name"
done
# A user of the containers writes documents, attachments and media.
mkdir -p documents attachments media
chmod 777 documents attachments media
echo "the secrets are in $(pwd)/secrets"
