pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the index after the matching bytes that start at `from`.
pub(super) fn end_of(text: &[u8], from: usize, matches: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|byte| !matches(*byte))
        .unwrap_or(rest.len())
}

/// Returns the index of the first of the matching bytes that end at `until`, at least `floor`.
pub(super) fn start_of(
    text: &[u8],
    floor: usize,
    until: usize,
    matches: impl Fn(u8) -> bool,
) -> usize {
    let before = text.get(floor..until).unwrap_or_default();
    before
        .iter()
        .rposition(|byte| !matches(*byte))
        .map_or(floor.min(until), |position| floor + position + 1)
}

/// Decodes percent-encoded bytes (RFC 3986, section 2.1). `None` if the text has none.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        match (first, others) {
            (b'%', [high, low, others @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).ok()?;
                decoded.push(u8::from_str_radix(digits, 16).ok()?);
                rest = others;
            }
            _ => decoded.push(*first),
        }
    }
    (decoded.len() < text.len()).then(|| String::from_utf8_lossy(&decoded).into_owned())
}
