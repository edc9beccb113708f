//! The `tracestate` header of section 3.3 of Trace Context, with the keys of level 2. A key begins
//! with a letter or a digit, and may contain `@`.

/// Maximum number of members, from the specification. A longer list is invalid.
const MAX_MEMBERS: usize = 32;
/// Maximum length of a key and of a value in bytes.
const MAX_PART_LENGTH: usize = 256;
/// Maximum length of the propagated list in bytes. The specification requires at least 512.
const MAX_PROPAGATED_LENGTH: usize = 2_048;
/// Members above this length in bytes are removed first if the list is too long.
const LARGE_MEMBER_LENGTH: usize = 128;

/// Combines header values into one list. Returns `None` if the list is empty or invalid.
///
/// Of members with the same key, the first is kept: vendors put the newest member first.
pub(super) fn combine<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    let mut members: Vec<&str> = Vec::new();
    for member in values
        .into_iter()
        .flat_map(|value| value.split(|byte| *byte == b','))
    {
        let member = trim(member);
        if member.is_empty() {
            continue;
        }
        let member = checked(member)?;
        let key = key_of(member);
        if members.iter().any(|known| key_of(known) == key) {
            continue;
        }
        if members.len() == MAX_MEMBERS {
            return None;
        }
        members.push(member);
    }
    shorten(&mut members);
    (!members.is_empty()).then(|| members.join(","))
}

fn trim(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn checked(member: &[u8]) -> Option<&str> {
    let equals = member.iter().position(|byte| *byte == b'=')?;
    let (key, value) = member.split_at_checked(equals)?;
    let value = value.strip_prefix(b"=")?;
    (is_key(key) && is_value(value)).then_some(())?;
    std::str::from_utf8(member).ok()
}

fn is_key(key: &[u8]) -> bool {
    let begins = key
        .first()
        .is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    let allowed =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(byte);
    begins && key.len() <= MAX_PART_LENGTH && key.iter().all(allowed)
}

fn is_value(value: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b',' && *byte != b'=';
    !value.is_empty() && value.len() <= MAX_PART_LENGTH && value.iter().all(allowed)
}

fn key_of(member: &str) -> &str {
    member.split('=').next().unwrap_or(member)
}

fn shorten(members: &mut Vec<&str>) {
    let length = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length(members) > MAX_PROPAGATED_LENGTH {
        let last_large = members
            .iter()
            .rposition(|member| member.len() > LARGE_MEMBER_LENGTH);
        members.remove(last_large.unwrap_or(members.len().saturating_sub(1)));
    }
}
