use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path template, parsed by the build-time compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathTemplate {
    /// The template as written.
    pub text: &'static str,
    /// The segments between slashes.
    pub segments: &'static [Segment],
    /// The fields that take segments.
    pub variables: &'static [Variable],
    /// The custom verb after the colon.
    pub verb: Option<&'static str>,
}

/// One segment of a path template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Literal text.
    Literal(&'static str),
    /// `*`: one segment that is not empty.
    One,
    /// `**`: any number of segments, at the end of the path only.
    Rest,
}

/// A field that takes segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// The path of the field, with dots.
    pub field: &'static str,
    /// The index of its first segment.
    pub start: usize,
    /// The number of segments that it takes.
    pub count: usize,
}

/// The maximum characters of a segment, as in the OpenAPI document.
const MAX_SEGMENT_LENGTH: usize = 1024;

/// The maximum characters of several segments. Servers accept paths of about this length.
const MAX_PATH_LENGTH: usize = 8192;

/// An escaped slash inside a segment.
const SLASH: &str = "%2F";

/// The text of a field in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Capture {
    pub(super) field: &'static str,
    /// The text, or the reason for rejecting it.
    pub(super) text: Result<String, &'static str>,
}

impl PathTemplate {
    /// Returns the texts of the fields in a percent-encoded path. `None` if the path does not
    /// match.
    pub(super) fn capture(&self, path: &str) -> Option<Vec<Capture>> {
        let given = self.split(path)?;
        self.matches(&given).then(|| {
            self.variables
                .iter()
                .map(|variable| self.text_of(variable, &given))
                .collect()
        })
    }

    /// Whether a percent-encoded path matches.
    pub(super) fn matches_path(&self, path: &str) -> bool {
        self.split(path).is_some_and(|given| self.matches(&given))
    }

    /// Returns the segments before the verb. `None` if the verb is missing.
    fn split<'path>(&self, path: &'path str) -> Option<Vec<&'path str>> {
        let mut path = path.strip_prefix('/')?;
        if let Some(verb) = self.verb {
            path = path.strip_suffix(verb)?.strip_suffix(':')?;
        }
        Some(if path.is_empty() {
            Vec::new()
        } else {
            path.split('/').collect()
        })
    }

    fn matches(&self, given: &[&str]) -> bool {
        let open_end = self.segments.last() == Some(&Segment::Rest);
        let fixed = self.segments.len() - usize::from(open_end);
        if given.len() < fixed || (!open_end && given.len() > fixed) {
            return false;
        }
        let rest = given.get(fixed..).unwrap_or_default();
        // Segments without a field cannot be rejected by field.
        if open_end && !self.is_taken(fixed) && length(rest) > MAX_PATH_LENGTH {
            return false;
        }
        let mut segments = self.segments.iter().zip(given).enumerate();
        segments.all(|(index, (segment, text))| match segment {
            Segment::Literal(literal) => literal == text,
            Segment::One => {
                !text.is_empty() && (self.is_taken(index) || length(&[text]) <= MAX_SEGMENT_LENGTH)
            }
            Segment::Rest => true,
        })
    }

    /// Whether a field takes the segment.
    fn is_taken(&self, index: usize) -> bool {
        self.variables
            .iter()
            .any(|variable| (variable.start..variable.start + variable.count).contains(&index))
    }

    fn text_of(&self, variable: &Variable, given: &[&str]) -> Capture {
        let end = variable.start + variable.count;
        let takes_rest = end == self.segments.len() && self.segments.last() == Some(&Segment::Rest);
        let end = if takes_rest { given.len() } else { end };
        let parts = given.get(variable.start..end).unwrap_or_default();
        let several = takes_rest || variable.count > 1;
        let decoded: Option<Vec<String>> = parts
            .iter()
            // An encoded slash (`%2F`) is not a separator, so it stays encoded.
            .map(|part| {
                if several {
                    decode_but_slash(part)
                } else {
                    decode(part)
                }
            })
            .collect();
        let text = match decoded {
            None => Err("is not UTF-8"),
            Some(parts)
                if !takes_rest && parts.iter().any(|part| is_longer(part, MAX_SEGMENT_LENGTH)) =>
            {
                Err("is longer than 1024 characters")
            }
            Some(parts) => match parts.join("/") {
                text if is_longer(&text, MAX_PATH_LENGTH) => Err("is longer than 8192 characters"),
                text => Ok(text),
            },
        };
        Capture {
            field: variable.field,
            text,
        }
    }

    /// The specificity of a template. If several match, the most specific one applies.
    pub(super) fn weight(&self) -> impl Ord + use<> {
        let literals = self
            .segments
            .iter()
            .filter(|segment| matches!(segment, Segment::Literal(_)))
            .count();
        let open_end = self.segments.last() == Some(&Segment::Rest);
        (self.verb.is_some(), !open_end, literals)
    }
}

/// The characters of segments with the slashes between them, percent-decoded.
fn length(segments: &[&str]) -> usize {
    let decoded = segments
        .iter()
        .map(|text| percent_decode_str(text).decode_utf8_lossy().chars().count());
    decoded.sum::<usize>() + segments.len().saturating_sub(1)
}

fn is_longer(text: &str, max_length: usize) -> bool {
    text.len() > max_length && text.chars().count() > max_length
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(Cow::into_owned)
}

/// Decodes every escape but `%2F`, in one pass over the text.
fn decode_but_slash(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut start = 0;
    for (position, escape) in text.match_indices('%').filter_map(|(position, _)| {
        let escape = text.get(position..position + SLASH.len())?;
        escape
            .eq_ignore_ascii_case(SLASH)
            .then_some((position, escape))
    }) {
        decoded.push_str(&decode(text.get(start..position)?)?);
        decoded.push_str(SLASH);
        start = position + escape.len();
    }
    decoded.push_str(&decode(text.get(start..)?)?);
    Some(decoded)
}
