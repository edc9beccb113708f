//! Fast lower-case hexadecimal, because every log line and response contains identifiers.

/// The value 1 in every byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// Returns the eight digits of a number.
const fn digits_of_32(number: u32) -> [u8; 8] {
    // Spread the nibbles over the bytes, the lowest nibble in the lowest byte.
    let mut nibbles = number as u64;
    nibbles = (nibbles | (nibbles << 16)) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles | (nibbles << 8)) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles | (nibbles << 4)) & (0x0f * ONES);
    let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
    let distance = (b'a' - b'9' - 1) as u64;
    (nibbles + (b'0' as u64) * ONES + letters * distance).to_be_bytes()
}

/// Returns the sixteen digits of a number.
pub(super) fn digits_of_64(number: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    let [high, low] = halves(number);
    let (left, right) = digits.split_at_mut(8);
    left.copy_from_slice(&digits_of_32(high));
    right.copy_from_slice(&digits_of_32(low));
    digits
}

/// Returns the thirty-two digits of a number.
pub(super) fn digits_of_128(number: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    let (left, right) = digits.split_at_mut(16);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "splits the number into halves"
    )]
    let halves = [(number >> 64) as u64, number as u64];
    left.copy_from_slice(&digits_of_64(halves[0]));
    right.copy_from_slice(&digits_of_64(halves[1]));
    digits
}

const fn halves(number: u64) -> [u32; 2] {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "splits the number into halves"
    )]
    let halves = [(number >> 32) as u32, number as u32];
    halves
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_equal_standard_formatting_obs_6(long: u128, short: u64) {
            prop_assert_eq!(digits_of_128(long).to_vec(), format!("{long:032x}").into_bytes());
            prop_assert_eq!(digits_of_64(short).to_vec(), format!("{short:016x}").into_bytes());
        }
    }
}
