//! Routes that a function of another file registers.

use crate::model::Fact;

/// A call of a function that registers routes: `RegisterGreeterHTTPServer(server, service)`.
#[derive(Debug, Clone)]
pub struct RouteCall {
    /// The function.
    pub name: String,
}

impl Fact for RouteCall {
    const KIND: &'static str = "calls that register routes";
}

/// A function that registers routes, all of which were read.
#[derive(Debug, Clone)]
pub struct RouteFunction {
    /// The function.
    pub name: String,
}

impl Fact for RouteFunction {
    const KIND: &'static str = "functions that register routes";
}
