//! The path of a call without personal values.

use percent_encoding::percent_decode_str;

use crate::{OperationLogConfig, content};

/// The maximum length of a path in bytes. Longer ones do not help a reader.
const MAX: usize = 2_000;
/// Maximum length of a path of an anonymous caller, in bytes, so that it cannot fill the database.
const MAX_ANONYMOUS: usize = 255;

/// Returns a path whose parameters are masked by their names, as fields of a request are. Without a
/// template, each segment is a parameter.
pub(crate) fn masked(path: &str, template: Option<&str>, config: &OperationLogConfig) -> String {
    let mut names = template.map(|template| template.split('/'));
    let mut rest = None;
    let segments = path.split('/').map(|segment| {
        let part = names.as_mut().map(|names| names.next().unwrap_or_default());
        if let Some(name) = part.and_then(|part| part.strip_prefix("{*")) {
            rest = Some(name);
        }
        match rest.or(part) {
            Some(part) if rest.is_none() && !part.contains('{') => segment.to_owned(),
            part => mask(part.unwrap_or_default(), segment, config),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn mask(part: &str, segment: &str, config: &OperationLogConfig) -> String {
    let name = part.trim_matches(['{', '}', '*']);
    let value = percent_decode_str(segment).decode_utf8_lossy();
    let masked = content::of_text(name, &value, config);
    if masked == value {
        segment.to_owned()
    } else {
        // PostgreSQL cannot store NUL.
        masked.replace('\0', "\u{fffd}")
    }
}

/// Truncates a path.
pub(crate) fn cut(path: String, is_anonymous: bool) -> String {
    let max = if is_anonymous { MAX_ANONYMOUS } else { MAX };
    content::cut(path, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parameters_are_masked_by_name_and_form_obs_11() {
        let config = OperationLogConfig::default();
        for (path, template, expected) in [
            ("/x/t0ps3cret", Some("/x/{token}"), "/x/[REDACTED]"),
            ("/flags/new_page", Some("/flags/{flag}"), "/flags/new_page"),
            (
                "/users/ada%40example.org/ban",
                Some("/users/{id}/ban"),
                "/users/ad***@example.org/ban",
            ),
            (
                "/users/ada_lovelace",
                Some("/users/{username}"),
                "/users/a***e",
            ),
            ("/files/a%20b/c", Some("/files/{*path}"), "/files/a%20b/c"),
            (
                "/links/a/t0ps3cret",
                Some("/links/{*token}"),
                "/links/[REDACTED]/[REDACTED]",
            ),
            (
                "/keys/sk_Zr0tH7kq3bX9vJ2mW5nY8cA1dE4fG6hK0pQsUuVwXyz",
                Some("/keys/{id}"),
                "/keys/***",
            ),
            ("/contacts/ada", Some("/contacts/{name}"), "/contacts/a***a"),
            ("/lost/ada@example.org", None, "/lost/ad***@example.org"),
            (
                "/users/%0013800000000",
                Some("/users/{id}"),
                "/users/\u{fffd}138****0000",
            ),
            ("/", Some("/"), "/"),
        ] {
            assert_eq!(masked(path, template, &config), expected, "{template:?}");
        }
    }

    #[test]
    fn long_paths_of_anonymous_clients_are_cut_obs_11() {
        let path = "/é".repeat(2_000);
        assert!(cut(path.clone(), true).len() <= 258);
        assert!(cut(path, false).len() <= 2_003);
        assert_eq!(cut("/short".to_owned(), true), "/short");
    }
}
