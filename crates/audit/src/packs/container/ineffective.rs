//! Settings of compose files that the image of their container ignores.

use crate::document::{Yaml, YamlNode};
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "settings without an effect",
    reader: Reader::Yaml(read),
};

/// An official image, the variables that it reads, and the ports on which it listens.
struct Image {
    name: &'static str,
    /// The prefix of the variables that seem to belong to the image.
    prefix: &'static str,
    /// The variables without the prefix.
    variables: &'static [&'static str],
    ports: &'static [u16],
}

const IMAGES: &[Image] = &[
    Image {
        name: "postgres",
        prefix: "POSTGRES_",
        variables: &[
            "USER",
            "PASSWORD",
            "DB",
            "INITDB_ARGS",
            "INITDB_WALDIR",
            "HOST_AUTH_METHOD",
        ],
        ports: &[5432],
    },
    Image {
        name: "mysql",
        prefix: "MYSQL_",
        variables: &[
            "ROOT_PASSWORD",
            "ROOT_HOST",
            "DATABASE",
            "USER",
            "PASSWORD",
            "ALLOW_EMPTY_PASSWORD",
            "RANDOM_ROOT_PASSWORD",
            "ONETIME_PASSWORD",
            "INITDB_SKIP_TZINFO",
        ],
        ports: &[3306, 33060],
    },
    Image {
        name: "mongo",
        prefix: "MONGO_",
        variables: &[
            "INITDB_ROOT_USERNAME",
            "INITDB_ROOT_PASSWORD",
            "INITDB_DATABASE",
        ],
        ports: &[27017],
    },
    Image {
        name: "redis",
        prefix: "REDIS_",
        variables: &[],
        ports: &[6379],
    },
];

fn read(file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !file.name().to_lowercase().contains("compose") {
        return;
    }
    for document in yaml.documents() {
        let Some(services) = document.get("services") else {
            continue;
        };
        for (_, entry) in services.pairs() {
            if let Some(image) = image(entry) {
                variables(file, entry, image, facts);
                ports(entry, image, facts);
            }
        }
    }
}

fn image(entry: YamlNode<'_>) -> Option<&'static Image> {
    let name = entry.get("image")?.scalar()?;
    let name = name.split(['@', ':']).next()?;
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    IMAGES.iter().find(|image| image.name == name)
}

fn show(facts: &mut FactSink<'_>, node: YamlNode<'_>, evidence: String) {
    let observation = Observation {
        practice: Practice::LostSetting,
        verdict: Verdict::Review,
        elsewhere: "",
        evidence,
    };
    facts.add(observation, node.span());
}

/// Variables with the prefix of the image that the image does not read.
fn variables(file: &SourceFile, entry: YamlNode<'_>, image: &Image, facts: &mut FactSink<'_>) {
    let Some(environment) = entry.get("environment") else {
        return;
    };
    let text = file.text.get(entry.span()).unwrap_or_default();
    let items = environment.items().filter_map(|item| {
        let line = item.scalar()?;
        Some((line.split('=').next().unwrap_or(line), item))
    });
    for (name, node) in environment.pairs().chain(items) {
        let Some(own) = name.strip_prefix(image.prefix) else {
            continue;
        };
        let own = own.strip_suffix("_FILE").unwrap_or(own);
        // The command or the health check of the entry may read the variable.
        let read = [format!("${name}"), format!("${{{name}")]
            .iter()
            .any(|use_| text.contains(use_.as_str()));
        if !image.variables.contains(&own) && !read {
            let evidence = format!("the image `{}` does not read `{name}`", image.name);
            show(facts, node, evidence);
        }
    }
}

/// Published ports on which the image does not listen.
fn ports(entry: YamlNode<'_>, image: &Image, facts: &mut FactSink<'_>) {
    let moved = entry.get("command").is_some()
        || entry.get("entrypoint").is_some()
        || entry.get("environment").is_some_and(|environment| {
            environment.pairs().any(|(name, _)| name.contains("PORT"))
                || environment
                    .items()
                    .filter_map(YamlNode::scalar)
                    .any(|line| line.contains("PORT"))
        });
    if moved {
        return;
    }
    for node in entry.get("ports").into_iter().flat_map(YamlNode::items) {
        let container = node
            .scalar()
            .map(|text| text.split('/').next().unwrap_or(text))
            .and_then(|text| text.rsplit(':').next()?.parse::<u16>().ok());
        if let Some(port) = container.filter(|port| !image.ports.contains(port)) {
            let evidence = format!("the image `{}` does not listen on port {port}", image.name);
            show(facts, node, evidence);
        }
    }
}
