use chrono::{DateTime, SecondsFormat, Utc};

use crate::folder::sha256_hex;

/// The resolution of the times that a component gets, in milliseconds: too coarse for timing
/// attacks on other requests.
const STEP: i64 = 10;
/// The resolution without the capability `clock`, in milliseconds.
const STEP_WITHOUT_CLOCK: i64 = 1_000;
/// The length of the hash of an ID. It is not longer than a UUID, so that the ID does not exceed
/// the payload.
const HASH_LENGTH: usize = 32;

/// The precision of the times that a component gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Whether the plugin has the capability `clock`.
    pub(super) has_clock: bool,
}

impl Times {
    /// Returns a time in the resolution of the plugin.
    pub(super) fn round(self, time: DateTime<Utc>) -> i64 {
        let step = match self.has_clock {
            true => STEP,
            false => STEP_WITHOUT_CLOCK,
        };
        let milliseconds = time.timestamp_millis();
        milliseconds - milliseconds.rem_euclid(step)
    }

    /// Returns a time in the resolution of the plugin, as RFC 3339 in UTC.
    pub(super) fn text(self, time: DateTime<Utc>) -> String {
        let rounded = DateTime::from_timestamp_millis(self.round(time)).unwrap_or_default();
        rounded.to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// Returns the remaining milliseconds of a request in the resolution of clocks.
    pub(super) fn remaining(milliseconds: u64) -> u64 {
        milliseconds - milliseconds % STEP.unsigned_abs()
    }

    /// Returns an ID for the plugin. The service creates IDs from the time, with a resolution of
    /// less than a microsecond. A plugin without a clock gets a hash of such an ID.
    pub(super) fn id(self, id: &str) -> String {
        if self.has_clock || !has_time(id) {
            return id.to_owned();
        }
        let mut hash = sha256_hex(id.as_bytes());
        hash.truncate(HASH_LENGTH);
        hash
    }
}

/// Returns true if an ID is a UUID that begins with a time: version 1, 6 or 7 of RFC 9562.
fn has_time(id: &str) -> bool {
    let digits: Vec<u8> = id.bytes().filter(|byte| *byte != b'-').collect();
    let is_uuid = digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit);
    is_uuid
        && digits
            .get(12)
            .is_some_and(|version| b"167".contains(version))
}

#[cfg(test)]
mod tests {
    use seaworthy_core::new_id;

    use super::*;

    #[test]
    fn times_are_coarse_without_a_clock_plug_2() {
        let time = DateTime::from_timestamp_millis(1_795_000_001_239).unwrap();
        let [with, without] = [true, false].map(|has_clock| Times { has_clock });
        assert_eq!(with.round(time), 1_795_000_001_230);
        assert_eq!(without.round(time), 1_795_000_001_000);
        assert!(without.text(time).ends_with(".000Z"));
        assert_eq!(Times::remaining(49), 40);
        let (one, other) = (new_id().to_string(), new_id().to_string());
        assert_eq!(with.id(&one), one);
        let hash = without.id(&one);
        assert_eq!(hash.len(), HASH_LENGTH);
        // The same ID has the same hash, which is not the ID.
        assert_eq!(without.id(&one), hash);
        assert_ne!(without.id(&other), hash);
        assert_ne!(one.replace('-', ""), hash);
        for without_time in ["order-7", "0f8fad5b-d9cb-469f-a165-70867728950e"] {
            assert_eq!(without.id(without_time), without_time);
        }
    }
}
