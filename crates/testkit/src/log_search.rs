//! Searches the output of processes for secrets.

/// Shorter secrets are codes, which numbers in a log may contain.
const MIN_TOKEN_LENGTH: usize = 12;

/// Asserts that no line contains a secret. Upper and lower case are equal. A secret of fewer than
/// 12 letters and digits matches only as a whole word.
///
/// ```
/// use seaworthy_testkit::log_search::assert_no_secret;
///
/// assert_no_secret(["took 0.123456s", "user 7 logged in"], &["123456", "wonderful4weather"]);
/// ```
///
/// # Panics
/// A line contains a secret.
#[track_caller]
pub fn assert_no_secret<'l>(lines: impl IntoIterator<Item = &'l str>, secrets: &[&str]) {
    let secrets: Vec<String> = secrets.iter().map(|secret| secret.to_lowercase()).collect();
    for line in lines {
        let text = line.to_lowercase();
        for secret in &secrets {
            assert!(!is_in(&text, secret), "{secret:?} is in the log: {line}");
        }
    }
}

fn is_in(text: &str, secret: &str) -> bool {
    if secret.len() >= MIN_TOKEN_LENGTH || !secret.chars().all(char::is_alphanumeric) {
        return text.contains(secret);
    }
    let is_part = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '.')
    };
    text.match_indices(secret).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..);
        !is_part(before) && !is_part(after.and_then(|after| after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_finds_codes_and_not_numbers_obs_3() {
        assert!(is_in(r#"{"code":"123456"}"#, "123456"));
        assert!(is_in("code=123456 ", "123456"));
        assert!(!is_in("0.123456s 9123456 1234567", "123456"));
        assert!(is_in("xwonderful4weatherx", "wonderful4weather"));
        assert!(is_in("authorization: bearer eyj0", "bearer ey"));
    }
}
