//! Dockerfiles, compose entries and workloads without source.

use super::source::{CodeLanguage, Sources, inside};
use crate::model::NotAudited;
use crate::model::facts::{Image, is_store_image};
use crate::model::service::{Service, ServiceKind};
use crate::repository::Role;
use crate::source::Located;

/// Images of programs that serve pages and forward requests.
const WEB_SERVERS: &[&str] = &[
    "nginx", "httpd", "caddy", "traefik", "envoy", "haproxy", "apache",
];
/// Languages of pages.
const OF_PAGES: &[&str] = &["JavaScript", "TypeScript"];

/// Images that are built here from code that was not read.
pub(super) fn built(services: &[Service], sources: &Sources<'_>) -> Vec<NotAudited> {
    services
        .iter()
        .filter(|service| service.root.is_none() || is_read_as_text(service))
        .filter_map(|service| {
            let image = service.image.as_ref()?;
            Some(NotAudited {
                name: service.name.clone(),
                reason: reason(service, image, services, sources)?,
                path: image.at.path.to_string(),
                line: image.at.line,
            })
        })
        .collect()
}

/// Whether a manifest made the service, and its language has no grammar.
fn is_read_as_text(service: &Service) -> bool {
    let mut languages = service.languages.iter();
    languages.any(|language| matches!(*language, "PHP" | "Ruby"))
}

fn reason(
    service: &Service,
    image: &Located<Image>,
    services: &[Service],
    sources: &Sources<'_>,
) -> Option<String> {
    let shipped = image.final_stage(service.target.as_deref())?;
    let base = image.lineage(shipped).last()?.base.clone();
    if is_store_image(&base) {
        return None;
    }
    let serves_pages = {
        let name = base.rsplit('/').next().unwrap_or_default();
        WEB_SERVERS.iter().any(|server| name.starts_with(server))
    };
    let folder = image
        .at
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let context = service
        .compose
        .first()
        .and_then(|entry| entry.context.as_deref())
        .unwrap_or(folder);
    let mut missing = None;
    let mut languages = std::collections::BTreeMap::<CodeLanguage, usize>::new();
    let copied = image
        .stages
        .iter()
        .flat_map(|stage| &stage.copies)
        .filter(|copied| copied.from.is_none())
        .flat_map(|copied| &copied.sources);
    for copied in copied {
        let Some(path) = literal(copied) else {
            continue;
        };
        // Without a compose file the context may be the folder of the Dockerfile or the root.
        let found = [context, folder, ""]
            .into_iter()
            .map(|context| join(context, path))
            .find(|place| sources.has(place));
        match found {
            Some(place) => {
                for (language, count) in sources.orphans(&place) {
                    let page = serves_pages
                        && matches!(language, CodeLanguage::Read(name) if OF_PAGES.contains(&name));
                    if !page {
                        *languages.entry(language).or_default() += count;
                    }
                }
            }
            None => missing = missing.or(Some(path)),
        }
    }
    let most = languages.into_iter().max_by_key(|(_, count)| *count);
    match most {
        Some((CodeLanguage::Unread(name), _)) => {
            return Some(format!("its language, {name}, is not read"));
        }
        Some((CodeLanguage::Read(name), _)) => {
            return Some(format!(
                "its {name} code belongs to no manifest in the repository, so it was not read"
            ));
        }
        None => {}
    }
    let clones = image
        .stages
        .iter()
        .flat_map(|stage| &stage.runs)
        .any(|run| run.contains("git clone"));
    if clones {
        return Some("its image builds code of another repository".to_owned());
    }
    let missing = missing.filter(|_| !serves_pages)?;
    // The binary of a program that another Dockerfile builds, or that a release job builds first.
    let last = missing.trim_end_matches('/').rsplit('/').next()?;
    let known = services
        .iter()
        .any(|other| other.root.is_some() && (other.name == last || other.name == service.name));
    (!known && !is_settings(last)).then(|| {
        format!(
            "its source was not found: the image copies `{missing}`, which is not in the repository"
        )
    })
}

