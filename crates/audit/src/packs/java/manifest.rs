//! Facts from Spring Boot manifests and settings: Actuator, and the schema changes of Hibernate.

use crate::model::facts::{Migration, Route, SignalHandling};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "Spring Boot manifests",
    reader: Reader::Text(read),
};

/// Settings of these profiles are not for production.
const OTHER_PROFILES: &[&str] = &["dev", "test", "local", "h2", "hsqldb", "demo", "docker"];

/// Whether a file of settings is for one of them.
pub(super) fn is_other_profile(name: &str) -> bool {
    OTHER_PROFILES.iter().any(|profile| name.contains(profile))
}

/// Since this version a stop waits for what runs (`server.shutdown` is `graceful` by default).
const GRACEFUL_SINCE: (u32, u32) = (3, 4);

/// Returns the version of Spring Boot in a manifest. Maven has it at the parent, Gradle at the
/// plugin.
fn spring_boot_version(text: &str) -> Option<((u32, u32), std::ops::Range<usize>)> {
    let mark = [
        "spring-boot-starter-parent</artifactId>",
        "org.springframework.boot",
    ]
    .into_iter()
    .find_map(|mark| text.find(mark).map(|at| at + mark.len()))?;
    let window = text
        .get(mark..)?
        .lines()
        .take(3)
        .collect::<Vec<_>>()
        .join("\n");
    let digit = window.find(|letter: char| letter.is_ascii_digit())?;
    let mut numbers = window
        .get(digit..)?
        .split(|letter: char| !letter.is_ascii_digit());
    let version = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    Some((version, mark + digit..mark + digit + 1))
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let name = file.name();
    if matches!(name, "pom.xml" | "build.gradle" | "build.gradle.kts") {
        if let Some(at) = file.text.find("spring-boot-starter-actuator") {
            let route = Route {
                method: "GET".to_owned(),
                path: Resolution::Known("/actuator/*".to_owned()),
                may_be_mounted: true,
                handler: "Actuator".to_owned(),
                pipeline: "actuator".to_owned(),
            };
            facts.add(route, at..at + "spring-boot-starter-actuator".len());
        }
        if let Some((version, span)) = spring_boot_version(&file.text)
            && version >= GRACEFUL_SINCE
        {
            let signals = vec!["SIGTERM".to_owned()];
            facts.add(SignalHandling { signals }, span);
        }
        return;
    }
    let settings = name.starts_with("application")
        && [".yml", ".yaml", ".properties"]
            .iter()
            .any(|ending| name.ends_with(ending));
    if !settings || is_other_profile(name) {
        return;
    }
    let Some(at) = file.text.find("ddl-auto") else {
        return;
    };
    let rest = file.text.get(at + "ddl-auto".len()..).unwrap_or_default();
    let value: String = rest
        .trim_start_matches([':', '=', ' '])
        .chars()
        .take_while(|letter| letter.is_ascii_alphabetic() || *letter == '-')
        .collect();
    let memory = file.text.contains("jdbc:h2:mem") || file.text.contains("jdbc:hsqldb:mem");
    if matches!(value.as_str(), "update" | "create" | "create-drop") && !memory {
        facts.add(
            Migration {
                library: "Hibernate `ddl-auto`",
                versioned: false,
            },
            at..at + "ddl-auto".len(),
        );
    }
}
