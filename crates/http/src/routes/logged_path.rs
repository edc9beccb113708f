//! Paths in logs and spans, without secrets and personal values (OBS-3).

use std::borrow::Cow;

use seaworthy_core::mask::{Kind, is_secret_name};
use seaworthy_telemetry::redact::is_sensitive_name;

/// A path template that is compared with the paths of requests.
#[derive(Debug)]
pub(super) struct LoggedPath {
    /// Whether each segment of the template is personal. Empty if none is.
    personal: Vec<bool>,
}

impl LoggedPath {
    pub(super) fn new(template: &str) -> Self {
        let mut personal: Vec<_> = template.split('/').map(is_personal).collect();
        if !personal.contains(&true) {
            personal.clear();
        }
        Self { personal }
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

/// Whether a segment of a template has a parameter with the name of a secret or a personal value.
fn is_personal(segment: &str) -> bool {
    let names = segment.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        Some(name.trim_start_matches('*'))
    });
    names.into_iter().any(|name| {
        Kind::of_name(name).is_some() || is_secret_name(name) || is_sensitive_name(name)
    })
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
}