/// The part of a source of `COPY` before a pattern. Nothing for a variable.
fn literal(source: &str) -> Option<&str> {
    if source.contains('$') || source.contains("://") {
        return None;
    }
    let source = source.trim_start_matches("./").trim_matches('/');
    let before = source.split(['*', '?', '[']).next().unwrap_or(source);
    let before = if before.len() == source.len() {
        source
    } else {
        before.rsplit_once('/').map_or("", |(folder, _)| folder)
    };
    Some(if before == "." { "" } else { before })
}

fn is_settings(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "conf"
            | "cfg"
            | "ini"
            | "sh"
            | "template"
            | "tmpl"
            | "yml"
            | "yaml"
            | "json"
            | "toml"
            | "txt"
            | "pem"
            | "crt"
            | "key"
            | "env"
            | "lock"
            | "sum"
            | "gz"
            | "md"
    )
}

fn join(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", path) => path.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

/// Compose entries whose Dockerfile is not in the repository, such as a submodule that was not
/// checked out.
pub(super) fn without_dockerfile(services: &[Service], sources: &Sources<'_>) -> Vec<NotAudited> {
    let entries = sources
        .files
        .values()
        .filter(|found| found.file.role == Role::Production)
        .flat_map(|found| {
            let entries = found.facts.of::<crate::model::facts::ComposeService>();
            entries.items.clone()
        });
    entries
        .filter_map(|entry| {
            let dockerfile = entry.dockerfile.as_deref()?;
            let read = || {
                services
                    .iter()
                    .any(|service| service.name == entry.name && service.root.is_some())
            };
            if sources.has(dockerfile) || read() {
                return None;
            }
            Some(NotAudited {
                name: entry.name.clone(),
                reason: format!(
                    "its source was not found: `{dockerfile}` is not in the repository"
                ),
                path: entry.at.path.to_string(),
                line: entry.at.line,
            })
        })
        .collect()
}

/// Workloads and compose entries with an image of the same registry folder as the images that are
/// built here.
pub(super) fn own_images(services: &[Service]) -> Vec<NotAudited> {
    let ours: std::collections::BTreeSet<String> = services
        .iter()
        .filter(|service| service.root.is_some())
        .flat_map(images)
        .filter_map(|(image, ..)| registry_folder(&image))
        .collect();
    services
        .iter()
        .filter(|service| service.root.is_none() && service.image.is_none())
        .filter_map(|service| {
            let (image, path, line) = images(service).into_iter().find(|(image, ..)| {
                registry_folder(image).is_some_and(|folder| ours.contains(&folder))
                    && !is_store_image(image)
            })?;
            Some(NotAudited {
                name: service.name.clone(),
                reason: format!("its source was not found: only its image `{image}` is named"),
                path,
                line,
            })
        })
        .collect()
}

/// The images that a service runs, with the places that name them.
fn images(service: &Service) -> Vec<(String, String, usize)> {
    let compose = service.compose.iter().filter_map(|entry| {
        let image = entry.image.clone()?;
        Some((image, entry.at.path.to_string(), entry.at.line))
    });
    let workloads = service.workloads.iter().flat_map(|workload| {
        workload.containers.iter().filter_map(|container| {
            let image = container.image.known()?.clone();
            Some((image, workload.at.path.to_string(), workload.at.line))
        })
    });
    compose.chain(workloads).collect()
}

/// `registry.example.com/shop` of `registry.example.com/shop/api:1`.
fn registry_folder(image: &str) -> Option<String> {
    let (folder, _) = image.rsplit_once('/')?;
    (!matches!(folder, "library" | "docker.io" | "docker.io/library")).then(|| folder.to_owned())
}

/// Whether a service of the model covers a folder.
pub(super) fn is_covered(services: &[Service], folder: &str) -> bool {
    services.iter().any(|service| {
        service.kind != ServiceKind::Infrastructure
            && service.root.is_none()
            && service.image.as_ref().is_some_and(|image| {
                let own = image
                    .at
                    .path
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                !own.is_empty() && inside(folder, own)
            })
    })
}
