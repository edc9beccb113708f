//! CORS policies that the packs of frameworks do not read.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::facts::{Cors, CorsOrigins};
use crate::model::{FactSink, Resolution};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "CORS policies",
    reader: Reader::Text(read),
};

/// Suffixes of paths, the pattern of a policy for every origin, and the library.
const POLICIES: &[(&[&str], &str, &str)] = &[
    (
        &[".ts"],
        r"FastifyCorsOptions\s*=\s*(?P<what>\{(?:[^{}o]|o[^r])*\})",
        "@fastify/cors",
    ),
    (
        &[".rs"],
        r#"(?s)\bactix_cors\b.*?(?P<what>\.unwrap_or(?:_else)?\((?:\|_\|\s*)?"\*")"#,
        "actix-cors",
    ),
    (&[".cs"], r"(?P<what>\.AllowAnyOrigin)\(\)", "ASP.NET Core"),
    (
        &["cors.php"],
        r#"(?P<what>'allowed_origins'\s*=>\s*\['\*'\])"#,
        "Laravel",
    ),
    (
        &[".rb"],
        r#"(?m)^\s*(?P<what>origins\s+['"]\*['"])"#,
        "rack-cors",
    ),
];

static COMPILED: LazyLock<Vec<(&[&str], Regex, &str)>> = LazyLock::new(|| {
    POLICIES
        .iter()
        .filter_map(|(files, pattern, library)| Some((*files, ascii(pattern)?, *library)))
        .collect()
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production {
        return;
    }
    let path = file.path.to_lowercase();
    for (files, regex, library) in COMPILED.iter() {
        if !files.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        for captures in regex.captures_iter(&file.text) {
            if let Some(found) = captures.name("what") {
                let policy = Cors {
                    library,
                    origins: Resolution::Known(CorsOrigins::Any),
                    credentials: Resolution::Known(false),
                };
                facts.add(policy, found.range());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COMPILED, POLICIES};

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), POLICIES.len());
    }
}
