use seaworthy_messaging::Envelope;

/// The number of partitions, which the migrations insert into `outbox_partitions`. Two relays claim
/// half of them each. With a few more processes, each relay still finds a free partition.
pub(crate) const PARTITIONS: u8 = 16;

/// Returns the partition of a message, the column `partition_id`. All messages of a key belong to
/// one partition. A message without a key belongs to the partition of its ID.
pub(crate) fn partition(envelope: &Envelope) -> i32 {
    let text = envelope.key().unwrap_or(envelope.id().as_str());
    let partition = fnv1a(text.as_bytes()) % u64::from(PARTITIONS);
    i32::try_from(partition).unwrap_or_default()
}

/// Returns the FNV-1a hash of 64 bits (RFC 9923).
/// in every version of a service.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    /// The test vectors of the authors. If the partition of a key changed with a version, two
    /// relays could publish the key at the same time.
    #[test]
    fn key_has_same_partition_in_every_version_msg_4() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
