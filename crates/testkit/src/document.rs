//! Documents that are generated from the code and committed with it.

use std::{fs, path::Path};

/// Fails if the committed file differs from the generated text. With `SEAWORTHY_UPDATE=1` it writes
/// the file instead.
///
/// # Panics
/// The file differs, is missing, or cannot be written.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn assert_current(path: &Path, text: &str) {
    if std::env::var_os("SEAWORTHY_UPDATE").is_some_and(|value| value == "1") {
        let folder = path.parent().unwrap_or(path);
        if let Err(error) = fs::create_dir_all(folder).and_then(|()| fs::write(path, text)) {
            panic!("{} cannot be written: {error}", path.display());
        }
        return;
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    if let Some((number, (was, is))) = difference(&committed, text) {
        panic!(
            "{} is out of date from line {number} on; run the test again with SEAWORTHY_UPDATE=1 and commit the file\n  committed: {was}\n  generated: {is}",
            path.display()
        );
    }
}

fn difference<'a>(committed: &'a str, generated: &'a str) -> Option<(usize, (&'a str, &'a str))> {
    let count = committed.lines().count().max(generated.lines().count());
    let committed = committed.lines().chain(std::iter::repeat("(nothing)"));
    let generated = generated.lines().chain(std::iter::repeat("(nothing)"));
    (1..=count)
        .zip(committed.zip(generated))
        .find(|(_, (was, is))| was != is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n"), Some((2, ("b", "c"))));
        assert_eq!(difference("a\n", "a\nb\n"), Some((2, ("(nothing)", "b"))));
    }
}
