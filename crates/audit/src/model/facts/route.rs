//! Routes of a service.

use crate::model::{Fact, Resolution};

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method in capitals. `*` matches any method.
    pub method: String,
    /// The path as far as this file shows it. If another file mounts the router, the prefix is
    /// missing.
    pub path: Resolution<String>,
    /// Whether the router may be mounted under a prefix by another file.
    pub may_be_mounted: bool,
    /// The handler as written.
    pub handler: String,
    /// The router that has the route, as written.
    pub pipeline: String,
}

impl Fact for Route {
    const KIND: &'static str = "routes";
}

/// A prefix under which a router of another file is mounted.
#[derive(Debug, Clone)]
pub struct Mount {
    /// The prefix.
    pub prefix: Resolution<String>,
    /// The mounted router, as written.
    pub target: String,
}

impl Fact for Mount {
    const KIND: &'static str = "mounted routers";
}
