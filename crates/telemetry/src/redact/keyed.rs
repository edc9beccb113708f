use std::ops::Range;

use super::{
    bytes::{end_of, is_word, start_of},
    name::{is_sensitive_name, is_whole_header},
    token::after_scheme,
};

/// The value after the `=` or `:` at `at`, if its name is sensitive: `password=…`, `"token": "…"`,
/// `Authorization: …`.
pub(super) fn keyed(text: &[u8], at: usize) -> Option<Range<usize>> {
    let name_end = start_of(text, 0, at, |byte| {
        matches!(byte, b'"' | b'\'' | b' ' | b'\t' | b'\\' | b']')
    });
    let name_start = start_of(text, 0, name_end, |byte| is_word(byte) || byte == b'-');
    let name = str::from_utf8(text.get(name_start..name_end)?).ok()?;
    if name.is_empty() || !is_sensitive_name(name) {
        return None;
    }
    let begin = end_of(text, at + 1, |byte| {
        matches!(byte, b' ' | b'\t' | b'=' | b'>' | b':')
    });
    let backslashes = end_of(text, begin, |byte| byte == b'\\') - begin;
    let (begin, end) = match text.get(begin + backslashes) {
        Some(quote @ (b'"' | b'\'')) => {
            let inside = begin + backslashes + 1;
            (inside, closing_quote(text, inside, *quote, backslashes))
        }
        _ if is_whole_header(name) => (
            begin,
            end_of(text, begin, |byte| !matches!(byte, b'\n' | b'\r')),
        ),
        _ => {
            let value = after_scheme(text, begin).map_or(begin, |range| range.start);
            (begin, bare_value(text, value))
        }
    };
    let begin = after_scheme(text, begin).map_or(begin, |range| range.start.min(end));
    (end > begin).then_some(begin..end)
}

/// Returns the end of a quoted text whose opening quote has `backslashes` before it. The end is a
/// quote with the same number of backslashes, or the end of the text.
fn closing_quote(text: &[u8], from: usize, quote: u8, backslashes: usize) -> usize {
    let mut seen = 0;
    for (position, byte) in text.iter().enumerate().skip(from) {
        if *byte == b'\\' {
            seen += 1;
        } else if *byte == quote && seen <= backslashes {
            return position - seen;
        } else {
            seen = 0;
        }
    }
    text.len()
}

/// Returns the end of a value without quotes: at a blank or a separator outside brackets.
fn bare_value(text: &[u8], begin: usize) -> usize {
    let mut depth = 0_u32;
    let mut at = begin;
    while let Some(byte) = text.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            // A quoted text starts inside brackets, or after a prefix as in `b"…"`.
            b'"' | b'\'' if depth > 0 || at - begin <= 2 => {
                at = closing_quote(text, at + 1, *byte, 0);
            }
            _ if depth > 0 => {}
            b' ' if at > begin && text.get(at + 1) == Some(&b'{') => {}
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\'')) => return at,
            b',' | b'&' | b';' | b')' | b']' | b'}' | b'"' | b'\'' if separates(text, at + 1) => {
                return at;
            }
            byte if byte.is_ascii_whitespace() => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Whether a separator before `at` ends a value: the text ends, or a blank, another separator, or
/// another name with its value follows.
fn separates(text: &[u8], at: usize) -> bool {
    let Some(next) = text.get(at) else {
        return true;
    };
    if next.is_ascii_whitespace() || b"\"',&;)]}\\".contains(next) {
        return true;
    }
    let name_end = end_of(text, at, |byte| is_word(byte) || byte == b'-');
    let sign = text.get(name_end);
    let value = text.get(name_end + 1);
    name_end > at
        && matches!(sign, Some(b'=' | b':'))
        && value.is_some_and(|byte| *byte != b'=' && !byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::super::redact;

    #[test]
    fn masks_values_of_sensitive_names_to_their_end_obs_3() {
        for (text, masked) in [
            ("password=hunter2", "password=***"),
            (
                "db_password: hunter2, user: ada",
                "db_password: ***, user: ada",
            ),
            ("GET /reset?token=abc&next=/", "GET /reset?token=***&next=/"),
            ("password => hunter2", "password => ***"),
            ("password:: hunter2", "password:: ***"),
            ("password := hunter2", "password := ***"),
            (
                r#"password: "two \"hunter2\" x" next"#,
                r#"password: "***" next"#,
            ),
            (
                r#"{\"password\":\"two hunter2\",\"a\":1}"#,
                r#"{\"password\":\"***\",\"a\":1}"#,
            ),
            ("password=abc,hunter2", "password=***"),
            ("password=abc)hunter2 next", "password=*** next"),
            ("password=abc,user=ada", "password=***,user=ada"),
            (r#"secret={"a":"hunter2"} next"#, "secret=*** next"),
            (
                r#"password: Some("two hunter2"), user"#,
                "password: ***, user",
            ),
            (r#"secret: Inner { a: "hunter2" } next"#, "secret: *** next"),
            (r#"secret: b"two hunter2" next"#, "secret: *** next"),
            ("token=[a, hunter3] next", "token=*** next"),
            ("user[password]=hunter2&a=b", "user[password]=***&a=b"),
            ("pass: hunter2", "pass: ***"),
            ("key=hunter2", "key=***"),
            (
                "AccountKey=hunter2==;EndpointSuffix=x",
                "AccountKey=***;EndpointSuffix=x",
            ),
            ("Authorization: Token hunter2abc", "Authorization: ***"),
            (
                "Authorization: Digest user=\"a\", response=\"hunter2\"\nHost: x",
                "Authorization: ***\nHost: x",
            ),
            (
                "set-cookie: a=hunter2; Path=/\r\nHost: x",
                "set-cookie: ***\r\nHost: x",
            ),
            (
                r#"{"cookie": "a=b; session=hunter2", "x": 1}"#,
                r#"{"cookie": "***", "x": 1}"#,
            ),
            (
                "?next=%2Flogin%3Fpassword%3Dhunter2%26a%3Db",
                "?next=/login?password=***&a=b",
            ),
        ] {
            assert_eq!(redact(text), masked, "{text:?}");
        }
    }

    #[test]
    fn keeps_sensitive_words_in_sentences_obs_3() {
        for text in [
            "the token bucket is empty",
            "the token bucket: empty",
            "the password reset page",
            "GET /password/reset",
            "crate::store::Error in cache_key: 7",
            "capacity=7 authored: ada",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn masks_a_password_in_any_surroundings_obs_3(
            before in "[ -~]{0,12}",
            sign in "( ?=>? ?|:{1,2} ?| := )",
            open in "(\"|\\(|\\[|\\{|)",
            after in "[ -~]{0,12}",
        ) {
            let text = format!("{before} password{sign}{open}hunter2 {after}");
            prop_assert!(!redact(&text).contains("hunter2"), "{}", redact(&text));
        }
    }
}
