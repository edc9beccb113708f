use std::{error::Error, iter::successors};

/// Returns the message of an error and of all its sources, separated by `: `.
///
/// A source whose message already ends the text is omitted, because some errors repeat their source
/// in their own message.
///
/// ```
/// use seaworthy_core::{Code, Error, error_chain};
///
/// let error = Error::new(Code::Unavailable, "STORE_DOWN", "the store is unavailable")
///     .with_cause(std::io::Error::other("connection refused"));
/// assert_eq!(error_chain(&error), "the store is unavailable: connection refused");
/// ```
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for source in error_causes(error) {
        let message = source.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
    }
    text
}

/// Returns all sources of an error, outermost first.
pub fn error_causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(error.source(), |&source| source.source())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<dyn Error>>,
    }

    fn link(text: &'static str, source: Option<Box<dyn Error>>) -> Link {
        Link { text, source }
    }

    #[test]
    fn error_chain_joins_every_source_obs_1() {
        let inner = link("inner", Some(Box::new(io::Error::other("reset"))));
        let outer = link("outer", Some(Box::new(inner)));
        assert_eq!(error_chain(&outer), "outer: inner: reset");
    }

    #[test]
    fn error_chain_omits_repeated_sources_obs_1() {
        let reset = || Some(Box::new(io::Error::other("reset")) as Box<dyn Error>);
        assert_eq!(error_chain(&link("reset", reset())), "reset");
        assert_eq!(error_chain(&link("outer: reset", reset())), "outer: reset");
    }
}
