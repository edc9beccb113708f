//! What manifests and settings of Spring Boot bring: Actuator, and the schema changes of Hibernate.

use crate::model::facts::{Migration, Route};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "Spring Boot manifests",
    reader: Reader::Text(read),
};

/// Settings of these profiles are not for production.
const OTHER_PROFILES: &[&str] = &["dev", "test", "local", "h2", "hsqldb", "demo", "docker"];

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
        return;
    }
    let settings = name.starts_with("application")
        && [".yml", ".yaml", ".properties"]
            .iter()
            .any(|ending| name.ends_with(ending));
    if !settings || OTHER_PROFILES.iter().any(|profile| name.contains(profile)) {
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
