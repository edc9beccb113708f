use seaworthy_testkit::postgres::PostgresServer;

use super::run_command;
use crate::Failure;

/// The SQL expression for the ID of the event `:event`.
pub(super) const EVENT: &str =
    "('00000000-0000-4000-8000-' || lpad(to_hex(:event::bigint), 12, '0'))::uuid";
/// SQL of the ID of user `:person`, which is new in almost all transactions.
const PERSON: &str = "('00000000-0000-4000-9000-' || lpad(to_hex(:person::bigint), 12, '0'))::uuid";
const MAX_PERSON: u64 = 1 << 47;

/// The rows of one join in `platforms/city-events/join/src/store`, with one statement per table:
/// lock the event, read the state of the user, and write six rows. The service writes those of
/// several joins with fewer statements. The outbox row is a dead letter, so relays ignore it.
const SCRIPT: &str = r"
\set event random(1, EVENTS)
\set person random(1, PEOPLE)
BEGIN;
SELECT event_id, capacity, active_count, waitlist_count, state, owner_id, ends_at, announced_at, joined_at, revision, updated_at
    FROM event_capacity WHERE event_id = EVENT FOR UPDATE;
SELECT k.user_id, k.event_id, k.action, k.answer, k.answered_at, k.expires_at, b.created_at, b.expires_at, j.id, j.status, j.updated_at
    FROM (SELECT 1 AS one) AS person
    LEFT JOIN idempotency_keys k ON k.key_hash = decode(md5(:person::text), 'hex')
    LEFT JOIN event_bans b ON b.event_id = EVENT AND b.user_id = PERSON
    LEFT JOIN joins j ON j.event_id = EVENT AND j.user_id = PERSON;
INSERT INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at)
    VALUES (decode(md5(:person::text), 'hex'), PERSON, EVENT, 'join', 'active', now(), now() + interval '1 day')
    ON CONFLICT (key_hash) DO UPDATE SET user_id = excluded.user_id, event_id = excluded.event_id, action = excluded.action, answer = excluded.answer,
        answered_at = excluded.answered_at, expires_at = excluded.expires_at
    WHERE idempotency_keys.expires_at <= excluded.answered_at;
INSERT INTO joins (id, event_id, user_id, status, created_at, updated_at, activated_at) VALUES (gen_random_uuid(), EVENT, PERSON, 'active', now(), now(), now());
INSERT INTO join_history (event_id, user_id, from_status, to_status, reason, actor_id, happened_at, revision)
    VALUES (EVENT, PERSON, NULL, 'active', NULL, PERSON::text, now(), 1);
INSERT INTO join_audit_queue (event_id, user_id, to_status, from_status, actor_id, request_id, happened_at)
    VALUES (EVENT, PERSON, 'active', NULL, PERSON::text, :person::text, now());
INSERT INTO outbox (id, topic, message_key, partition_id, state, event_type, headers, payload, created_us)
    VALUES (:person::text, 'pgbench', EVENT::text, 3, 3, 'join.created', '{}', decode(repeat('00', 400), 'hex'), 0);
UPDATE event_capacity
    SET capacity = 0, active_count = active_count + 1, waitlist_count = 0, state = 'open', owner_id = NULL, ends_at = NULL, announced_at = announced_at,
        joined_at = now(), revision = revision + 1, updated_at = now()
    WHERE event_id = EVENT;
COMMIT;
";

/// Runs pgbench and returns the transactions per second.
pub(super) fn run(
    postgres: &PostgresServer,
    database: &str,
    events: u32,
    clients: u32,
    seconds: u32,
) -> Result<f64, Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("join.sql");
    let script = SCRIPT
        .replace("EVENTS", &events.to_string())
        .replace("PEOPLE", &MAX_PERSON.to_string())
        .replace("EVENT", EVENT)
        .replace("PERSON", PERSON);
    std::fs::write(&file, script)?;
    let mut client = postgres.client("pgbench");
    client
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={seconds}"))
        .arg(format!("--file={}", file.display()))
        .arg(database);
    let output = run_command(&mut client)?;
    let mut parts = output.split("tps = ");
    let rate = parts.nth(1).and_then(|rest| rest.split(' ').next());
    let rate = rate.and_then(|text| text.parse().ok());
    Ok(rate.ok_or_else(|| format!("the output of pgbench has no rate: {output}"))?)
}
