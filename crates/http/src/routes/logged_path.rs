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

/// The literals after which a path has personal values. A path without a route is compared with
/// them, because a client may spell the path of a route differently, such as `/locks/ada/` for
/// `/locks/{username}`.
#[derive(Debug, Default)]
pub(super) struct PersonalParameters(Vec<PersonalParameter>);

/// A parameter with a personal name.
#[derive(Debug, PartialEq, Eq)]
struct PersonalParameter {
    /// The nearest literal before the parameter. Empty for the root.
    literal: Box<str>,
    /// The number of segments from the literal to the parameter.
    distance: usize,
    /// The segment of the template, such as `{username}`.
    shown: Box<str>,
}

impl PersonalParameters {
    /// Adds the parameters of a template.
    pub(super) fn add(&mut self, template: &str, logged: &LoggedPath) {
        let mut literal = ("", 0);
        let segments = template.split('/').zip(&logged.personal).enumerate();
        for (index, (segment, is_personal)) in segments {
            if !segment.contains('{') {
                literal = (segment, index);
            } else if *is_personal {
                let parameter = PersonalParameter {
                    literal: literal.0.into(),
                    distance: index - literal.1,
                    shown: segment.into(),
                };
                if !self.0.contains(&parameter) {
                    self.0.push(parameter);
                }
            }
        }
    }

    /// Returns a path without a route up to its first personal value, in whose place is the segment
    /// of the template. `normalized` decodes the path.
    pub(super) fn cut(&self, normalized: impl FnOnce() -> String) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let path = normalized();
        let segments: Vec<&str> = path.split('/').collect();
        let found = segments.iter().enumerate().flat_map(|(index, segment)| {
            let parameters = self.0.iter();
            let parameters =
                parameters.filter(|parameter| parameter.literal.eq_ignore_ascii_case(segment));
            parameters.map(move |parameter| (index + parameter.distance, &*parameter.shown))
        });
        let (at, shown) = found
            .filter(|(at, _)| segments.get(*at).is_some_and(|value| !value.is_empty()))
            .min_by_key(|(at, _)| *at)?;
        let before = segments.get(..at)?.join("/");
        Some(format!("{before}/{shown}"))
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
    // The name in a path is usually that of a thing, such as a worker.
    let is_of_person = name != "name" && Kind::from_name(name).is_some();
    is_of_person || is_secret_name(name) || is_sensitive_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_replaces_personal_segments_obs_3() {
        for (template, path, logged) in [
            ("/things/{id}", "/things/7", "/things/7"),
            ("/flags/{flag}", "/flags/new_page", "/flags/new_page"),
            (
                "/workers/{name}/run",
                "/workers/purge/run",
                "/workers/purge/run",
            ),
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
    fn paths_without_a_route_have_no_personal_segment_obs_3() {
        let mut parameters = PersonalParameters::default();
        for template in [
            "/api/v1/locks/{username}",
            "/orgs/{id}/{email}",
            "/links/{*token}",
            "/things/{id}",
        ] {
            parameters.add(template, &LoggedPath::new(template));
        }
        for (path, logged) in [
            ("/api/v1/locks/ada", Some("/api/v1/locks/{username}")),
            ("/api/v1/locks/ada/more", Some("/api/v1/locks/{username}")),
            ("/v1/Locks/ada", Some("/v1/Locks/{username}")),
            ("/api/v1/locks", None),
            ("/orgs/7/ada", Some("/orgs/7/{email}")),
            ("/orgs/7", None),
            ("/x/links/a/b", Some("/x/links/{*token}")),
            ("/things/7/more", None),
            ("/", None),
        ] {
            let cut = parameters.cut(|| path.to_owned());
            assert_eq!(cut.as_deref(), logged, "{path}");
        }
        let mut root = PersonalParameters::default();
        root.add("/{username}", &LoggedPath::new("/{username}"));
        let cut = |path: &str| root.cut(|| path.to_owned());
        assert_eq!(cut("/ada/x").as_deref(), Some("/{username}"));
        assert_eq!(cut("/"), None);
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
