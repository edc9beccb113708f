//! Services in languages without a grammar. Their texts are read for patterns, and the report still
//! lists them as not audited.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::unaudited::inside;
use crate::model::facts::{Elsewhere, Migration, Observation, Server};
use crate::model::service::{FileFacts, Service, ServiceKind};
use crate::model::{FactSink, FactStore, NotAudited};
use crate::repository::Role;
use crate::source::Language;

/// Adds the sources of unread languages to their services, and a service for each program without
/// a Dockerfile.
pub(super) fn add(
    services: &mut Vec<Service>,
    not_audited: &[NotAudited],
    files: &BTreeMap<Arc<str>, FileFacts>,
) {
    for one in not_audited {
        let Some(language) = [Language::CSharp, Language::Php, Language::Ruby]
            .into_iter()
            .find(|language| {
                one.reason
                    .contains(&format!("language, {},", language.name()))
            })
        else {
            continue;
        };
        let folder = one.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // Its manifest made it a service of the model already.
        let joined = services.iter().any(|service| {
            service.languages.contains(language.name())
                && service
                    .root
                    .as_deref()
                    .is_some_and(|root| inside(root, folder) || inside(folder, root))
        });
        if joined {
            continue;
        }
        let at = services
            .iter()
            .position(|service| service.root.is_none() && service.name == one.name);
        let at = at.unwrap_or_else(|| {
            services.push(super::service(None, None, files));
            services.len() - 1
        });
        let taken: BTreeSet<Arc<str>> = services
            .iter()
            .flat_map(|service| service.files.iter().cloned())
            .collect();
        let Some(service) = services.get_mut(at) else {
            continue;
        };
        service.name.clone_from(&one.name);
        service.languages.insert(language.name());
        for (path, found) in files {
            let own = found.file.language == language || !found.file.language.is_code();
            if found.file.role == Role::Production
                && own
                && inside(path, folder)
                && !taken.contains(path)
                && service.files.insert(path.clone())
            {
                service.facts.absorb(&observations(found));
            }
        }
        if service.kind == ServiceKind::Unknown {
            service.kind = super::kind(service);
        }
    }
}

/// Only what the patterns of a text show. The other facts belong to deployments.
pub(super) fn observations(found: &FileFacts) -> FactStore {
    let mut store = FactStore::default();
    let mut sink = FactSink::new(&found.file, &mut store);
    for observation in &found.facts.of::<Observation>().items {
        sink.add(observation.value.clone(), observation.at.span.clone());
    }
    for kept in &found.facts.of::<Elsewhere>().items {
        sink.add(kept.value.clone(), kept.at.span.clone());
    }
    for migration in &found.facts.of::<Migration>().items {
        sink.add(migration.value.clone(), migration.at.span.clone());
    }
    for server in &found.facts.of::<Server>().items {
        sink.add(server.value.clone(), server.at.span.clone());
    }
    store
}
