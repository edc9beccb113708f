//! W3C Baggage, with bounded size.

/// Maximum number of members that are propagated, from the specification.
const MAX_MEMBERS: usize = 64;
/// Maximum length of the propagated list in bytes, from the specification.
const MAX_LENGTH: usize = 8_192;

/// Combines header values into one list of valid members. Returns `None` if no member is valid.
pub(super) fn combine<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    let mut list = String::new();
    let members = values
        .into_iter()
        .flat_map(|value| value.split(|byte| *byte == b','));
    for member in members.filter_map(checked).take(MAX_MEMBERS) {
        if list.len() + member.len() + 1 > MAX_LENGTH {
            break;
        }
        if !list.is_empty() {
            list.push(',');
        }
        // gRPC metadata cannot contain a tab, which is optional white space here.
        list.extend(
            member
                .chars()
                .map(|char| if char == '\t' { ' ' } else { char }),
        );
    }
    (!list.is_empty()).then_some(list)
}

/// Returns the decoded value of a key. If the key occurs twice, the last member applies.
pub(super) fn value(list: &str, key: &str) -> Option<String> {
    let mut found = list.split(',').filter_map(|member| {
        let (name, value) = member.split(';').next()?.split_once('=')?;
        (name.trim() == key).then(|| decode(value.trim()))
    });
    found.next_back()
}

fn checked(member: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(member).ok()?.trim_matches([' ', '\t']);
    let (pair, _properties) = text.split_once(';').unwrap_or((text, ""));
    let (key, value) = pair.split_once('=')?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_octet =
        |byte: u8| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
    let key = key.trim_matches([' ', '\t']);
    let value = value.trim_matches([' ', '\t']);
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    (printable && !key.is_empty() && key.bytes().all(is_token) && value.bytes().all(is_octet))
        .then_some(text)
}

fn decode(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                digit(*high)
                    .zip(digit(*low))
                    .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            rest.get(3..).unwrap_or_default()
        } else {
            tail
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
