//! Compose files.

use crate::document::{Yaml, YamlNode, words};
use crate::model::facts::{ComposeService, EnvironmentVariable, PublishedPort};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "compose",
    reader: Reader::Yaml(read),
};

fn read(file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    let name = file.name().to_lowercase();
    if !(name.contains("compose") || name.contains("docker-stack")) {
        return;
    }
    for document in yaml.documents() {
        // The first form of compose files has its entries at the top.
        let services = match document.get("services") {
            Some(services) => services,
            None if is_first_form(document) => document,
            None => continue,
        };
        for (name, entry) in services.pairs().filter(|(name, _)| *name != "<<") {
            facts.add(service(file, name, entry), entry.span());
        }
    }
}

fn is_first_form(document: YamlNode<'_>) -> bool {
    let mut entries = document.pairs().peekable();
    entries.peek().is_some()
        && entries.all(|(_, entry)| entry.get("image").is_some() || entry.get("build").is_some())
}

/// The entries that `depends_on:` names, and whether the start waits until they are healthy.
fn dependencies(entry: YamlNode<'_>) -> Vec<(String, bool)> {
    let Some(node) = entry.get("depends_on") else {
        return Vec::new();
    };
    let short = node
        .items()
        .filter_map(YamlNode::scalar)
        .map(|name| (name.to_owned(), false));
    let long = node.pairs().map(|(name, own)| {
        let condition = own.get("condition").and_then(YamlNode::scalar);
        (
            name.to_owned(),
            condition.is_some_and(|condition| condition != "service_started"),
        )
    });
    short.chain(long).collect()
}

fn service(file: &SourceFile, name: &str, entry: YamlNode<'_>) -> ComposeService {
    let build = entry.get("build");
    let context = build
        .and_then(|build| build.get("context").unwrap_or(build).scalar())
        .map(|context| join(file.folder(), context));
    let named = build
        .and_then(|build| build.get("dockerfile"))
        .and_then(YamlNode::scalar)
        .unwrap_or("Dockerfile");
    let context_span = build
        .map(|build| build.get("context").unwrap_or(build))
        .and_then(|node| Some((node.scalar()?.to_owned(), node.span())));
    let dockerfile = context.as_deref().map(|context| join(context, named));
    ComposeService {
        name: name.to_owned(),
        hostname: entry
            .get("hostname")
            .and_then(|node| Some((node.scalar()?.to_owned(), node.span()))),
        image_span: entry.get("image").map(YamlNode::span),
        image: entry
            .get("image")
            .and_then(YamlNode::scalar)
            .map(str::to_owned),
        dockerfile,
        context,
        context_span,
        target: build
            .and_then(|build| build.get("target"))
            .and_then(YamlNode::scalar)
            .map(str::to_owned),
        ports: entry
            .get("ports")
            .into_iter()
            .flat_map(YamlNode::items)
            .filter_map(port)
            .collect(),
        environment: entry
            .get("environment")
            .map(|node| environment(node, MAX_MERGES))
            .unwrap_or_default(),
        env_files: env_files(file, entry),
        volumes: entry
            .get("volumes")
            .into_iter()
            .flat_map(YamlNode::items)
            .filter_map(volume)
            .collect(),
        limits_memory: entry
            .at(&["deploy", "resources", "limits", "memory"])
            .is_some()
            || entry.get("mem_limit").is_some()
            || entry.get("extends").is_some(),
        has_restart_policy: entry.get("restart").is_some()
            || entry.at(&["deploy", "restart_policy"]).is_some()
            || entry.get("extends").is_some(),
        healthcheck: healthcheck(entry),
        command: command(entry),
        command_span: entry
            .get("entrypoint")
            .or_else(|| entry.get("command"))
            .map(YamlNode::span),
        depends_on: dependencies(entry),
        depends_on_span: entry.get("depends_on").map(YamlNode::span),
        stop_grace_period: entry
            .get("stop_grace_period")
            .and_then(YamlNode::scalar)
            .map(str::to_owned),
        profiles: entry
            .get("profiles")
            .into_iter()
            .flat_map(YamlNode::items)
            .filter_map(YamlNode::scalar)
            .map(str::to_owned)
            .collect(),
    }
}

fn command(entry: YamlNode<'_>) -> Vec<String> {
    let Some(node) = entry.get("entrypoint").or_else(|| entry.get("command")) else {
        return Vec::new();
    };
    node.scalar().map_or_else(
        || {
            node.items()
                .filter_map(YamlNode::scalar)
                .map(str::to_owned)
                .collect()
        },
        words,
    )
}

