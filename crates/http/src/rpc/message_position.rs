/// The length of a gRPC message prefix: a flag and the message length (gRPC over HTTP/2,
/// "Length-Prefixed-Message").
const PREFIX: u64 = 5;
/// The offset of the message length in the prefix, in bytes.
const LENGTH_AT: u64 = 1;

/// The position in a stream of gRPC messages.
#[derive(Debug, Default)]
pub(crate) struct MessagePosition {
    /// Bytes of the current message that have arrived, with its prefix.
    read: u64,
    /// The length of the message without the prefix, as far as the prefix has arrived.
    length: u32,
}

impl MessagePosition {
    /// Advances the position by the received bytes.
    pub(crate) fn follow(&mut self, mut data: &[u8]) {
        while let [byte, rest @ ..] = data {
            if self.read < PREFIX {
                if self.read >= LENGTH_AT {
                    self.length = self.length << 8 | u32::from(*byte);
                }
                self.read += 1;
                data = rest;
            } else {
                let missing = PREFIX + u64::from(self.length) - self.read;
                let taken = usize::try_from(missing)
                    .unwrap_or(usize::MAX)
                    .min(data.len());
                self.read += u64::try_from(taken).unwrap_or_default();
                data = data.get(taken..).unwrap_or_default();
            }
            if self.read >= PREFIX && self.read == PREFIX + u64::from(self.length) {
                *self = Self::default();
            }
        }
    }

    /// Bytes of the incomplete message, which its reader has to keep.
    pub(crate) fn unfinished(&self) -> u64 {
        self.read
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(length: usize) -> Vec<u8> {
        let prefix = u32::try_from(length).unwrap().to_be_bytes();
        [&[0][..], &prefix, &vec![7; length]].concat()
    }

    proptest! {
        #[test]
        fn unfinished_counts_only_the_present_message_sec_3(
            lengths in prop::collection::vec(0_usize..40, 0..6),
            rest in 0_usize..40,
            piece in 1_usize..50,
        ) {
            let whole: Vec<u8> = lengths.iter().flat_map(|length| message(*length)).collect();
            let last = message(rest + 1);
            let begun = &last[..=rest.min(last.len() - 2)];
            let mut position = MessagePosition::default();
            for data in [&whole[..], begun].concat().chunks(piece) {
                position.follow(data);
            }
            prop_assert_eq!(position.unfinished(), u64::try_from(begun.len()).unwrap());
        }
    }

    #[test]
    fn position_follows_any_bytes_sec_3() {
        let mut position = MessagePosition::default();
        position.follow(&[u8::MAX; 100]);
        assert_eq!(position.unfinished(), 100);
    }
}
