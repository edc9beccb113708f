//! Templates inside YAML (Helm, Go templates, Jinja), masked with text of equal length so that places stay right.

use std::ops::Range;

/// The letter put where a template stood; a scalar made of it parses everywhere.
const MASK: char = 'T';
/// Words that insert more keys or items than the file shows.
const INSERTING: &[&str] = &[
    "include", "toYaml", "tpl", "template", "range", "with", "fromYaml", "nindent", "for ", "block",
];

/// Masked text.
#[derive(Debug, Clone)]
pub struct Masked {
    /// Text of the same length.
    pub text: String,
    /// Where templates stood.
    pub spans: Vec<Range<usize>>,
    /// Whether a template may add keys that the file does not show.
    pub inserts: bool,
}

/// Masks `{{…}}`, `{%…%}` and `%{…}`. A template alone on its line becomes spaces, any other a word.
#[must_use]
pub fn mask(text: &str) -> Masked {
    let mut masked = Masked {
        text: String::with_capacity(text.len()),
        spans: Vec::new(),
        inserts: false,
    };
    let mut position = 0;
    while let Some((start, close)) = next_opening(text, position) {
        let Some(length) = text.get(start..).and_then(|rest| rest.find(close)) else {
            break;
        };
        let end = start + length + close.len();
        masked
            .text
            .push_str(text.get(position..start).unwrap_or_default());
        let inside = text.get(start..end).unwrap_or_default();
        let alone = stands_alone(text, start, end);
        if alone && INSERTING.iter().any(|word| inside.contains(word)) {
            masked.inserts = true;
        }
        let filler = if alone { ' ' } else { MASK };
        for letter in inside.chars() {
            let kept = letter == '\n' || letter == '\r';
            let width = letter.len_utf8();
            (0..width).for_each(|_| masked.text.push(if kept { letter } else { filler }));
        }
        masked.spans.push(start..end);
        position = end;
    }
    masked
        .text
        .push_str(text.get(position..).unwrap_or_default());
    masked
}

fn next_opening(text: &str, from: usize) -> Option<(usize, &'static str)> {
    let rest = text.get(from..)?;
    let mut offset = 0;
    while let Some(found) = rest.get(offset..)?.find(['{', '%']) {
        let at = offset + found;
        let here = rest.get(at..)?;
        if here.starts_with("{{") {
            return Some((from + at, "}}"));
        }
        if here.starts_with("{%") {
            return Some((from + at, "%}"));
        }
        if here.starts_with("%{") {
            return Some((from + at, "}"));
        }
        offset = at + 1;
    }
    None
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let after = text.get(end..).unwrap_or_default();
    let line_rest = after.split('\n').next().unwrap_or_default();
    before
        .get(line_start..)
        .unwrap_or_default()
        .trim()
        .is_empty()
        && line_rest.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn masking_keeps_every_place() {
        let text = "a: {{ .Values.ü }}\n{{- include \"x\" . }}\nb: 1\n";
        let masked = mask(text);
        assert_eq!(masked.text.len(), text.len());
        assert_eq!(masked.text.find("b: 1"), text.find("b: 1"));
        assert!(masked.inserts);
        assert_eq!(masked.spans.len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn masking_never_changes_the_length(text in "[{}%a\n é]{0,60}") {
            proptest::prop_assert_eq!(mask(&text).text.len(), text.len());
        }
    }
}
