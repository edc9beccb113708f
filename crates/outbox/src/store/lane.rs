use seaworthy_messaging::Envelope;

/// So many stand in the migration. Two relays have half of them each, and a handful of processes still find one free.
pub(crate) const LANES: u8 = 16;

/// The lane of a message: that of its key, so that the messages of a key are in one; without a key, any.
pub(crate) fn lane(envelope: &Envelope) -> i32 {
    let text = envelope.key().unwrap_or(envelope.id().as_str());
    let lane = fnv1a(text.as_bytes()) % u64::from(LANES);
    i32::try_from(lane).unwrap_or_default()
}

/// FNV-1a of 64 bits (RFC 9923): the same in every version of a service, which the hash maps of the standard library do not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    /// Test vectors of the algorithm's authors: a lane that changed with a version would give a key to two relays.
    #[test]
    fn a_key_has_the_same_lane_in_every_version_msg_4() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
