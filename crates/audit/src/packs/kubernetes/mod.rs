//! Kubernetes manifests and Helm templates.

mod workload;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[workload::PACK];
