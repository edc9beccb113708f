//! Templates inside YAML (Helm, Go templates, Jinja), masked with text of equal length, so that
//! locations do not change.

use std::ops::Range;

/// The letter that replaces a template. A scalar of this letter is valid everywhere.
const MASK: char = 'T';
/// Words that insert more keys or items than the file shows.
const INSERTING: &[&str] = &[
    "include", "toYaml", "tpl", "template", "range", "with", "fromYaml", "nindent", "for ", "block",
];

/// Words that begin an action without output. The file contains the text between such actions.
const CONTROL: &[&str] = &[
    "if", "else", "end", "with", "range", "define", "elif", "endif", "endfor", "for", "set",
    "break", "continue",
];

/// Words that begin a conditional part.
const CONDITIONS: &[&str] = &["if", "with", "range", "for"];
/// Words that begin another block with its own `end`.
const BLOCKS: &[&str] = &["define", "block"];

/// The position of the text that an action prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landing {
    /// Every line at this column (`nindent 8`).
    At(usize),
    /// The first line at this column, the others anywhere.
    From(usize),
    /// After the previous text of the line.
    Anywhere,
}

impl Landing {
    /// Whether keys or items of a node at a column may be among what is printed.
    #[must_use]
    pub const fn reaches(self, column: usize) -> bool {
        match self {
            Self::At(own) => own == column,
            Self::From(own) => own <= column,
            Self::Anywhere => true,
        }
    }
}

/// An action alone on its line that prints text of its own.
#[derive(Debug, Clone)]
pub struct Splice {
    /// The start of the action.
    pub at: usize,
    /// The position of its text.
    pub landing: Landing,
}

/// Masked text.
#[derive(Debug, Clone)]
pub struct Masked {
    /// Text of the same length.
    pub text: String,
    /// The spans of templates.
    pub spans: Vec<Range<usize>>,
    /// Whether a template may add keys that the file does not show.
    pub inserts: bool,
    /// The places where text is added, in order.
    pub splices: Vec<Splice>,
    /// The spans between a condition and its end, which may be omitted.
    pub conditional: Vec<Range<usize>>,
}

/// Masks `{{…}}`, `{%…%}` and `%{…}`. A template alone on its line becomes spaces, any other a
/// word.
#[must_use]
pub fn mask(text: &str) -> Masked {
    let mut masked = Masked {
        text: String::with_capacity(text.len()),
        spans: Vec::new(),
        inserts: false,
        splices: Vec::new(),
        conditional: Vec::new(),
    };
    let mut open = Vec::new();
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
        let alone = is_alone(text, start, end);
        if alone && INSERTING.iter().any(|word| inside.contains(word)) {
            masked.inserts = true;
        }
        match first_word(words(inside)) {
            word if CONDITIONS.contains(&word) => open.push((end, true)),
            word if BLOCKS.contains(&word) => open.push((end, false)),
            "end" | "endif" | "endfor" => {
                if let Some((begin, true)) = open.pop() {
                    masked.conditional.push(begin..start);
                }
            }
            _ => {}
        }
        if let Some(landing) = landing(text, start, inside).filter(|_| alone) {
            masked.splices.push(Splice { at: start, landing });
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

/// An action without its braces.
fn words(action: &str) -> &str {
    action.trim_matches(['{', '}', '%', '-', '~']).trim()
}

fn first_word(words: &str) -> &str {
    words
        .split(|letter: char| {
            !(letter.is_alphanumeric() || letter == '$' || letter == '.' || letter == '_')
        })
        .next()
        .unwrap_or_default()
}

/// Returns the position of the text that an action prints, if it prints any.
fn landing(text: &str, start: usize, action: &str) -> Option<Landing> {
    let joined = action.starts_with("{{-") || action.starts_with("{%-");
    let inside = words(action);
    let first = first_word(inside);
    let assigned = first.starts_with('$') && (inside.contains(":=") || inside.contains(" = "));
    if CONTROL.contains(&first) || assigned || inside.starts_with("/*") || inside.starts_with('#') {
        return None;
    }
    let before = text.get(..start).unwrap_or_default();
    let column = start - before.rfind('\n').map_or(0, |end| end + 1);
    let number_after = |word: &str| -> Option<usize> {
        let at = inside.rfind(word)?;
        let rest = inside.get(at + word.len()..)?.trim_start();
        let digits: &str = rest
            .split(|letter: char| !letter.is_ascii_digit())
            .next()
            .unwrap_or_default();
        digits.parse().ok()
    };
    Some(match (number_after("nindent "), number_after("indent ")) {
        (Some(own), _) => Landing::At(own),
        (None, Some(own)) if column == 0 => Landing::At(own),
        (None, Some(_)) => Landing::Anywhere,
        (None, None) if joined => Landing::Anywhere,
        (None, None) => Landing::From(column),
    })
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

fn is_alone(text: &str, start: usize, end: usize) -> bool {
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
    use super::{Landing, mask};

    #[test]
    fn masking_keeps_every_place() {
        let text = "a: {{ .Values.ü }}\n{{- include \"x\" . }}\nb: 1\n";
        let masked = mask(text);
        assert_eq!(masked.text.len(), text.len());
        assert_eq!(masked.text.find("b: 1"), text.find("b: 1"));
        assert!(masked.inserts);
        assert_eq!(masked.spans.len(), 2);
    }

    #[test]
    fn only_printing_templates_add_keys() {
        let text = "a:\n  {{- if .x }}\n  b: 1\n  {{- end }}\n  {{- with .y }}\n  c:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\n{{ include \"d\" . | indent 2 }}\n  {{ .e }}\n  {{- /* f */}}\n";
        let landings: Vec<_> = mask(text)
            .splices
            .iter()
            .map(|splice| splice.landing)
            .collect();
        assert_eq!(landings, [Landing::At(4), Landing::At(2), Landing::From(2)]);
    }

    #[test]
    fn conditional_template_block_is_optional() {
        let text =
            "{{ define \"x\" }}a{{- with .y }}b{{ if .z }}c{{ end }}{{ end }}d{{ end }}{{ if";
        let bodies: Vec<_> = mask(text)
            .conditional
            .into_iter()
            .map(|body| text[body].to_owned())
            .collect();
        assert_eq!(bodies, ["c", "b{{ if .z }}c{{ end }}"]);
    }

    proptest::proptest! {
        #[test]
        fn masking_never_changes_the_length(text in "[{}%a\n é]{0,60}") {
            proptest::prop_assert_eq!(mask(&text).text.len(), text.len());
        }
    }
}
