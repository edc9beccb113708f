//! Section 3.3 of Trace Context, with the keys of level 2: any of the key's characters in any order, `@` among them, behind a letter or a digit.

/// The specification's bound on members: a list with more is invalid.
const MOST_MEMBERS: usize = 32;
/// The longest key and the longest value.
const LONGEST_PART: usize = 256;
/// More than the 512 characters that must be passed on, little enough for any header limit.
const LONGEST_PASSED_ON: usize = 2_048;
/// Where something must go, members longer than this go first.
const LARGE_MEMBER: usize = 128;

/// All header values as one normal list, or `None` where there is no member or where the list is invalid.
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
        if members.len() == MOST_MEMBERS || members.iter().any(|known| key_of(known) == key) {
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
    begins && key.len() <= LONGEST_PART && key.iter().all(allowed)
}

fn is_value(value: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b',' && *byte != b'=';
    !value.is_empty() && value.len() <= LONGEST_PART && value.iter().all(allowed)
}

fn key_of(member: &str) -> &str {
    member.split('=').next().unwrap_or(member)
}

fn shorten(members: &mut Vec<&str>) {
    let length = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length(members) > LONGEST_PASSED_ON {
        let last_large = members
            .iter()
            .rposition(|member| member.len() > LARGE_MEMBER);
        members.remove(last_large.unwrap_or(members.len().saturating_sub(1)));
    }
}
