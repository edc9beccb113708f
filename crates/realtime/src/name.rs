/// Returns true for 1 to `max_length` ASCII letters, digits, `:`, `.`, `_` or `-`. Such names need
/// no escape in any protocol.
pub(crate) fn is_valid(name: &str, max_length: usize) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
    (1..=max_length).contains(&name.len()) && name.bytes().all(is_allowed)
}
