//! Settings of Spring Boot that decide where a server listens, what it bounds, and how it stops.

use std::ops::Range;

use crate::document::{Yaml, YamlNode};
use crate::model::facts::{Drain, Observation, Practice, SignalHandling, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::address::listener_of;
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

/// `application.yml`.
pub(super) const YAML: Pack = Pack {
    name: "Spring Boot settings",
    reader: Reader::Yaml(yaml),
};

/// `application.properties`.
pub(super) const PROPERTIES: Pack = Pack {
    name: "Spring Boot properties",
    reader: Reader::Text(properties),
};

const PORT: &str = "server.port";
const SHUTDOWN: &str = "server.shutdown";
const PHASE: &str = "spring.lifecycle.timeout-per-shutdown-phase";
const CONNECTION_TIMEOUTS: [&str; 3] = [
    "server.tomcat.connection-timeout",
    "server.jetty.connection-idle-timeout",
    "server.undertow.no-request-timeout",
];

fn keys() -> impl Iterator<Item = &'static str> {
    [PORT, SHUTDOWN, PHASE]
        .into_iter()
        .chain(CONNECTION_TIMEOUTS)
}

/// `application.yml` and `application-prod.yml`, not the profiles of one machine.
fn is_settings(file: &SourceFile) -> bool {
    let name = file.name();
    name.starts_with("application") && !super::manifest::is_other_profile(name)
}

fn yaml(file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    if !is_settings(file) {
        return;
    }
    for document in yaml.documents() {
        for key in keys() {
            if let Some(found) = find(document, key) {
                setting(key, found.text(), found.span(), facts);
            }
        }
    }
}

/// A key as a path of mappings, or written with dots.
fn find<'y>(document: YamlNode<'y>, key: &str) -> Option<YamlNode<'y>> {
    let path: Vec<&str> = key.split('.').collect();
    document.at(&path).or_else(|| document.get(key))
}

fn properties(file: &SourceFile, facts: &mut FactSink<'_>) {
    if !is_settings(file) || !file.name().ends_with(".properties") {
        return;
    }
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if let Some(known) = keys().find(|known| *known == key.trim()) {
            let value = Resolution::Known(value.trim().to_owned());
            setting(known, value, span, facts);
        }
    }
}

fn setting(key: &str, value: Resolution<String>, span: Range<usize>, facts: &mut FactSink<'_>) {
    match key {
        PORT => facts.add(listener_of(Resolution::Absent, value), span),
        SHUTDOWN => {
            if value.known().is_some_and(|value| value == "graceful") {
                let signals = vec!["SIGTERM".to_owned()];
                facts.add(SignalHandling { signals }, span);
            }
        }
        PHASE => {
            let seconds = value.known().and_then(|value| seconds(value)).map_or_else(
                || Resolution::Unknown("the time is a setting".to_owned()),
                Resolution::Known,
            );
            facts.add(Drain { seconds }, span);
        }
        _ => {
            let endless = value
                .known()
                .is_some_and(|value| value == "-1" || value == "0");
            let observation = Observation {
                practice: Practice::ServerTimeouts,
                elsewhere: "",
                verdict: if endless {
                    Verdict::Broken
                } else {
                    Verdict::Kept
                },
                evidence: if endless {
                    format!("`{key}` disables the timeout")
                } else {
                    format!("`{key}` limits the wait for a request")
                },
            };
            facts.add(observation, span);
        }
    }
}

/// `20s`, `1m`.
fn seconds(text: &str) -> Option<u64> {
    let (number, factor) = if let Some(number) = text.strip_suffix("ms") {
        return Some(number.parse::<u64>().ok()?.div_ceil(1_000));
    } else if let Some(number) = text.strip_suffix('s') {
        (number, 1)
    } else {
        (text.strip_suffix('m')?, 60)
    };
    number.trim().parse::<u64>().ok()?.checked_mul(factor)
}
