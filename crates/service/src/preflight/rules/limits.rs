use seaworthy_core::{ByteSize, Timeout};

use crate::preflight::{Facts, Violation};

/// Ten minutes: nobody waits longer for an answer, so a longer limit is none.
const LONGEST_REQUEST: Timeout = Timeout::from_secs(600);
/// Five minutes: orchestrators kill long before.
const LONGEST_STOP: Timeout = Timeout::from_secs(300);
/// A gibibyte of one request in memory ends a container.
const LARGEST_BODY: ByteSize = ByteSize::mebibytes(1_024);

/// Requests in flight, or per second of one caller, beyond which no process of any size serves.
const MOST_REQUESTS: u64 = 1_000_000;

/// Counts of requests, by the end of their key.
const COUNTS: [(&str, &str); 3] = [
    ("load_shed.max_in_flight", "RES-7"),
    ("rate_limit.requests_per_second", "RES-6"),
    ("rate_limit.burst", "RES-6"),
];

/// The limits of whole requests; a `timeout` elsewhere is something else.
const LISTENER_TIMEOUTS: [&str; 2] = ["server.http.timeout", "server.grpc.timeout"];

/// A limit so wide that it never acts is no limit (RES-3, SEC-3, LIFE-4).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, setting) in facts.iter() {
        let id = COUNTS.iter().find(|(end, _)| key.ends_with(end));
        if let (Some((_, id)), Some(count)) = (id, setting.value.as_u64())
            && count > MOST_REQUESTS
        {
            found.push(Violation {
                id,
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: format!("{count} is so wide that the limit never acts"),
                fix: format!("set it to at most {MOST_REQUESTS}"),
            });
        }
        let Some(text) = setting.value.as_str() else {
            continue;
        };
        let verdict = if LISTENER_TIMEOUTS.contains(&key) {
            text.parse()
                .is_ok_and(|timeout: Timeout| timeout > LONGEST_REQUEST)
                .then(|| ("RES-3", LONGEST_REQUEST.to_string()))
        } else if key.starts_with("server.") && key.ends_with("body_limit") {
            text.parse()
                .is_ok_and(|size: ByteSize| size > LARGEST_BODY)
                .then(|| ("SEC-3", LARGEST_BODY.to_string()))
        } else if key == "lifecycle.total" {
            text.parse()
                .is_ok_and(|timeout: Timeout| timeout > LONGEST_STOP)
                .then(|| ("LIFE-4", LONGEST_STOP.to_string()))
        } else {
            None
        };
        if let Some((id, bound)) = verdict {
            found.push(Violation {
                id,
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: format!("{text} is so wide that the limit never acts"),
                fix: format!("set it to at most {bound}"),
            });
        }
    }
    found
}
