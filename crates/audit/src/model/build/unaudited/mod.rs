//! Finds the services that were not read, so that every report lists them.
//!
//! A page that runs in a browser, and an image that only configures a third-party program, are not
//! services of this repository.

mod deployed;
mod manifest;
mod member;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::NotAudited;
use crate::model::service::{FileFacts, Service};
use source::Sources;
pub(super) use source::inside;

/// Every service that was not read, by name. A service is listed once.
pub(super) fn unaudited(
    services: &[Service],
    files: &BTreeMap<Arc<str>, FileFacts>,
    paths: &BTreeSet<String>,
) -> Vec<NotAudited> {
    let sources = Sources::of(files, paths);
    let mut all = deployed::built(services, &sources);
    // `Dockerfile.debug` in the folder of `Dockerfile` builds the same source.
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    all.sort_by(|left, right| left.path.cmp(&right.path));
    all.dedup_by(|left, right| {
        left.reason == right.reason
            && folder(&left.path).is_some()
            && folder(&left.path) == folder(&right.path)
    });
    all.extend(deployed::without_dockerfile(services, &sources));
    all.extend(deployed::own_images(services));
    all.extend(manifest::unread(services, &all, &sources));
    all.extend(member::missing(&sources));
    all.sort_by(|left, right| (&left.name, &left.path).cmp(&(&right.name, &right.path)));
    all.dedup_by(|left, right| left.name == right.name);
    all
}