fn healthcheck(entry: YamlNode<'_>) -> Option<(Vec<String>, std::ops::Range<usize>)> {
    let test = entry.get("healthcheck")?.get("test")?;
    let list: Vec<String> = match test.scalar() {
        Some(line) => words(line),
        None => {
            let items: Vec<&str> = test.items().filter_map(YamlNode::scalar).collect();
            match items.split_first() {
                Some((&"CMD-SHELL", rest)) => rest.iter().flat_map(|line| words(line)).collect(),
                Some((&"CMD", rest)) => rest.iter().map(|word| (*word).to_owned()).collect(),
                _ => return None,
            }
        }
    };
    Some((list, test.span()))
}

/// `env_file:` as one path, a list of paths, or a list of `path:` entries.
fn env_files(file: &SourceFile, entry: YamlNode<'_>) -> Vec<String> {
    let Some(node) = entry.get("env_file") else {
        return Vec::new();
    };
    let paths: Vec<&str> = node.scalar().map_or_else(
        || {
            node.items()
                .filter_map(|item| item.get("path").unwrap_or(item).scalar())
                .collect()
        },
        |path| vec![path],
    );
    paths
        .into_iter()
        .map(|path| join(file.folder(), path))
        .collect()
}

fn volume(node: YamlNode<'_>) -> Option<(String, std::ops::Range<usize>)> {
    if let Some(text) = node.scalar() {
        return Some((text.to_owned(), node.span()));
    }
    let field = |key| node.get(key).and_then(YamlNode::scalar).unwrap_or_default();
    node.is_mapping().then(|| {
        (
            format!("{}:{}", field("source"), field("target")),
            node.span(),
        )
    })
}

/// The maximum depth of merges that are resolved. A longer chain is a loop.
const MAX_MERGES: usize = 4;

fn environment(node: YamlNode<'_>, merges: usize) -> Vec<EnvironmentVariable> {
    let known = |text: &str| {
        if text.contains("${") {
            Resolution::Unknown("the value comes from the environment of compose".to_owned())
        } else {
            Resolution::Known(text.to_owned())
        }
    };
    let mut list: Vec<_> = node
        .pairs()
        .filter(|(name, _)| *name != "<<")
        .map(|(name, value)| EnvironmentVariable {
            name: name.to_owned(),
            value: value.scalar().map_or(Resolution::Absent, known),
            span: value.span(),
        })
        .collect();
    let merged = node.pairs().find(|(name, _)| *name == "<<");
    if let (Some((_, merged)), Some(merges)) = (merged, merges.checked_sub(1)) {
        list.extend(environment(merged, merges));
    }
    list.extend(node.items().filter_map(|item| {
        let line = item.scalar()?;
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, known(value)),
            None => (line, Resolution::Absent),
        };
        Some(EnvironmentVariable {
            name: name.to_owned(),
            value,
            span: item.span(),
        })
    }));
    list
}

/// Short (`127.0.0.1:5432:5432/tcp`) and long form.
fn port(node: YamlNode<'_>) -> Option<PublishedPort> {
    let span = node.span();
    if node.is_mapping() {
        let number = |key| {
            node.get(key)
                .and_then(YamlNode::scalar)
                .and_then(|text| with_default(text).parse().ok())
        };
        node.get("published")?;
        let host_address = node
            .get("host_ip")
            .and_then(YamlNode::scalar)
            .unwrap_or_default()
            .to_owned();
        return Some(PublishedPort {
            host_address,
            host_port: number("published"),
            container_port: number("target"),
            span,
        });
    }
    let text = with_default(node.scalar()?);
    let bare = text.split('/').next().unwrap_or(&text);
    let (rest, container) = bare.rsplit_once(':').unwrap_or(("", bare));
    let (address, host) = rest.rsplit_once(':').unwrap_or(("", rest));
    let host_address = address.trim_matches(['[', ']']).to_owned();
    Some(PublishedPort {
        host_address,
        host_port: host.parse().ok(),
        container_port: container.parse().ok(),
        span,
    })
}

/// Replaces `${NAME:-default}` by the default and `${NAME}` by nothing, so that its colon does not
/// split a mapping.
fn with_default(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (inside, tail) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(
            inside
                .split_once(":-")
                .or_else(|| inside.split_once('-'))
                .map_or("?", |(_, default)| default),
        );
        rest = tail;
    }
    out + rest
}

/// Joins two relative paths with `/` and resolves `.` and `..`. A path that leaves the root stays
/// inside it.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
