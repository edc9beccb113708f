//! MurmurHash3 x86_32 by A. Appleby, with seed 0, over a stream of bytes.

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

/// A hash of bytes that arrive in parts. Does not allocate.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Murmur {
    hash: u32,
    tail: u32,
    /// The number of bytes in `tail`, less than 4.
    pending: u32,
    length: u32,
}

impl Murmur {
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.tail |= u32::from(*byte) << (8 * self.pending);
            self.pending += 1;
            if self.pending == 4 {
                self.hash = (self.hash ^ mix(self.tail))
                    .rotate_left(13)
                    .wrapping_mul(5)
                    .wrapping_add(0xe654_6b64);
                (self.tail, self.pending) = (0, 0);
            }
        }
        // The algorithm takes the length modulo 2^32.
        self.length = self.length.wrapping_add(bytes.len() as u32);
    }

    pub(crate) fn finish(self) -> u32 {
        let mut hash = self.hash ^ if self.pending > 0 { mix(self.tail) } else { 0 };
        hash ^= self.length;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

fn mix(block: u32) -> u32 {
    block.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_equals_published_vectors_flag_1() {
        // The verification vectors of the reference implementation for seed 0.
        for (text, expected) in [
            ("", 0),
            ("test", 0xba6b_d213),
            ("Hello, world!", 0xc036_3e43),
            ("The quick brown fox jumps over the lazy dog", 0x2e4f_f723),
        ] {
            let mut murmur = Murmur::default();
            murmur.write(text.as_bytes());
            assert_eq!(murmur.finish(), expected, "{text}");
        }
    }

    #[test]
    fn hash_is_independent_of_parts_flag_1() {
        let mut parts = Murmur::default();
        for part in ["Hel", "", "lo, wor", "ld!"] {
            parts.write(part.as_bytes());
        }
        assert_eq!(parts.finish(), 0xc036_3e43);
    }
}
