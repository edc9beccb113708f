//! The text of a scalar.

pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut letters = raw.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}

pub(super) fn block_text(raw: &str) -> String {
    let folded = raw.starts_with('>');
    let lines: Vec<&str> = raw.lines().skip(1).map(str::trim).collect();
    lines.join(if folded { " " } else { "\n" })
}
