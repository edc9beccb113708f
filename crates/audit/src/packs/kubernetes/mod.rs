//! Kubernetes manifests and Helm templates.

mod chart;
mod workload;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[workload::PACK, chart::VALUES, chart::TEMPLATES];
