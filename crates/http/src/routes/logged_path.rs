//! Paths in logs and spans, without secrets and personal values (OBS-3).

use std::borrow::Cow;

use seaworthy_core::mask::{Kind, is_secret_name};
use seaworthy_telemetry::redact::is_sensitive_name;

/// A path template that is compared with the paths of requests.
#[derive(Debug)]
pub(super) struct LoggedPath {
    segments: usize,
    /// Whether each segment of the template is personal. Empty if none is.
    personal: Vec<bool>,
}

impl LoggedPath {
    pub(super) fn new(template: &str) -> Self {
        let mut logged = Self {
            segments: template.split('/').count(),
            personal: Vec::new(),
        };
        logged.add(template);
        logged
    }

    /// Adds the names of another template of the same paths, such as `/users/{email}:verify` for
    /// `/users/{id}`. A segment is personal if one of the templates has a personal name for it.
    pub(super) fn add(&mut self, template: &str) {
        let further = personal_segments(template);
        if !further.contains(&true) {
            return;
        }
        // The template of a variant does not have the prefix of its list of routes.
        let prefix = self.segments.saturating_sub(further.len());
        self.personal.resize(self.segments, false);
        let segments = self.personal.iter_mut().skip(prefix);
        for (is_personal, further) in segments.zip(further) {
            *is_personal |= further;
        }
    }

    /// Returns the path of a request. The template replaces the segments whose names are those of
    /// secrets or personal values, such as `{username}`.
    pub(super) fn of<'a>(&self, template: &str, path: &'a str) -> Cow<'a, str> {
        if self.personal.is_empty() {
            return Cow::Borrowed(path);
        }
        let mut logged = String::with_capacity(path.len());
        let mut names = template.split('/').zip(&self.personal);
        for (index, segment) in path.split('/').enumerate() {
            if index > 0 {
                logged.push('/');
            }
            match names.next() {
                Some((name, true)) => {
                    logged.push_str(name);
                    // A wildcard is the last segment of a template and matches the whole rest.
                    if name.starts_with("{*") {
                        break;
                    }
                }
                _ => logged.push_str(segment),
            }
        }
        Cow::Owned(logged)
    }
}

/// Returns for each segment of a template whether it belongs to a parameter with the name of a
/// secret or a personal value. A parameter such as `{phone=countries/*/numbers/*}` has several
/// segments.
fn personal_segments(template: &str) -> Vec<bool> {
    // Whether the parameter that is not closed yet is personal.
    let mut open = false;
    let segments = template.split('/').map(|segment| {
        let mut is_personal = open;
        for (at, character) in segment.char_indices() {
            match character {
                '{' => {
                    let (_, rest) = segment.split_at(at);
                    let name = rest.trim_start_matches(['{', '*']);
                    open = is_personal_name(name.split(['=', '}']).next().unwrap_or_default());
                    is_personal |= open;
                }
                '}' => open = false,
                _ => {}
            }
        }
        is_personal
    });
    segments.collect()
}

fn is_personal_name(name: &str) -> bool {
    Kind::of_name(name).is_some() || is_secret_name(name) || is_sensitive_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_replaces_personal_segments_obs_3() {
        for (template, path, logged) in [
            ("/things/{id}", "/things/7", "/things/7"),
            ("/flags/{flag}", "/flags/new_page", "/flags/new_page"),
            ("/locks/{username}", "/locks/ada", "/locks/{username}"),
            (
                "/orgs/{id}/users/{email}",
                "/orgs/7/users/a%40b.org",
                "/orgs/7/users/{email}",
            ),
            ("/links/{*token}", "/links/a/b", "/links/{*token}"),
            (
                "/users/{user.phone}:ban",
                "/users/+33612345678:ban",
                "/users/{user.phone}:ban",
            ),
            ("/files/{*path}", "/files/a//b", "/files/a//b"),
            // Another spelling of the path that matches the same template.
            ("/locks/{username}", "/locks/ada/x", "/locks/{username}/x"),
            ("/", "/", "/"),
        ] {
            let shown = LoggedPath::new(template).of(template, path);
            assert_eq!(shown, logged, "{template}");
        }
    }

    #[test]
    fn names_of_all_templates_of_a_path_count_obs_3() {
        for (pattern, variants, path, logged) in [
            (
                "/users/{id}",
                ["/users/{id}", "/users/{email}:verify"],
                "/users/ada%40example.org:verify",
                "/users/{id}",
            ),
            (
                "/users/{id}",
                ["/users/{user.phone}:ban", "/users/{id}"],
                "/users/7",
                "/users/{id}",
            ),
            (
                "/api/v1/users/{id}/orders/{number}",
                [
                    "/users/{email}/orders/{number}",
                    "/users/{id}/orders/{number}",
                ],
                "/api/v1/users/ada%40example.org/orders/7",
                "/api/v1/users/{id}/orders/7",
            ),
            (
                "/lines/{segment2}/numbers/{segment4}",
                ["/lines/{phone=*/numbers/*}", "/lines/{line=*/numbers/*}"],
                "/lines/33/numbers/612345678",
                "/lines/{segment2}/numbers/{segment4}",
            ),
            (
                "/links/{*rest}",
                ["/links/{token=**}", "/links/{id=**}"],
                "/links/a/b",
                "/links/{*rest}",
            ),
            (
                "/things/{id}",
                ["/things/{id}", "/things/{id}:cancel"],
                "/things/7:cancel",
                "/things/7:cancel",
            ),
        ] {
            let mut path_of = LoggedPath::new(pattern);
            variants.iter().for_each(|variant| path_of.add(variant));
            assert_eq!(path_of.of(pattern, path), logged, "{variants:?}");
        }
    }
}
