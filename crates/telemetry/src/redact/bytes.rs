pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Behind the bytes from `from` on that belong.
pub(super) fn end_of(text: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(rest.len())
}

/// Where the bytes before `until` that belong begin, not before `floor`.
pub(super) fn start_of(
    text: &[u8],
    floor: usize,
    until: usize,
    belongs: impl Fn(u8) -> bool,
) -> usize {
    let before = text.get(floor..until).unwrap_or_default();
    before
        .iter()
        .rposition(|byte| !belongs(*byte))
        .map_or(floor.min(until), |position| floor + position + 1)
}

pub(super) fn starts_with_ignoring_case(text: &[u8], beginning: &[u8]) -> bool {
    text.get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}
