//! Health checks that call other services, so that one outage restarts all services.

use super::{GO, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const CALLS: &str = "the health check calls another service with `{}`";
/// Words of a function that answers a probe.
const PROBE: &str = r"(?i)health|liveness|readiness|/ready\b|/live\b|readyz|livez";
/// Words of code that waits for other services, retries calls or breaks the circuit.
const CLIENT: &str = r"(?i)waitUntil|until_?ready|wait_?for|retry|breaker";

const fn remote_check(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(Practice::PeerHealth, files, pattern, PROBE, CLIENT, CALLS)
}

pub(super) const SIGNS: &[Sign] = &[
    remote_check(
        SCRIPT,
        r"(?:await\s+|[\[,(]\s*|return\s+)(?P<what>(?:axios\.get|this\.http\.pingCheck|this\.microservice\.pingCheck|check(?:Service|Smtp|Mail\w*|Peer\w*|Upstream\w*|Downstream\w*)\w*))\(",
    ),
    remote_check(
        GO,
        r"(?P<what>\bhttp\.Get|\b\w*[hH]ealth\w*[cC]lient\.Check|\bcheck(?:Service|SMTP|Mail|Peer|Upstream)\w*)\(",
    ),
    remote_check(
        PYTHON,
        r"(?P<what>\b(?:requests|httpx|client|session)\.get)\(\s*f?[^\n)]*(?i:health|ready|status)",
    ),
];
